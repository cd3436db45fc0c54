"""The pages of the register: what was typed stays, two people do not overwrite each other, every
reading is on the trail, and nobody is left without a way on.
"""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Action, AuditEntry, Consultation, User
from responses.deciding.feeding import feed_code, feed_passage
from responses.deciding.merging import merge_point
from responses.deciding.points import change_point
from responses.deciding.register import said_on
from responses.deciding.unweighed import list_unweighed
from responses.models import Campaign, Code, NoPoint, Point, PointPassage, Reading, Response
from responses.reviewing.coding import code_answer
from tests.responses.deciding.amending import amended
from tests.support.points import KEPT
from tests.support.pressing import press

Make = Callable[..., Point]
Send = Callable[..., Response]


@pytest.fixture
def rosa(reviewer: User, sign_in: Callable[[User], Client]) -> Client:
    return sign_in(reviewer)


def at(name: str, consultation: Consultation, *more: object) -> str:
    return reverse(name, args=[consultation.slug, *more])


def text(page: object) -> str:
    return page.content.decode()


def test_the_page_of_points_counts_what_leads_nowhere(
    rosa: Client, consultation: Consultation, send: Send, point: Make
) -> None:
    send({"missing": "Clubs."})
    point("More clubs.")
    page = rosa.get(reverse("points"))
    assert [(row["points"], row["weighing"].nowhere) for row in page.context["rows"]] == [(1, 1)]
    assert at("nowhere", consultation) in text(page)


def test_an_empty_register_says_how_to_begin(rosa: Client, consultation: Consultation) -> None:
    page = rosa.get(at("register", consultation))
    assert "There is no point yet" in text(page)


def test_a_point_is_written_on_the_register(rosa: Client, consultation: Consultation) -> None:
    address = at("register", consultation)
    page = press(rosa, address, {"part": "violence", "sentence": "More clubs."}, follow=True)
    assert "Point 1 is on the register." in text(page)
    assert Point.objects.get().sentence == "More clubs."


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"part": "violence", "sentence": " "}, "sentence"),
        ({"part": "violence", "sentence": "a" * 301}, "sentence"),
        ({"part": "", "sentence": "More clubs."}, "part"),
        ({"part": "elsewhere", "sentence": "More clubs."}, "part"),
    ],
)
def test_a_bad_point_is_explained_and_kept_on_the_page(
    typed: dict[str, str], field: str, rosa: Client, consultation: Consultation
) -> None:
    page = press(rosa, at("register", consultation), typed)
    assert f'href="#{field}"' in text(page)
    assert f'id="{field}"' in text(page)
    assert typed["sentence"].strip() in text(page)
    assert "<title>Error:" in " ".join(text(page).split())
    assert Point.objects.count() == 0


def test_single_voices_are_a_list_of_their_own(
    rosa: Client, consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    many, one, none = point("Many say it."), point("One says it."), point("Nobody says it.")
    for made, times in ((many, 2), (one, 1)):
        for _ in range(times):
            feed_passage(
                point=made,
                response=send({"missing": "X."}),
                question="missing",
                passage="",
                by=reviewer,
            )
    context = rosa.get(at("register", consultation)).context
    assert [row.point for row in context["single"]] == [one]
    assert [row.point for row in context["silent"]] == [none]
    assert context["count"] == 3


def test_a_code_becomes_a_point_with_one_button(
    rosa: Client, consultation: Consultation, send: Send, code: Code, reviewer: User
) -> None:
    code_answer(response=send({"missing": "Clubs."}), question="missing", codes=[code], by=reviewer)
    address = at("register", consultation)
    assert "Make it a point" in text(rosa.get(address))
    press(rosa, address, {"part": "general", "sentence": "Clubs", "code": str(code.pk)})
    assert list_unweighed(consultation) == []
    assert Point.objects.get().codes.get().code == code


def test_reading_a_point_is_on_the_trail_with_whose_words_were_shown(
    rosa: Client, consultation: Consultation, send: Send, point: Make, reviewer: User
) -> None:
    made, response = point("More clubs."), send({"missing": "Clubs and <b>lights</b>."})
    feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)
    page = rosa.get(at("point", consultation, 1))
    assert "Clubs and &lt;b&gt;lights&lt;/b&gt;." in text(page)
    entry = AuditEntry.objects.filter(action=Action.POINT_READ).get()
    assert (entry.actor, entry.details) == (reviewer, {"references": [response.reference]})


def test_a_point_is_worked_on_from_its_page(
    rosa: Client, consultation: Consultation, point: Make, reviewer: User
) -> None:
    point("More clubs.")
    typed = {
        **{name: str(value or "") for name, value in KEPT.items() if name != "owner"},
        "do": "change",
        "analysis": "Many say so.",
        "answer": "We agree.",
        "change": "wording",
        "old_wording": "Clubs.",
        "new_wording": "More clubs.",
        "ready": "yes",
        "owner": "rosa",
    }
    page = press(rosa, at("point", consultation, 1), typed, follow=True)
    assert "It is saved." in text(page)
    made = Point.objects.get()
    assert (made.answer, made.status, made.owner, made.version) == (
        "We agree.",
        "ready",
        reviewer,
        2,
    )
    assert "Version 2" in text(page)
    assert "Version 1" in text(page)


def test_what_was_typed_stays_where_a_colleague_was_quicker(
    rosa: Client, consultation: Consultation, point: Make, administrator: User
) -> None:
    made = point("More clubs.")
    typed = {"do": "change", "version": "1", **dict.fromkeys(("answer", "change"), "")}
    typed |= {"part": "violence", "sentence": "More clubs.", "analysis": "Rosa's own view."}
    change_point(point=made, version=1, by=administrator, **{**KEPT, "analysis": "Ada's own view."})
    page = rosa.post(at("point", consultation, 1), typed)
    assert page.status_code == 409
    assert "Rosa&#x27;s own view." in text(page)
    assert "Ada&#x27;s own view." in text(page)
    made.refresh_from_db()
    assert made.analysis == "Ada's own view."


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"do": "change", "ready": "yes"}, "answer"),
        ({"do": "change", "change": "wording"}, "new_wording"),
        ({"do": "change", "analysis": "a" * 20_001}, "analysis"),
        ({"do": "merge", "into": "7"}, "into"),
        ({"do": "merge", "into": "seven"}, "into"),
    ],
)
def test_a_bad_change_is_explained_beside_its_field(
    typed: dict[str, str], field: str, rosa: Client, consultation: Consultation, point: Make
) -> None:
    point("More clubs.")
    sent = {"part": "violence", "sentence": "More clubs.", **typed}
    page = press(rosa, at("point", consultation, 1), sent)
    assert f'href="#{field}"' in text(page)
    assert f'id="{field}"' in text(page)
    assert typed.get("analysis", "") in text(page)
    assert Point.objects.get().version == 1


def test_codes_and_quotes_of_a_point_are_changed_on_its_page(
    rosa: Client, consultation: Consultation, send: Send, point: Make, code: Code, reviewer: User
) -> None:
    made, response = point("More clubs."), send({"missing": "Clubs."})
    address = at("point", consultation, 1)
    press(rosa, address, {"do": "feed-code", "code": str(code.pk)})
    assert made.codes.get().code == code
    press(rosa, address, {"do": "stop-code", "fed": str(made.codes.get().pk)})
    assert made.codes.get().removed_at
    fed = feed_passage(point=made, response=response, question="missing", passage="", by=reviewer)
    for do, quote in (("quote", True), ("no-quote", False)):
        press(rosa, address, {"do": do, "fed": str(fed.pk)})
        assert PointPassage.objects.get().quote is quote
    press(rosa, address, {"do": "stop-passage", "fed": str(fed.pk)})
    assert said_on(made) == []


def test_a_merged_point_leads_to_the_one_it_is_part_of(
    rosa: Client, consultation: Consultation, point: Make
) -> None:
    point("One."), point("Two.")
    page = press(rosa, at("point", consultation, 1), {"do": "merge", "into": "2"}, follow=True)
    assert page.redirect_chain[-1][0] == at("point", consultation, 2)
    page = rosa.get(at("point", consultation, 1))
    assert at("point", consultation, 2) in text(page)
    typed = {"do": "change", "version": "2", "part": "violence", "sentence": "One and more."}
    page = rosa.post(at("point", consultation, 1), typed, follow=True)
    assert "part of another one" in text(page)
    assert Point.objects.get(number=1).sentence == "One."


def test_the_list_of_what_leads_nowhere_shows_no_words(
    rosa: Client, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "A secret hope."})
    page = rosa.get(at("nowhere", consultation))
    assert response.reference in text(page)
    assert "A secret hope." not in text(page)


def test_weighing_begins_with_the_first_answer_and_goes_on(
    rosa: Client, consultation: Consultation, send: Send, reviewer: User
) -> None:
    first, second = send({"missing": "Clubs."}), send({"missing": "Lights."})
    page = rosa.get(at("weigh", consultation), follow=True)
    assert page.context["response"] == first
    assert Reading.objects.filter(response=first, by=reviewer, question="missing").exists()
    typed = {"reference": first.reference, "question": "missing", "shown": "1"}
    typed |= {"do": "next", "part": "general", "sentence": "More clubs.", "passage": "Clubs"}
    page = rosa.post(at("weigh", consultation), typed, follow=True)
    assert page.context["response"] == second
    typed |= {"reference": second.reference, "point": "1", "passage": "", "sentence": ""}
    page = rosa.post(at("weigh", consultation), typed, follow=True)
    assert "Every answer in words leads to a point or a reason." in text(page)
    assert Point.objects.count() == 1


def test_an_answer_can_make_several_points(
    rosa: Client, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "Clubs. And lights."})
    typed = {"reference": response.reference, "question": "missing", "shown": "1", "do": "more"}
    for sentence, passage in (("More clubs.", "Clubs"), ("More lights.", "lights")):
        page = rosa.post(
            at("weigh", consultation),
            {**typed, "part": "general", "sentence": sentence, "passage": passage, "quote": "yes"},
            follow=True,
        )
        assert page.context["response"] == response
    assert [one.point.sentence for one in page.context["passages"]] == [
        "More clubs.",
        "More lights.",
    ]
    assert PointPassage.objects.filter(quote=True).count() == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"do": "next", "part": "general", "sentence": ""}, "sentence"),
        ({"do": "next", "part": "", "sentence": "More."}, "part"),
        ({"do": "next", "part": "general", "sentence": "More.", "passage": "Buses"}, "passage"),
        ({"do": "reason", "reason": ""}, "reason-no-code"),
        ({"do": "reason", "reason": "same-letter", "same-as": "not a reference"}, "same-as"),
    ],
)
def test_bad_weighing_is_explained_and_leaves_nothing_behind(
    typed: dict[str, str], field: str, rosa: Client, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "Clubs."})
    typed = {"reference": response.reference, "question": "missing", "shown": "1", **typed}
    page = rosa.post(at("weigh", consultation), typed)
    assert f'href="#{field}"' in text(page)
    assert f'id="{field}"' in text(page)
    for name in ("sentence", "passage", "same-as"):
        assert typed.get(name, "") in text(page)
    assert (Point.objects.count(), NoPoint.objects.count()) == (0, 0)


def test_a_point_that_was_merged_meanwhile_is_explained_at_its_field(
    rosa: Client, consultation: Consultation, send: Send, point: Make, administrator: User
) -> None:
    response, gone = send({"missing": "Clubs. Lights."}), point("More clubs.")
    point("More for young people.")
    merge_point(point=gone, version=1, into=2, by=administrator)
    typed = {"reference": response.reference, "question": "missing", "shown": "1"}
    page = rosa.post(
        at("weigh", consultation), {**typed, "do": "next", "point": "1", "passage": "Lights"}
    )
    assert 'href="#point"' in text(page)
    assert 'id="point"' in text(page)
    assert "Choose again." in text(page)
    assert ">\nLights</textarea>" in text(page)
    assert PointPassage.objects.count() == 0


def test_reasons_are_given_and_taken_back_on_the_page(
    rosa: Client, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "Hello."})
    typed = {"reference": response.reference, "question": "missing", "shown": "1"}
    rosa.post(at("weigh", consultation), {**typed, "do": "reason", "reason": "off-subject"})
    assert list_unweighed(consultation) == []
    page = rosa.post(at("weigh", consultation), {**typed, "do": "take-back"}, follow=True)
    assert page.context["response"] == response
    assert len(list_unweighed(consultation)) == 1


def test_weighing_what_was_changed_meanwhile_saves_nothing(
    rosa: Client, consultation: Consultation, send: Send
) -> None:
    first, second = send({"missing": "Clubs."}), send({"missing": "Clubs."})
    typed = {"question": "missing", "shown": "1", "do": "next", "part": "general"}
    typed |= {"sentence": "More clubs."}
    amended(first, {"missing": "Lights."})
    page = rosa.post(at("weigh", consultation), {**typed, "reference": first.reference})
    assert page.status_code == 409
    assert "Lights." in text(page)
    assert "More clubs." in text(page)
    amended(second, {"violence-agree": "agree"})
    page = rosa.post(
        at("weigh", consultation), {**typed, "reference": second.reference}, follow=True
    )
    assert "no longer answers this" in text(page)
    assert Point.objects.count() == 0


@pytest.mark.parametrize("question", ["anything-else", "", "nonsense", "violence-agree"])
def test_only_an_answer_in_words_can_be_weighed(
    question: str, rosa: Client, consultation: Consultation, send: Send
) -> None:
    response = send({"missing": "Clubs.", "violence-agree": "agree"})
    query = {"reference": response.reference, "question": question}
    assert rosa.get(at("weigh", consultation), query).status_code == 404
    typed = {**query, "shown": "1", "do": "next", "part": "general", "sentence": "More."}
    assert rosa.post(at("weigh", consultation), typed).status_code == 404
    assert Point.objects.count() == 0


def test_an_answer_is_weighed_in_its_own_consultation_alone(
    rosa: Client, other: Consultation, send: Send
) -> None:
    response = send({"missing": "Clubs."})
    query = {"reference": response.reference, "question": "missing"}
    assert rosa.get(at("weigh", other), query).status_code == 404
    typed = {**query, "shown": "1", "do": "reason", "reason": "no-code"}
    assert rosa.post(at("weigh", other), typed).status_code == 404
    assert NoPoint.objects.count() == 0


def test_a_campaign_whose_letter_makes_no_point_is_named(
    rosa: Client, consultation: Consultation, send: Send, point: Make, reviewer: User, code: Code
) -> None:
    sample = send({"missing": "Clubs."})
    campaign = Campaign.objects.create(
        consultation=consultation, name="Clubs", sample=sample, question="missing"
    )
    address = at("same-letters", consultation, campaign.pk)
    page = rosa.post(address, follow=True)
    assert sample.reference in text(page)
    assert "makes no point yet" in text(page)
    feed_code(point=point("More clubs."), code=code, by=reviewer)
    code_answer(response=sample, question="missing", codes=[code], by=reviewer)
    page = rosa.post(address, follow=True)
    assert "count for that letter’s points too: 0" in text(page)
    assert rosa.post(at("same-letters", consultation, campaign.pk + 1)).status_code == 404
