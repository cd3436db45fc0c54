"""What everyone may read: never more than its sender agreed to, and every gap has its reason."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from consult.models import Action, AuditEntry, Consultation, User
from consult.plans.document import Plan
from consult.plans.editions import plan_of
from responses import wording
from responses.answers import read_answers
from responses.models import PublishedSet, Redaction, Response
from responses.responding.amending import amend_response, withdraw_response
from responses.responding.submitting import Submission
from responses.reviewing.personal_details import EMAIL, find_personal_details
from responses.reviewing.public_file import make_public_files
from responses.reviewing.public_version import public_digest, public_text, public_version
from responses.reviewing.publication import (
    NotToBePublished,
    ReasonMissing,
    decide_publication,
    gaps,
    publish_set,
    published_responses,
    unpublish_set,
)
from responses.reviewing.reading import ChangedSinceOpened
from responses.reviewing.redacting import (
    NoSuchPassage,
    in_force,
    redact_passage,
    suggest_redactions,
    take_off,
)
from tests.support.pressing import press

Send = Callable[..., Response]
PERSONAL = Redaction.Reason.PERSONAL


def lines_of(response: Response) -> list[str]:
    return [
        line
        for part in public_version(response).parts
        for answer in part.answers
        for line in answer.lines
    ]


def approve(response: Response, by: User) -> None:
    seen = public_digest(response)
    decide_publication(response=response, publish=True, reason="", seen=seen, by=by)


def test_words_that_may_identify_someone_are_suggested_for_redaction(send: Send) -> None:
    text = (
        "Write to ann.other+x@example.org or ring 020 7946 0000, +44 7700 900123 or (0161) 496 "
        "0000. I live at SE1 2AA.\n"
        "Ask Rita Respondent, or rita respondent's son. It cost 1000000 pounds in 2021.\nYours "
        "sincerely, Ann Other"
    )
    found = {(one.words, one.looks_like) for one in suggest_redactions(send({"missing": text}))}
    assert found == {
        ("ann.other+x@example.org", "an email address"),
        ("020 7946 0000", "a telephone number"),
        ("+44 7700 900123", "a telephone number"),
        ("(0161) 496 0000", "a telephone number"),
        ("SE1 2AA", "a postcode"),
        ("Rita Respondent", "the sender's name"),
        ("rita respondent", "the sender's name"),
        ("Ann Other", "a name"),
    }


TELLING = {
    "an email address": [
        "o'brien@example.org", "o’brien@example.org", "ann@bücher.example",
        "ann (at) example (dot) org", "a.b+c_d@mail.example.org",
    ],
    "a telephone number": [
        "0044 20 7946 0000", "0044 (0)20-7946-0000", "+44 (0) 7700 900123", "07700.900.123",
        "07700–900–123", "020\u20117946\u20110000", "07700\xa0900\xa0123", "44 7700 900123",
        "(0161) 496 0000", "0 7 7 0 0 9 0 0 1 2 3", "０７７００９００１２３", "07700 900\u200b123",
        "+33 6 12 34 56 78",
    ],
    "a postcode": [
        "SE1 2AA", "SE1 OLL", "SEI 0LL", "SE1-0LL", "se10ll", "SE1\xa00LL", "W1A.0AX", "EC1A  1BB",
    ],
}  # fmt: skip
NAMED = {
    "My name is 王小明。": "王小明",
    "my name is Siân O’Neill-Jones and": "Siân O’Neill-Jones",
    "My name’s Ludwig van Beethoven.": "Ludwig van Beethoven",
    "My name is Ян Новак, I": "Ян Новак",
    "My name is محمد علي": "محمد علي",
    "my name is ann heron and": "ann heron",
    "Yours sincerely,\nAnn B. Other\nTel.": "Ann B. Other",
}


@pytest.mark.parametrize(
    ("looks_like", "words"), [(kind, one) for kind, every in TELLING.items() for one in every]
)
def test_what_tells_who_someone_is_is_suggested_whole(looks_like: str, words: str) -> None:
    for text in (words, f"Write: {words}, please.", f"({words})", f"‘{words}’"):
        found = {(text[start:end], kind) for start, end, kind in find_personal_details(text, "")}
        assert (words, looks_like) in found or (f"({words}", looks_like) in found


@pytest.mark.parametrize(("text", "name"), NAMED.items())
def test_names_after_an_introduction_are_suggested_in_any_script(text: str, name: str) -> None:
    assert [text[start:end] for start, end, _kind in find_personal_details(text, "")] == [name]


def test_ordinary_words_and_numbers_are_not_suggested() -> None:
    text = "It cost 1000000 pounds in 2021; so 5th, the boiler. My name is on the list. At 10:00."
    assert list(find_personal_details(text, "")) == []


def test_a_redaction_covers_words_and_can_be_removed(send: Send, reviewer: User) -> None:
    response = send({"missing": "Ann said no. Ask Ann.", "publication": "anonymous"})
    (first, _second) = redact_passage(
        response=response, text="missing", passage="Ann", reason=PERSONAL, by=reviewer
    )
    assert lines_of(response) == [
        "[redacted: personal details] said no. Ask [redacted: personal details]."
    ]
    assert (
        redact_passage(
            response=response, text="missing", passage="Ann", reason=PERSONAL, by=reviewer
        )
        == []
    )
    for nonsense in ("", "Ben"):
        with pytest.raises(NoSuchPassage):
            redact_passage(
                response=response, text="missing", passage=nonsense, reason=PERSONAL, by=reviewer
            )
    take_off(redaction=first, by=reviewer)
    assert lines_of(response) == ["Ann said no. Ask [redacted: personal details]."]
    assert Response.objects.get(pk=response.pk).texts == {"missing": "Ann said no. Ask Ann."}
    assert len(in_force(response)) == 1
    assert Redaction.objects.count() == 2


@given(
    st.text("abc ", min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(1, 30)), max_size=5),
)
def test_overlapping_redactions_leave_none_of_their_words(
    text: str, spans: list[tuple[int, int]]
) -> None:
    rows = [
        Redaction(start=start, end=min(end, len(text)), reason=PERSONAL)
        for start, end in spans
        if start < min(end, len(text))
    ]
    covered = {place for row in rows for place in range(row.start, row.end)}
    left = public_text(text, rows).replace("[redacted: personal details]", "")
    assert left == "".join(letter for place, letter in enumerate(text) if place not in covered)


def test_nothing_about_the_sender_is_published_but_a_name_they_agreed_to(send: Send) -> None:
    about = {
        "missing": "Clubs.",
        "borough": "barnet",
        "capacity": "organisation",
        "organisation-name": "Wood Green Choir",
    }
    named = public_version(send({**about, "publication": "named"}))
    assert named.who == "Wood Green Choir"
    assert [part.part.slug for part in named.parts] == ["general"]
    unnamed = public_version(send({**about, "publication": "anonymous"}))
    assert unnamed.who == "Someone who did not want to be named"
    person = public_version(
        send({"missing": "Clubs.", "publication": "named"}, name="Rita Respondent")
    )
    assert person.who == "Rita Respondent"


def test_publication_never_goes_beyond_the_choice(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    for choice in ({}, {"publication": "withhold"}):
        with pytest.raises(NotToBePublished):
            approve(send({"missing": "Secret.", **choice}), reviewer)
    yes = send({"missing": "Clubs.", "publication": "anonymous"})
    approve(yes, reviewer)
    assert list(published_responses(consultation)) == [yes]
    # They change their mind: the new version asks not to be published, and nobody has looked at it.
    plan = plan_of(yes.edition)
    times = {"submission_key": uuid4(), "started_at": timezone.now()}
    contact = {"name": "", "email": "", "postcode_district": ""}
    answers = read_answers(plan, {"missing": "Clubs.", "publication": "withhold"})
    amend_response(
        earlier=yes,
        submission=Submission(edition=yes.edition, answers=answers, contact=contact, **times),
    )
    assert list(published_responses(consultation)) == []
    with pytest.raises(ChangedSinceOpened):
        approve(yes, reviewer)


def test_every_unpublished_response_has_a_reason_and_all_add_up(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    yes = [send({"missing": f"Clubs {number}.", "publication": "named"}) for number in range(4)]
    send({"missing": "No.", "publication": "withhold"})
    send({"missing": "Nothing said."})
    approve(yes[0], reviewer)
    with pytest.raises(ReasonMissing):
        decide_publication(response=yes[1], publish=False, reason=" ", by=reviewer)
    decide_publication(
        response=yes[1], publish=False, reason="A case is before the court.", by=reviewer
    )
    withdraw_response(earlier=yes[2], submission_key=uuid4(), started_at=timezone.now())
    reasons = dict(gaps(consultation))
    assert reasons == {
        "Held back: A case is before the court.": 1,
        "Nobody has looked at it for publication yet.": 1,
        "The sender asked us not to publish it.": 1,
        "The sender did not say that we may publish it.": 1,
        "The sender took it back.": 1,
    }
    assert published_responses(consultation).count() + sum(reasons.values()) == 6
    decide_publication(response=yes[0], publish=False, reason="Second thoughts.", by=reviewer)
    assert published_responses(consultation).count() == 0


def test_no_reason_for_holding_back_tells_what_it_keeps_back(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    held = send(
        {"missing": "Ask Ann \\1 Heron.", "publication": "anonymous"}, name="Rita (R) Respondent"
    )
    decide_publication(
        response=held,
        publish=False,
        reason="ann  \\1\nheron and rita (r) respondent, rita@example.org: see Ritas.",
        by=reviewer,
    )
    redact_passage(
        response=held, text="missing", passage="Ann \\1 Heron", reason=PERSONAL, by=reviewer
    )
    publish_set(consultation=consultation, by=reviewer)
    make_public_files()
    assert PublishedSet.objects.get().gaps
    redact_passage(response=held, text="missing", passage="Ask", reason=PERSONAL, by=reviewer)
    assert PublishedSet.objects.get().gaps is None
    personal = f"[redacted: {PERSONAL.label}]"
    assert dict(gaps(consultation)) == {
        f"Held back: {personal} and {personal}, {personal}: see Ritas.": 1
    }


def test_nobody_outside_reads_anything_until_it_is_published(
    consultation: Consultation, send: Send, reviewer: User, administrator: User, outsider: Client
) -> None:
    approve(send({"missing": "<b>Clubs", "publication": "anonymous"}), reviewer)
    send({"missing": "Not this one.", "publication": "withhold"})
    page, file = (
        reverse(name, args=[consultation.slug])
        for name in ("published-responses", "published-file")
    )
    assert [outsider.get(address).status_code for address in (page, file)] == [404, 404]
    publish_set(consultation=consultation, by=administrator)
    make_public_files()
    shown = outsider.get(page).content.decode()
    assert "&lt;b&gt;Clubs" in shown
    assert "Not this one." not in shown
    assert "The sender asked us not to publish it." in shown
    (line,) = b"".join(outsider.get(file)).decode().splitlines()
    assert json.loads(line)["answers"][0]["answer"] == ["<b>Clubs"]
    unpublish_set(consultation=consultation, by=administrator)
    assert [outsider.get(address).status_code for address in (page, file)] == [404, 404]
    assert (
        AuditEntry.objects.filter(
            action__in=[Action.RESPONSES_PUBLISHED, Action.RESPONSES_UNPUBLISHED]
        ).count()
        == 2
    )


def test_a_reviewer_redacts_and_decides_on_one_page(
    send: Send, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    response = send({"missing": "Ring 020 7946 0000.", "publication": "anonymous"})
    rosa, address = sign_in(reviewer), reverse("redact", args=[response.reference])
    assert "020 7946 0000" in rosa.get(address).content.decode()
    typed = {"do": "redact", "text": "missing", "passage": "Ring 020", "reason": ""}
    refused = press(rosa, address, typed).content.decode()
    assert "Choose why the public may not read it." in refused
    assert "Ring 020" in refused.partition("<textarea")[2]
    assert (
        "The text does not contain these words."
        in press(rosa, address, typed | {"passage": "Sing", "reason": "personal"}).content.decode()
    )
    press(rosa, address, typed | {"passage": "020 7946 0000", "reason": "personal"})
    assert lines_of(response) == ["Ring [redacted: personal details]."]
    assert (
        "Write why it is held back."
        in press(rosa, address, {"do": "hold", "why": ""}).content.decode()
    )
    press(rosa, address, {"do": "publish"})
    assert response.approvals.get().publish


def test_a_redacted_organisation_is_not_in_the_heading_or_the_file(
    consultation: Consultation, send: Send, reviewer: User, administrator: User, outsider: Client
) -> None:
    response = send(
        {
            "missing": "We are the Wood Green Choir.",
            "capacity": "organisation",
            "organisation-name": "Wood Green Choir",
            "publication": "named",
        }
    )
    approve(response, reviewer)
    publish_set(consultation=consultation, by=administrator)
    make_public_files()
    page, file = (
        reverse(name, args=[consultation.slug])
        for name in ("published-responses", "published-file")
    )
    assert "Wood Green" in outsider.get(page).content.decode()
    assert b"Wood Green" in b"".join(outsider.get(file))
    redact_passage(
        response=response,
        text="organisation-name",
        passage="wood green choir",
        reason=PERSONAL,
        by=reviewer,
    )
    assert "Wood Green" not in outsider.get(page).content.decode()
    # The file that was made before is not served any more; the next one lacks the words.
    assert outsider.get(file).status_code == 503
    make_public_files()
    assert b"[redacted: personal details]" in (again := b"".join(outsider.get(file)))
    assert b"Wood Green" not in again


def test_a_changed_response_leaves_the_page_and_the_file_at_once(
    consultation: Consultation, send: Send, reviewer: User, administrator: User, outsider: Client
) -> None:
    response = send({"missing": "Clubs.", "publication": "anonymous"})
    approve(response, reviewer)
    publish_set(consultation=consultation, by=administrator)
    make_public_files()
    withdraw_response(earlier=response, submission_key=uuid4(), started_at=timezone.now())
    page, file = (
        reverse(name, args=[consultation.slug])
        for name in ("published-responses", "published-file")
    )
    assert "Clubs." not in outsider.get(page).content.decode()
    assert outsider.get(file).status_code == 503


def test_a_withdrawn_consultation_has_no_public_page_or_file(
    consultation: Consultation, send: Send, reviewer: User, administrator: User, outsider: Client
) -> None:
    approve(send({"missing": "Clubs.", "publication": "anonymous"}), reviewer)
    publish_set(consultation=consultation, by=administrator)
    make_public_files()
    stored = PublishedSet.objects.get().file
    Consultation.objects.update(withdrawn_at=timezone.now())
    for name in ("published-responses", "published-file"):
        assert outsider.get(reverse(name, args=[consultation.slug])).status_code == 404
    make_public_files()
    assert PublishedSet.objects.get().file == ""
    assert not default_storage.exists(stored)


def test_a_public_page_asks_as_much_for_many_responses_as_for_few(
    consultation: Consultation, send: Send, reviewer: User, administrator: User, outsider: Client
) -> None:
    publish_set(consultation=consultation, by=administrator)
    page = reverse("published-responses", args=[consultation.slug])
    asked = []
    for few in (1, 4):
        for number in range(few):
            approve(send({"missing": f"Clubs {number}.", "publication": "anonymous"}), reviewer)
        with CaptureQueriesContext(connection) as queries:
            outsider.get(page)
        asked.append(len(queries))
    assert asked[0] == asked[1]
    with CaptureQueriesContext(connection) as queries:
        list(published_responses(consultation, after=1)[:26])
    # By the list kept for it, and no decision or response is looked through.
    assert "responses_approval" not in str(queries.captured_queries)


def test_one_set_whose_file_cannot_be_made_does_not_stop_the_others(
    consultation: Consultation,
    other: Consultation,
    send: Send,
    reviewer: User,
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for one in (consultation, other):
        publish_set(consultation=one, by=administrator)

    def fail(_storage: object, name: str, *_: object, **__: object) -> str:
        if consultation.slug in name:
            raise OSError(28, "No space left on device")
        return name

    monkeypatch.setattr(FileSystemStorage, "save", fail)
    make_public_files()
    found = {row.consultation.slug: row for row in PublishedSet.objects.all()}
    assert (found["other"].trouble, found["other"].written_revision > 0) == ("", True)
    stopped = found[consultation.slug]
    assert (stopped.trouble, stopped.file) == ("It cannot be made: OSError.", "")


def test_one_response_that_cannot_be_shown_is_named_the_others_are_read(
    consultation: Consultation,
    send: Send,
    reviewer: User,
    administrator: User,
    client: Client,
    sign_in: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, bad, last = (
        send({"missing": f"Zyzzyva {number}.", "publication": "anonymous"}) for number in range(3)
    )
    for one in (first, bad, last):
        approve(one, reviewer)
    publish_set(consultation=consultation, by=administrator)
    worded = wording.in_words

    def fail(plan: Plan, said: dict[str, Any]) -> Any:
        if said.get("missing") == "Zyzzyva 1.":
            raise TypeError(said["missing"])
        return worded(plan, said)

    monkeypatch.setattr("responses.reviewing.public_version.in_words", fail)
    make_public_files()
    found = PublishedSet.objects.get()
    assert found.trouble == f"It leaves out what cannot be written: {bad.reference}."
    assert (found.count, found.gaps) == (
        2,
        [["A fault on our side. We are looking into it.", 1]],
    )
    page = client.get(reverse("published-responses", args=[consultation.slug])).content.decode()
    file = client.get(reverse("published-file", args=[consultation.slug]))
    lines = b"".join(file.streaming_content).decode()
    for read in (page, lines):
        assert [one.reference in read for one in (first, bad, last)] == [True, False, True]
    assert "looking into it" in page
    assert bad.reference in sign_in(administrator).get(reverse("publication")).content.decode()
    assert f"{bad.reference} cannot be published: TypeError" in caplog.text
    assert "Zyzzyva" not in caplog.text


def test_an_address_is_only_looked_for_where_one_can_begin() -> None:
    # From every letter of a long word on, it took the square of the word's length.
    address = "ann.other+x@example.org"
    assert [place for place in range(len(address)) if EMAIL.match(address, place)] == [0]
