"""Codebooks and coding: nothing anyone coded is lost, nothing is coded by itself, and the
agreement is Cohen's.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, User
from responses.models import Code, CodedAnswer, Coding, Response
from responses.responding.amending import withdraw_response
from responses.reviewing.code_suggestions import suggest_codes
from responses.reviewing.codebooks import (
    CodeChangedMeanwhile,
    CodeNameMissing,
    CodeNameTaken,
    change_code,
    codes_of,
    make_code,
    questions_to_code,
    restore_code,
)
from responses.reviewing.coding import (
    Progress,
    code_answer,
    next_to_code,
    next_to_code_again,
    progress_of,
)
from responses.reviewing.coding_passages import NoSuchPassage, code_passage, take_off
from responses.reviewing.second_coding import Agreement, compare, draw_second_coding
from tests.conftest import make_person
from tests.support.pressing import press

Send = Callable[..., Response]


@pytest.fixture
def code(consultation: Consultation, reviewer: User) -> Callable[..., Code]:
    """Puts a code in the codebook of the question that asks what is missing."""
    empty = {"group": "", "definition": ""}
    return lambda name, **words: make_code(
        consultation=consultation, question="missing", name=name, by=reviewer, **{**empty, **words}
    )


def given(consultation: Consultation) -> dict[str, int]:
    return {code.name: code.given for code in codes_of(consultation, "missing")}


def test_only_questions_about_the_plan_answered_in_words_are_coded(
    consultation: Consultation,
) -> None:
    slugs = [question.slug for question in questions_to_code(consultation)]
    assert {"violence-comment", "zero-murders-comment", "missing", "anything-else"} <= set(slugs)
    assert not {"violence-agree", "organisation-name"} & set(slugs)


def test_a_code_keeps_every_earlier_definition(code: Callable[..., Code], reviewer: User) -> None:
    made = code("Youth  work", definition="Clubs and workers.")
    words = {
        "name": "Youth work",
        "group": "Services",
        "definition": "Not schools.",
        "retired": False,
    }
    changed = change_code(code=made, version=1, by=reviewer, **words)
    assert changed.version == 2
    assert change_code(code=changed, version=2, by=reviewer, **words).version == 2
    with pytest.raises(CodeChangedMeanwhile):
        change_code(code=made, version=1, by=reviewer, **{**words, "name": "Mine"})
    assert list(made.versions.values_list("version", "group", "name", "definition")) == [
        (1, "", "Youth work", "Clubs and workers."),
        (2, "Services", "Youth work", "Not schools."),
    ]


def test_a_change_of_a_code_is_undone_by_a_new_version(
    code: Callable[..., Code], reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    one = code("Clubs", group="Youth", definition="Places to go.")
    words = {"name": "Parks", "group": "Green", "definition": "Trees.", "retired": True}
    change_code(code=one, version=1, by=reviewer, **words)
    page = reverse("code", args=[one.consultation.slug, "missing", one.pk])
    rosa = sign_in(reviewer)
    assert rosa.get(page).content.decode().count("Make it this again") == 1
    assert rosa.post(page, {"restore": "1", "version": "2"}).status_code == 302
    one.refresh_from_db()
    assert (one.version, one.name, one.group) == (3, "Clubs", "Youth")
    assert (one.definition, one.retired) == ("Places to go.", False)
    assert list(one.versions.values_list("name", flat=True)) == ["Clubs", "Parks", "Clubs"]


def test_no_code_is_made_again_what_it_cannot_be(
    code: Callable[..., Code], reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    one = code("Clubs")
    words = {"group": "", "definition": "", "retired": False}
    change_code(code=one, version=1, by=reviewer, name="Parks", **words)
    page = reverse("code", args=[one.consultation.slug, "missing", one.pk])
    rosa = sign_in(reviewer)
    # A page that is older than a colleague's change, a name that is another's, no such version.
    old = rosa.post(page, {"restore": "1", "version": "1"}).content.decode()
    assert "Someone else has changed this code" in old
    code("Clubs")
    taken = rosa.post(page, {"restore": "1", "version": "2"}).content.decode()
    assert "Another code of this question has this name." in taken
    assert rosa.post(page, {"restore": "9", "version": "2"}).status_code == 404
    one.refresh_from_db()
    assert (one.name, one.version) == ("Parks", 2)
    with pytest.raises(CodeChangedMeanwhile):
        restore_code(code=one, to=1, version=1, by=reviewer)


def test_a_code_needs_a_name_of_its_own(code: Callable[..., Code], reviewer: User) -> None:
    code("Youth work")
    other = code("Lights")
    with pytest.raises(CodeNameMissing):
        code(" ")
    with pytest.raises(CodeNameTaken):
        code("youth work")
    with pytest.raises(CodeNameTaken):
        change_code(
            code=other,
            version=1,
            name="YOUTH WORK",
            group="",
            definition="",
            retired=False,
            by=reviewer,
        )


def test_coding_is_counted_by_the_latest_of_each_reviewer(
    consultation: Consultation,
    code: Callable[..., Code],
    send: Send,
    reviewer: User,
    administrator: User,
) -> None:
    youth, lights = code("Youth work"), code("Lights")
    response = send({"missing": "Clubs, and lights."})
    send({"missing": "Buses."})
    assert progress_of(consultation, "missing") == Progress(2, 0)
    code_answer(response=response, question="missing", codes=[youth, lights], by=reviewer)
    code_answer(response=response, question="missing", codes=[youth], by=administrator)
    assert given(consultation) == {"Lights": 1, "Youth work": 1}
    code_answer(response=response, question="missing", codes=[youth], by=reviewer)
    assert given(consultation) == {"Lights": 0, "Youth work": 1}
    assert progress_of(consultation, "missing") == Progress(2, 1)
    assert (
        Coding.objects.filter(removed_at__isnull=False).values_list("code__name", flat=True).get()
        == "Lights"
    )
    assert (
        AuditEntry.objects.filter(action=Action.ANSWER_CODED, subject=response.reference).count()
        == 3
    )


def test_no_code_fits_is_an_answer_too(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    first, second = send({"missing": "Hm."}), send({"missing": "Well."})
    assert next_to_code(consultation, "missing", by=reviewer) == first
    code_answer(response=first, question="missing", codes=[], by=reviewer)
    assert next_to_code(consultation, "missing", by=reviewer, after=second.pk) == second
    code_answer(response=second, question="missing", codes=[], by=reviewer)
    assert next_to_code(consultation, "missing", by=reviewer) is None


def test_a_withdrawn_response_is_in_no_count_of_codes(
    consultation: Consultation, code: Callable[..., Code], send: Send, reviewer: User
) -> None:
    response = send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[code("Youth work")], by=reviewer)
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())
    assert given(consultation) == {"Youth work": 0}
    assert progress_of(consultation, "missing") == Progress(0, 0)


def test_a_passage_is_the_words_themselves(
    code: Callable[..., Code], send: Send, reviewer: User, administrator: User
) -> None:
    text = "Lights 👩‍👩‍👧 first.\nThen clubs for the young."
    response = send({"missing": text})
    youth = code("Youth work")
    coding = code_passage(
        response=response,
        question="missing",
        code=youth,
        passage="first.\r\nThen clubs ",
        by=reviewer,
    )
    assert text[coding.start : coding.end] == "first.\nThen clubs"
    assert (
        code_passage(
            response=response,
            question="missing",
            code=youth,
            passage="first.\nThen clubs",
            by=reviewer,
        )
        == coding
    )
    for nonsense in ("", "  ", "then clubs"):
        with pytest.raises(NoSuchPassage):
            code_passage(
                response=response, question="missing", code=youth, passage=nonsense, by=reviewer
            )
    take_off(coding=coding, by=administrator)
    assert Coding.objects.get().removed_at is None
    take_off(coding=coding, by=reviewer)
    assert Coding.objects.get().removed_at is not None


def test_a_suggestion_names_its_words_and_applies_no_code(
    code: Callable[..., Code], send: Send, reviewer: User
) -> None:
    youth, lights = code("Youth work"), code("Lights")
    for number in range(4):
        for text, one in (
            (f"Open the youth club number {number}.", youth),
            (f"Mend the dark underpass number {number}.", lights),
        ):
            code_answer(
                response=send({"missing": text}), question="missing", codes=[one], by=reviewer
            )
    asked = send({"missing": "Our youth lost their club. It was a number one."})
    (suggestion,) = suggest_codes(response=asked, question="missing")
    assert (suggestion.code, set(suggestion.words)) == (youth, {"youth", "club"})
    assert suggest_codes(response=send({"missing": "Buses."}), question="missing") == []
    assert not asked.codings.exists()


def test_a_suggestion_never_rests_on_words_of_every_english_text(
    code: Callable[..., Code], send: Send, reviewer: User
) -> None:
    youth, lights = code("Youth work"), code("Lights")
    for number in range(4):
        for text, one in (
            (f"They should not have been there with us then. {number}", youth),
            (f"Mend lamps, please: {number}", lights),
        ):
            code_answer(
                response=send({"missing": text}), question="missing", codes=[one], by=reviewer
            )
    asked = send({"missing": "There should have been more of them with us."})
    assert suggest_codes(response=asked, question="missing") == []


def test_kappa_is_cohens() -> None:
    # Fifty applications read by two people: 20 yes from both, 15 no from both, 5 and 10 apart;
    # agreement 0.7, by chance 0.5.
    assert Agreement(None, 20, 5, 10, 15).kappa == pytest.approx(0.4)
    assert Agreement(None, 3, 0, 0, 3).kappa == 1
    assert Agreement(None, 0, 3, 3, 0).kappa == -1
    assert Agreement(None, 5, 0, 0, 0).kappa is None
    assert Agreement(None, 0, 0, 0, 0).kappa is None


@pytest.mark.parametrize(
    ("cells", "compared", "percent"),
    [
        ((20, 5, 10, 15), 50, 70),
        ((199, 1, 0, 0), 200, 99),
        ((0, 3, 3, 0), 6, 0),
        ((0, 0, 0, 0), 0, 0),
    ],
)
def test_agreement_in_per_cent_says_of_how_many(
    cells: tuple[int, int, int, int], compared: int, percent: int
) -> None:
    agreement = Agreement(None, *cells)
    assert (agreement.compared, agreement.percent) == (compared, percent)


def test_two_reviewers_are_compared_on_what_both_coded(
    consultation: Consultation, code: Callable[..., Code], send: Send, reviewer: User
) -> None:
    youth, lights = code("Youth work"), code("Lights")
    code("Never given")
    answers = [send({"missing": f"Answer {number}."}) for number in range(6)]
    for number, answer in enumerate(answers[:5]):
        code_answer(
            response=answer,
            question="missing",
            codes=[youth] if number < 3 else [lights],
            by=reviewer,
        )
    ben = make_person("ben", User.Role.REVIEWER)
    second = draw_second_coding(consultation=consultation, question="missing", size=50, by=ben)
    assert second is not None
    assert set(second.responses) == {answer.pk for answer in answers[:5]}
    assert (
        draw_second_coding(consultation=consultation, question="missing", size=50, by=reviewer)
        is None
    )
    for answer, codes in zip(answers[:4], ([youth], [youth], [lights], [lights]), strict=True):
        assert next_to_code_again(second) is not None
        code_answer(response=answer, question="missing", codes=codes, by=ben)
    total, *rows = compare(second)
    assert [
        (row.code.name, row.both, row.first_only, row.second_only, row.neither)
        for row in rows
        if row.code
    ] == [
        ("Lights", 1, 0, 1, 2),
        ("Youth work", 2, 1, 0, 1),
    ]
    assert (total.both, total.first_only, total.second_only, total.neither) == (3, 1, 1, 3)
    assert total.kappa == pytest.approx(0.5)


def test_a_reviewer_codes_from_page_to_page(
    consultation: Consultation,
    code: Callable[..., Code],
    send: Send,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    first, last = send({"missing": "<script>Clubs</script>"}), send({"missing": "Lights."})
    rosa, book = sign_in(reviewer), reverse("codebook", args=[consultation.slug, "missing"])
    # Many questions have the same words: the part that they ask about tells them apart.
    assert (
        "Reducing and preventing violence" in rosa.get(reverse("code-questions")).content.decode()
    )
    refused = rosa.post(book, {"do": "make", "name": "", "definition": "Kept."}).content.decode()
    assert "<title>Error: " in refused
    assert "Kept." in refused
    rosa.post(book, {"do": "make", "name": "Youth work", "group": "", "definition": ""})
    youth = Code.objects.get()
    answers = reverse("code-answers", args=[consultation.slug, "missing"])
    page = rosa.get(answers).content.decode()
    assert "&lt;script&gt;Clubs" in page
    kept = press(
        rosa,
        answers,
        {"do": "passage", "reference": first.reference, "code": youth.pk, "passage": "Not there"},
    ).content.decode()
    assert "The answer does not contain these words." in kept
    assert "Not there" in kept
    press(
        rosa,
        answers,
        {"do": "passage", "reference": first.reference, "code": youth.pk, "passage": "Clubs"},
    )
    on = press(
        rosa,
        answers,
        {"do": "code", "reference": first.reference, "code": [youth.pk, "x", "9" * 30]},
        follow=True,
    )
    assert last.reference in on.content.decode()
    over = press(
        rosa, answers, {"do": "code", "reference": last.reference}, follow=True
    ).content.decode()
    assert "You have gone through every answer here." in over
    assert "2 of 2 answers are coded (100%)." in over
    assert CodedAnswer.objects.filter(by=reviewer).count() == 2
    assert (
        rosa.get(reverse("codebook", args=[consultation.slug, "violence-agree"])).status_code == 404
    )


def test_a_second_coder_sees_nothing_of_the_first(
    consultation: Consultation,
    code: Callable[..., Code],
    send: Send,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    youth, response = code("Youth work"), send({"missing": "Clubs."})
    code_answer(response=response, question="missing", codes=[youth], by=reviewer)
    ben = make_person("ben", User.Role.REVIEWER)
    client, answers = sign_in(ben), reverse("code-answers", args=[consultation.slug, "missing"])
    assert (
        "Others gave:" in client.get(f"{answers}?reference={response.reference}").content.decode()
    )
    drawn = client.post(
        reverse("codebook", args=[consultation.slug, "missing"]), {"do": "draw", "size": "25"}
    )
    page = client.get(drawn.headers["Location"]).content.decode()
    assert "Second coding: 0 of 1 done" in page
    assert "Others gave:" not in page
    assert " checked" not in page
    assert sign_in(reviewer).get(drawn.headers["Location"]).status_code == 404
