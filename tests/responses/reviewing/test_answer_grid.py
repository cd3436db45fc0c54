"""All answers to one question in a grid: found, sorted, compared and coded without opening each."""

from collections.abc import Callable, Iterable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from consult.models import Action, AuditEntry, Consultation, User
from responses.models import Code, CodedAnswer, Coding, Reading, Response, Review
from responses.reviewing.answer_grid import PAGE, Wanted, page_of_answers, read_wanted
from responses.reviewing.claims import take
from responses.reviewing.codebooks import change_code, codes_of
from responses.reviewing.coding import code_answer
from responses.reviewing.coding_passages import code_passage
from responses.reviewing.second_coding import draw_second_coding
from tests.conftest import make_person
from tests.responses.reviewing.test_reading import amend
from tests.support.pressing import fields_of, forms_of

Send = Callable[..., Response]
Made = Callable[..., Code]


@pytest.fixture
def ben(db: None) -> User:
    return make_person("ben", User.Role.REVIEWER)


@pytest.fixture
def grid(consultation: Consultation) -> str:
    return reverse("answer-grid", args=[consultation.slug, "missing"])


@pytest.fixture
def shown(consultation: Consultation, reviewer: User) -> Callable[..., list[Response]]:
    """The answers that the grid shows for what an address asks for."""
    return lambda **asked: list(
        page_of_answers(consultation, "missing", wanted=Wanted(**asked), reader=reviewer)
    )


def form_of(page: HttpResponse) -> dict[str, object]:
    """What the form with the answers would send as it stands."""
    (form,) = (form for form in forms_of(page) if "row" in fields_of(form))
    fields: dict[str, object] = fields_of(form)
    fields["row"] = [one.get("value") for one in form.iter("input") if one.get("name") == "row"]
    return fields


def code_everything(response: Response, codes: Iterable[Code], by: User) -> None:
    code_answer(response=response, question="missing", codes=list(codes), by=by)


def test_the_grid_shows_each_answer_with_who_sent_it_and_marks_it_opened(
    send: Send,
    rosa: Client,
    reviewer: User,
    grid: str,
) -> None:
    first = send({"missing": "More clubs.", "capacity": "organisation"})
    send({"violence-comment": "Of something else."})
    page = rosa.get(grid).content.decode()
    assert "More clubs." in page
    assert "Of something else." not in page
    assert "1 answer." in page
    (reading,) = Reading.objects.all()
    assert (reading.response, reading.question, reading.by) == (first, "missing", reviewer)
    assert Review.objects.get(response=first).first_read_by == reviewer
    rosa.get(grid)
    opened = AuditEntry.objects.filter(action=Action.RESPONSE_READ)
    assert set(opened.values_list("subject", "actor")) == {(first.reference, reviewer.pk)}
    assert opened.count() == 2


def test_several_answers_are_coded_with_one_press(
    send: Send,
    rosa: Client,
    reviewer: User,
    make: Made,
    grid: str,
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    first, second, third = (send({"missing": f"Answer {number}."}) for number in range(3))
    form = form_of(rosa.get(grid))
    form |= {
        f"code-{first.reference}": [clubs.pk, lights.pk],
        f"none-{second.reference}": "yes",
    }
    saved = rosa.post(grid, form, follow=True)
    assert "2 answers are saved." in saved.content.decode()
    given = Coding.objects.order_by("code").values_list("response", "code", "by")
    assert list(given) == [(first.pk, clubs.pk, reviewer.pk), (first.pk, lights.pk, reviewer.pk)]
    through = CodedAnswer.objects.values_list("response", flat=True)
    assert set(through) == {first.pk, second.pk}
    # The same form as it comes back changes nothing, and one code less is one code less.
    again = form_of(rosa.get(grid))
    again[f"code-{first.reference}"] = [clubs.pk, lights.pk]
    assert "0 answers are saved." in rosa.post(grid, again, follow=True).content.decode()
    again[f"code-{first.reference}"] = [lights.pk]
    rosa.post(grid, again)
    left = Coding.objects.filter(removed_at=None).values_list("code", flat=True)
    assert list(left) == [lights.pk]
    assert not third.codings.exists()


def test_what_was_changed_meanwhile_comes_again_and_the_rest_is_saved(
    send: Send,
    rosa: Client,
    make: Made,
    grid: str,
) -> None:
    clubs = make("Clubs")
    first, second = (send({"missing": f"Answer {number}."}) for number in range(2))
    form = form_of(rosa.get(grid))
    amend(first, "Something else altogether.")
    for one in (first, second):
        form[f"code-{one.reference}"] = [clubs.pk]
    refused = rosa.post(grid, form)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "It was changed since you opened it." in page
    assert f"You chose for {first.reference}: Clubs." in page
    assert "Something else altogether." in page
    assert list(Coding.objects.values_list("response", flat=True)) == [second.pk]
    # What was chosen is still ticked, and can be sent now that it was read.
    kept = form_of(refused)
    assert kept["row"] == [first.reference]
    assert kept[f"code-{first.reference}"] == str(clubs.pk)
    assert rosa.post(grid, kept).status_code == 302
    assert Coding.objects.count() == 2


def test_a_grid_left_open_overwrites_nothing_said_elsewhere(
    send: Send,
    rosa: Client,
    reviewer: User,
    make: Made,
    grid: str,
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    response = send({"missing": "One."})
    form = form_of(rosa.get(grid))
    code_everything(response, [clubs], reviewer)
    form[f"code-{response.reference}"] = [lights.pk]
    refused = rosa.post(grid, form)
    assert refused.status_code == 409
    assert "You gave this answer other codes" in refused.content.decode()
    words = {"name": "Lights", "group": "", "definition": "Street lamps."}
    fresh = form_of(rosa.get(grid))
    change_code(code=lights, version=1, retired=False, by=reviewer, **words)
    fresh[f"code-{response.reference}"] = [clubs.pk, lights.pk]
    changed = rosa.post(grid, fresh)
    assert "Changed since you opened this page" in changed.content.decode()
    assert list(Coding.objects.values_list("code__name", flat=True)) == ["Clubs"]


def test_answers_are_sorted_by_each_column_both_ways(
    send: Send,
    reviewer: User,
    ben: User,
    make: Made,
    shown: Callable[..., list[Response]],
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    long = send({"missing": "A long answer.", "capacity": "organisation"})
    short = send({"missing": "Short.", "capacity": "individual", "borough": "barnet"})
    code_everything(long, [clubs, lights], reviewer)
    code_everything(long, [clubs], ben)
    for sort, order in {
        "arrived": [long, short],
        "length": [short, long],
        "kind": [short, long],
        "borough": [short, long],
        "codes": [short, long],
        "differ": [short, long],
    }.items():
        assert shown(sort=sort) == order, sort
        if sort != "borough":
            assert shown(sort=f"-{sort}") == order[::-1], sort
    # Who gave no borough comes last, whichever way.
    assert shown(sort="-borough") == [short, long]


def test_the_grid_finds_what_is_left_what_has_a_code_and_what_differs(
    consultation: Consultation,
    send: Send,
    reviewer: User,
    ben: User,
    make: Made,
    shown: Callable[..., list[Response]],
) -> None:
    clubs, lights = make("Clubs"), make("Lights")
    agreed, differ, his, left = (send({"missing": f"Answer {number}."}) for number in range(4))
    for by in (reviewer, ben):
        code_everything(agreed, [clubs], by)
    code_everything(differ, [clubs], reviewer)
    code_everything(differ, [], ben)
    code_passage(response=his, question="missing", code=lights, passage="Answer", by=ben)
    code_everything(his, [], ben)
    assert shown(show="left") == [left]
    assert shown(show="mine") == [his, left]
    assert shown(show="differ") == [differ]
    assert shown(code=clubs.pk) == [agreed, differ]
    # As many as the codebook says.
    for one in codes_of(consultation, "missing"):
        assert one.given == len(shown(code=one.pk)), one.name


def test_who_answers_and_from_where_narrows_the_grid(
    send: Send, shown: Callable[..., list[Response]]
) -> None:
    trust = send({"missing": "One.", "capacity": "organisation"})
    person = send({"missing": "Two.", "capacity": "individual", "borough": "barnet"})
    assert shown(kind="organisation") == [trust]
    assert shown(borough="barnet") == [person]
    assert shown(kind="organisation", borough="barnet") == []


def test_pages_of_the_grid_have_each_answer_once(
    send: Send,
    shown: Callable[..., list[Response]],
    rosa: Client,
    grid: str,
) -> None:
    sent = [send({"missing": "The same."}) for _number in range(PAGE + 2)]
    for sort in ("arrived", "-length", "codes", "differ"):
        pages = [shown(sort=sort, page=number) for number in (1, 2)]
        assert [len(page) for page in pages] == [PAGE, 2], sort
        assert {one.pk for page in pages for one in page} == {one.pk for one in sent}
    assert shown(page=99) == shown(page=2)
    page = rosa.get(f"{grid}?sort=-length").content.decode()
    assert 'rel="next" href="?sort=-length&amp;page=2"' in page
    assert "page 1 of 2" in page


def test_the_grid_asks_as_often_for_many_answers_as_for_few(
    send: Send,
    rosa: Client,
    reviewer: User,
    make: Made,
    grid: str,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    clubs = make("Clubs")
    for number in range(12):
        code_everything(send({"missing": f"Answer {number}."}), [clubs], reviewer)
    rosa.get(grid)
    # One entry of the trail for each answer that was on the screen.
    with django_assert_max_num_queries(12 + 30):
        rosa.get(grid)


def test_a_second_coder_sees_nothing_of_the_first_in_the_grid(
    consultation: Consultation,
    send: Send,
    rosa: Client,
    reviewer: User,
    ben: User,
    make: Made,
    grid: str,
) -> None:
    response = send({"missing": "One."})
    code_everything(response, [make("Clubs")], ben)
    assert "Clubs (ben)" in rosa.get(grid).content.decode()
    draw_second_coding(consultation=consultation, question="missing", size=5, by=reviewer)
    hidden = rosa.get(grid).content.decode()
    assert "Clubs (ben)" not in hidden
    assert "Gone through by" not in hidden
    code_everything(response, [], reviewer)
    both = rosa.get(f"{grid}?show=differ").content.decode()
    assert "Clubs (ben)" in both
    assert "Differ" in both


def test_the_grid_says_who_has_an_answer_in_hand(
    send: Send,
    rosa: Client,
    reviewer: User,
    ben: User,
    grid: str,
) -> None:
    first, second = send({"missing": "One."}), send({"missing": "Two."})
    take(response=first, by=ben)
    take(response=second, by=reviewer, question="missing")
    page = rosa.get(grid).content.decode()
    assert page.count("has it in hand.") == 1
    assert "ben has it in hand." in page


@pytest.mark.parametrize(
    "query",
    ["sort=words", "show=x", "code=-1", "code=1e9", "page=0", "page=9999999999", "kind=<b>"],
)
def test_what_makes_no_sense_in_the_address_is_named_and_left_out(
    query: str,
    send: Send,
    rosa: Client,
    grid: str,
) -> None:
    send({"missing": "One."})
    page = rosa.get(f"{grid}?{query}").content.decode()
    assert "This in the address makes no sense here, and was left out" in page
    assert "One." in page
    assert read_wanted([tuple(query.split("="))])[0] == Wanted()


def test_an_empty_grid_says_so_and_leads_back(rosa: Client, grid: str) -> None:
    page = rosa.get(f"{grid}?show=differ").content.decode()
    assert "No answer fits." in page
    assert 'class="govuk-back-link">Codebook' in page


def test_the_codebook_leads_from_each_number_to_its_answers(
    consultation: Consultation,
    send: Send,
    rosa: Client,
    reviewer: User,
    make: Made,
    grid: str,
) -> None:
    clubs = make("Clubs")
    code_everything(send({"missing": "One."}), [clubs], reviewer)
    page = rosa.get(reverse("codebook", args=[consultation.slug, "missing"])).content.decode()
    assert f'href="{grid}?code={clubs.pk}">1<' in page
    assert f'href="{grid}">All answers in a grid' in page
