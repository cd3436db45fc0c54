"""What comes by post, email and telephone: by the same rule, with who keyed it, and messages in =
responses + non-responses.
"""

import json
from collections.abc import Callable
from csv import DictReader
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, Edition, User
from consult.plans.document import Plan
from consult.plans.publishing import publish_edition
from responses.answers import read_answers
from responses.dashboard.tallies import tally
from responses.exporting.batches import seal_batch
from responses.exporting.pack import make_files
from responses.governance.reconciling import reconcile
from responses.models import (
    Attachment,
    Confirmation,
    Message,
    Response,
    SecondKeying,
    Transcription,
)
from responses.responding.submitting import NothingToSend, Submission
from responses.reviewing.attachments import kind_of
from responses.reviewing.filters import Filter
from responses.reviewing.mailboxes import NotAMailbox, load_mailbox, read_letter
from responses.reviewing.matching import matching
from responses.reviewing.reading import newest_version
from responses.reviewing.second_keying import (
    KeyedByTheSame,
    KeyedTwiceAlready,
    settle_second_keying,
)
from responses.reviewing.transcribing import (
    LateWithoutReason,
    MessageDecided,
    NotReceivedYet,
    ReasonMissing,
    last_day_of,
    set_message_aside,
    transcribe_response,
)
from tests.conftest import make_person
from tests.support.pressing import fields_of, forms_of, press

pytestmark = pytest.mark.usefixtures("files")

Key = Callable[..., Response]
WORDS_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = b"%PDF-1.7\nA scanned letter."
MBOX = """From ann@example.org Thu Jan 21 23:58:00 2027
From: =?utf-8?q?=C3=81nn?= <ann@example.org>
Subject: My views
Date: Thu, 21 Jan 2027 23:50:00 +0000
Received: from a by b; Thu, 21 Jan 2027 23:58:00 +0000
Message-ID: <1@example.org>
Content-Type: text/plain; charset=utf-8

More youth workers.
>From my window I see why.

From out@example.org Fri Jan 22 00:10:00 2027
From: out@example.org
Subject: Automatic reply
Content-Type: text/html; charset=x-unknown

<p>I am <b>away</b><script>alert(1)</script></p>

From broken Fri Jan 22 00:11:00 2027
Subject: (nothing)
Date: yesterday

"""


@pytest.fixture
def key(consultation: Consultation, edition: Edition, plan: Plan, reviewer: User) -> Key:
    """Key a letter; whatever is not said is filled in."""

    def key(raw: dict[str, object] | None = None, **overrides: Any) -> Response:
        values: dict[str, Any] = {
            "submission_key": uuid4(),
            "answers": read_answers(
                plan, raw if raw is not None else {"missing": "Buses at night."}
            ),
            "contact": {"name": "Pat Post", "email": "pat@example.org", "postcode_district": "N1"},
            "channel": Response.Channel.POST,
            "received_on": timezone.localdate(),
            "late_reason": "",
            "started_at": timezone.now(),
            "by": reviewer,
        }
        values |= overrides
        apart = {name: values.pop(name) for name in ("received_on", "late_reason", "by")}
        message = values.pop("message", None)
        return transcribe_response(
            submission=Submission(edition=edition, **values), message=message, **apart
        ).response

    return key


@pytest.mark.django_db(transaction=True)
def test_a_transcribed_response_is_received_as_an_online_one(key: Key, reviewer: User) -> None:
    response = key()
    assert (response.channel, response.timing, response.act) == ("post", "in-time", "sent")
    assert response.confirmation.state == Confirmation.State.WAITING
    assert response.ledger.get().event == "received"
    assert (response.transcription.keyed_by, response.transcription.received_on) == (
        reviewer,
        timezone.localdate(),
    )
    assert AuditEntry.objects.get(action=Action.RESPONSE_TRANSCRIBED).subject == response.reference
    assert reconcile().differences == []


def test_the_same_transcription_sent_twice_is_one(key: Key) -> None:
    once = uuid4()
    assert key(submission_key=once) == key(submission_key=once)
    assert Transcription.objects.count() == Response.objects.count() == 1


def test_a_letter_counts_on_the_day_it_reached_us_not_when_it_was_keyed(
    consultation: Consultation,
    key: Key,
    send: Callable[..., Response],
    plan: Plan,
    tmp_path: Path,
) -> None:
    today = timezone.localdate()
    came = today - timedelta(days=1)
    letter, online = key(received_on=came), send({"missing": "Online."})
    ben = make_person("ben", User.Role.REVIEWER)
    second(letter.transcription, plan, {"missing": "Buses at night!"}, ben, take=True)
    days = tally(consultation=consultation).figures["days"]
    assert sorted(days) == [[came.isoformat(), "post", 1], [today.isoformat(), "online", 1]]

    def found(**wanted: date) -> set[str]:
        return {one.reference for one in matching(Filter(**wanted))}

    assert found(until=came) == {letter.reference}
    assert found(since=came, until=came) == {letter.reference}
    assert found(since=today) == {online.reference}
    make_files(batch=seal_batch(consultation=consultation, actor=None), folder=tmp_path)
    with (tmp_path / "responses.csv").open(newline="") as file:
        rows = [(row["version"], row["channel"], row["reached_on"]) for row in DictReader(file)]
    # The correction of a keying is a version of the same letter.
    assert sorted(rows) == [
        ("1", "online", today.isoformat()),
        ("1", "post", came.isoformat()),
        ("2", "post", came.isoformat()),
    ]
    lines = (tmp_path / "responses.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["reached_on"] for line in lines) == sorted(
        row[2] for row in rows
    )
    in_parquet = pyarrow.parquet.read_table(tmp_path / "responses.parquet")["reached_on"]
    assert sorted(in_parquet.to_pylist()) == [came, came, today]


def test_the_day_of_arrival_decides_and_a_late_one_needs_a_reason(
    consultation: Consultation, key: Key
) -> None:
    consultation.closes_at = timezone.now() - timedelta(days=3)
    consultation.opens_at = consultation.closes_at - timedelta(days=30)
    consultation.save(update_fields=["opens_at", "closes_at"])
    last = last_day_of(consultation)
    assert key(received_on=last).timing == "in-time"
    with pytest.raises(LateWithoutReason):
        key(received_on=last + timedelta(days=1), late_reason="  ")
    late = key(
        received_on=last + timedelta(days=1), late_reason="The strike at the sorting office."
    )
    assert (late.timing, late.transcription.late_reason) == (
        "late",
        "The strike at the sorting office.",
    )
    with pytest.raises(NotReceivedYet):
        key(received_on=timezone.localdate() + timedelta(days=1))
    with pytest.raises(NothingToSend):
        key({}, received_on=last)
    assert Response.objects.count() == 2


def test_midnight_belongs_to_the_day_before(consultation: Consultation) -> None:
    consultation.closes_at = timezone.make_aware(timezone.datetime(2027, 1, 22))
    assert last_day_of(consultation) == date(2027, 1, 21)


def second(
    transcription: Transcription, plan: Plan, raw: dict[str, object], by: User, *, take: bool
) -> SecondKeying:
    contact = {"name": "Pat Post", "email": "pat@example.org", "postcode_district": "N1"}
    times = {"submission_key": uuid4(), "started_at": timezone.now()}
    answers = read_answers(plan, raw)
    return settle_second_keying(
        transcription=transcription,
        shown=newest_version(transcription.response.reference),
        plan=plan,
        answers=answers,
        contact=contact,
        take_second=take,
        by=by,
        **times,
    )


@pytest.mark.django_db(transaction=True)
def test_a_second_keying_can_correct_the_first(key: Key, plan: Plan, reviewer: User) -> None:
    response = key()
    ben = make_person("ben", User.Role.REVIEWER)
    with pytest.raises(KeyedByTheSame):
        second(response.transcription, plan, {"missing": "x"}, reviewer, take=True)
    done = second(
        response.transcription,
        plan,
        {"missing": "Buses at night!", "violence-agree": "agree"},
        ben,
        take=True,
    )
    assert (done.outcome, done.differing) == ("second", ["missing", "violence-agree"])
    newest = Response.objects.filter(reference=response.reference).latest("version")
    assert (newest.version, newest.texts, newest.channel, newest.timing) == (
        2,
        {"missing": "Buses at night!"},
        "post",
        "in-time",
    )
    assert Response.objects.get(pk=response.pk).texts == {"missing": "Buses at night."}
    with pytest.raises(KeyedTwiceAlready):
        second(response.transcription, plan, {"missing": "x"}, ben, take=True)
    assert reconcile().differences == []


def test_a_second_keying_that_agrees_or_is_rejected_changes_nothing(key: Key, plan: Plan) -> None:
    ben = make_person("ben", User.Role.REVIEWER)
    assert (
        second(key().transcription, plan, {"missing": "Buses at night."}, ben, take=True).outcome
        == "agreed"
    )
    assert (
        second(key().transcription, plan, {"missing": "Busses."}, ben, take=False).outcome
        == "first"
    )
    assert Response.objects.filter(version__gt=1).count() == 0


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox.mbox"
    path.write_text(MBOX)
    return path


def states(consultation: Consultation) -> dict[str, int]:
    return {state: consultation.messages.filter(state=state).count() for state in Message.State}


def test_inbound_emails_become_responses_or_are_set_aside_with_a_reason(
    consultation: Consultation, mailbox: Path, key: Key, reviewer: User
) -> None:
    assert (load_mailbox(consultation=consultation, path=mailbox, by=reviewer)).messages == 3
    again = load_mailbox(consultation=consultation, path=mailbox, by=reviewer)
    assert (again.messages, again.known) == (3, 3)
    ann, away, broken = consultation.messages.all()
    letter = read_letter(ann)
    assert (letter.sender, letter.subject) == ("Ánn <ann@example.org>", "My views")
    assert letter.words == "More youth workers.\nFrom my window I see why."
    assert ann.received_at is not None
    assert ann.received_at.isoformat() == "2027-01-21T23:58:00+00:00"
    assert "<" not in read_letter(away).words
    assert (broken.received_at, read_letter(broken).words) == (None, "")
    key(message=ann, channel=Response.Channel.EMAIL)
    with pytest.raises(ReasonMissing):
        set_message_aside(message=away, reason=" ", by=reviewer)
    set_message_aside(message=away, reason="Automatic reply", by=reviewer)
    for decided in (ann, away):
        with pytest.raises(MessageDecided):
            set_message_aside(message=decided, reason="Twice", by=reviewer)
    with pytest.raises(MessageDecided):
        key(message=away)
    assert Response.objects.count() == 1
    assert states(consultation) == {"waiting": 1, "response": 1, "not-a-response": 1}


def test_a_file_that_is_not_a_mailbox_is_refused_in_words(
    consultation: Consultation, tmp_path: Path
) -> None:
    nothing = tmp_path / "notes.txt"
    nothing.write_text("Not a mailbox.")
    with pytest.raises(NotAMailbox):
        load_mailbox(consultation=consultation, path=nothing, by=None)
    for path, words in (
        (nothing, "contains no messages"),
        (tmp_path / "gone.mbox", "cannot be read"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("load_mailbox", consultation.slug, str(path))
    with pytest.raises(CommandError, match="no consultation"):
        call_command("load_mailbox", "elsewhere", str(nothing))


def test_a_reviewer_enters_a_letter_and_keeps_its_scan(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client], files: Path
) -> None:
    rosa, address = sign_in(reviewer), reverse("enter", args=[consultation.slug])
    page = rosa.get(address)
    typed = {
        "submission_key": str(uuid4()),
        "started_at": timezone.now().isoformat(),
        "missing": "Búses <b>",
        "email": "no",
    }
    refused = rosa.post(address, typed).content.decode()
    assert "<title>Error: " in refused
    for words in (
        "Choose how it came.",
        "Enter the day on which it came.",
        "Enter an email address like",
        "Búses &lt;b&gt;",
    ):
        assert words in refused
    assert page.status_code == 200
    sent = rosa.post(
        address,
        typed | {"channel": "post", "received_on": timezone.localdate().isoformat(), "email": ""},
        follow=True,
    )
    response = Response.objects.get()
    assert response.texts == {"missing": "Búses <b>"}
    assert response.reference in sent.content.decode()
    here = reverse("entered", args=[response.reference])
    assert "Choose a file." in press(rosa, here).content.decode()
    for _twice in range(2):
        press(rosa, here, {"file": SimpleUploadedFile("../../etc/passwd.html", PDF)})
    attached = Attachment.objects.get()
    assert (attached.kind, attached.bytes) == ("application/pdf", len(PDF))
    assert [path.suffix for path in files.rglob("*") if path.is_file()] == [".pdf"]
    file = rosa.get(reverse("attached-file", args=[attached.pk]))
    assert b"".join(file) == PDF
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.headers["Content-Security-Policy"].startswith("sandbox")
    press(rosa, here, {"file": SimpleUploadedFile("letter.html", b"<script>alert(1)</script>")})
    script = Attachment.objects.latest("pk")
    file = rosa.get(reverse("attached-file", args=[script.pk]))
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Content-Security-Policy"].startswith("sandbox")
    assert AuditEntry.objects.filter(action=Action.FILE_READ, actor=reviewer).count() == 2


def test_the_content_of_a_scan_decides_its_type() -> None:
    for content, name, kind in (
        (PDF, "x.html", ("application/pdf", "pdf")),
        (b"\0\0\0\x18ftypheic\0", "IMG_1.HEIC", ("image/heic", "heic")),
        (b"GIF89a", "", ("image/gif", "gif")),
        (b"PK\x03\x04....word/document.xml", "letter.zip", (f"{WORDS_KIND}", "docx")),
        (b"PK\x03\x04", "x.docx", ("application/zip", "zip")),
        (b"<svg onload=alert(1)>", "x.svg", ("application/octet-stream", "svg")),
        (b"<script>", "../../x.HTML/..", ("application/octet-stream", "bin")),
        (b"", "a.b c", ("application/octet-stream", "bin")),
        (b" %PDF-", "letter.pages", ("application/octet-stream", "pages")),
    ):
        assert kind_of(content, name) == kind


def test_a_long_letter_is_entered_whole(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client], tmp_path: Path
) -> None:
    said = "The plan should say when. " * 7_600 + "I object."
    box = tmp_path / "long.eml"
    box.write_text(f"From: Ann <ann@example.org>\nSubject: Long\n\n{said}\n")
    load_mailbox(consultation=consultation, path=box, by=reviewer)
    message = consultation.messages.get()
    rosa = sign_in(reviewer)
    address = f"{reverse('enter', args=[consultation.slug])}?message={message.pk}"
    as_filled_in = fields_of(forms_of(rosa.get(address))[-1])
    rosa.post(address, as_filled_in | {"received_on": timezone.localdate().isoformat()})
    response = Response.objects.get()
    assert response.texts == {"anything-else": said}
    assert response.contact.email == "ann@example.org"
    again = reverse("key-again", args=[response.reference])
    ben = sign_in(make_person("ben", User.Role.REVIEWER))
    press(ben, again, {"anything-else": said, "name": "Ann", "email": "ann@example.org"})
    assert SecondKeying.objects.get().outcome == SecondKeying.Outcome.AGREED


def test_the_second_person_sees_nothing_of_the_first_until_both_are_done(
    consultation: Consultation, key: Key, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    response = key()
    address = reverse("key-again", args=[response.reference])
    assert sign_in(reviewer).get(address).status_code == 302
    ben = sign_in(make_person("ben", User.Role.REVIEWER))
    blind = ben.get(address).content.decode()
    assert "Buses at night." not in blind
    assert "pat@example.org" not in blind
    typed = {
        "missing": "Trains at night.",
        "name": "Pat Post",
        "email": "pat@example.org",
        "postcode": "N1",
    }
    compared = press(ben, address, typed).content.decode()
    assert "Buses at night." in compared
    assert "Trains at night." in compared
    assert not SecondKeying.objects.exists()
    press(ben, address, typed | {"take": "second"})
    assert SecondKeying.objects.get().differing == ["missing"]
    assert Response.objects.latest("id").texts == {"missing": "Trains at night."}


def test_a_message_is_entered_from_its_page_or_set_aside(
    consultation: Consultation, mailbox: Path, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa = sign_in(reviewer)
    here = reverse("take-up-mailbox", args=[consultation.slug])
    assert "Choose mailbox files" in rosa.post(here, follow=True).content.decode()
    assert (
        "No message was found"
        in rosa.post(
            here, {"file": SimpleUploadedFile("x.mbox", b"Nothing.")}, follow=True
        ).content.decode()
    )
    loaded = rosa.post(
        here, {"file": SimpleUploadedFile("x.mbox", mailbox.read_bytes())}, follow=True
    ).content.decode()
    assert "3 messages are in the file; 0 of them were loaded before." in loaded
    ann, away, _broken = consultation.messages.all()
    entering = rosa.get(
        f"{reverse('enter', args=[consultation.slug])}?message={ann.pk}"
    ).content.decode()
    assert entering.count("From my window I see why.") == 2
    refused = press(rosa, reverse("message", args=[away.pk]), {"reason": ""}).content.decode()
    assert "Write why it is not a response." in refused
    press(rosa, reverse("message", args=[away.pk]), {"reason": "Automatic reply"})
    listed = reverse("message-list", args=[consultation.slug])
    assert "Automatic reply" in rosa.get(listed).content.decode()
    decided = rosa.get(f"{reverse('enter', args=[consultation.slug])}?message={away.pk}")
    assert decided.url == reverse("message", args=[away.pk])


def test_two_people_at_one_message_lose_none_of_their_words(
    consultation: Consultation, mailbox: Path, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    load_mailbox(consultation=consultation, path=mailbox, by=reviewer)
    ann = consultation.messages.all()[0]
    rosa, ben = sign_in(reviewer), sign_in(make_person("ben", User.Role.REVIEWER))
    address = f"{reverse('enter', args=[consultation.slug])}?message={ann.pk}"
    today = {"received_on": timezone.localdate().isoformat()}
    pages = [fields_of(forms_of(client.get(address))[-1]) | today for client in (rosa, ben)]
    first = rosa.post(address, pages[0])
    response = Response.objects.get()
    assert first.url == reverse("entered", args=[response.reference])
    # Receive pressed twice leads to the same page.
    assert rosa.post(address, pages[0]).url == first.url
    second = ben.post(address, pages[1] | {"missing": "Ben's own words."}).content.decode()
    assert (
        f"{reviewer.username} has entered this message already, as {response.reference}" in second
    )
    assert "Ben&#x27;s own words." in second
    assert Response.objects.count() == 1


def test_words_typed_for_a_message_that_was_set_aside_are_kept(
    consultation: Consultation, mailbox: Path, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    load_mailbox(consultation=consultation, path=mailbox, by=reviewer)
    ann = consultation.messages.all()[0]
    rosa = sign_in(reviewer)
    address = f"{reverse('enter', args=[consultation.slug])}?message={ann.pk}"
    page = fields_of(forms_of(rosa.get(address))[-1])
    page["received_on"] = timezone.localdate().isoformat()
    set_message_aside(message=ann, reason="Spam", by=make_person("ben", User.Role.REVIEWER))
    refused = rosa.post(address, page | {"missing": "My words."}).content.decode()
    assert "ben has set this message aside: Spam" in refused
    assert "My words." in refused


ODD_MESSAGES = {
    "an offset of 23 hours": b"Date: Thu, 21 Jan 2027 10:00:00 +2300\n\nMore clubs.",
    "the year 1": b"Date: Fri, 1 Jan 0001 00:00:00 +1400\nSubject: Clubs\n\nMore clubs.",
    "a year long past": b"Date: Tue, 15 Mar 0701 12:00:00 +0000\nSubject: Ides\n\nMore clubs.",
    "the last year": b"Date: Fri, 31 Dec 9999 23:59:59 +0000\nSubject: Last\n\nMore clubs.",
    "no character set": b"Content-Type: text/plain; charset=undefined\n\nMore clubs.",
    "a web address's": b"Subject: Sites\nContent-Type: text/plain; charset=punycode\n\nMore clubs.",
    "bytes as one": b"Subject: Bytes\nContent-Type: text/plain; charset=hex\n\nMore clubs.",
    "a broken name": b"Subject: Clubs\nFrom: =?utf-8?b?!!!?= <a@[>\n\nMore clubs.",
}


def test_one_odd_message_neither_ends_a_loading_nor_breaks_its_own_page(
    consultation: Consultation,
    reviewer: User,
    tmp_path: Path,
    files: Path,
    sign_in: Callable[[User], Client],
) -> None:
    box = tmp_path / "odd.mbox"
    box.write_bytes(
        b"".join(
            b"From a@example.org Thu Jan 21 10:00:00 2027\n" + one + b"\n\n"
            for one in ODD_MESSAGES.values()
        )
    )
    loaded = load_mailbox(consultation=consultation, path=box, by=reviewer)
    assert loaded.messages == len(ODD_MESSAGES) == Message.objects.count()
    rosa = sign_in(reviewer)
    for message in Message.objects.all():
        assert read_letter(message).words == "More clubs."
        assert rosa.get(reverse("message", args=[message.pk])).status_code == 200
    moments = Message.objects.exclude(received_at=None).order_by("received_at")
    assert moments.last().received_at.isoformat() == "2027-01-20T11:00:00+00:00"


def test_a_letter_is_received_under_the_words_that_its_page_showed(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa, address = sign_in(reviewer), reverse("enter", args=[consultation.slug])
    typed = {
        "channel": "post",
        "received_on": timezone.localdate().isoformat(),
        "submission_key": str(uuid4()),
        "started_at": timezone.now().isoformat(),
        "missing": "More clubs.",
        "edition": str(consultation.editions.latest("number").number),
    }
    question = consultation.questions.get(slug="missing")
    question.text = "Should clubs be closed?"
    question.save(update_fields=["text"])
    newest = publish_edition(consultation=consultation, actor=None)
    asked = rosa.post(address, typed)
    words = asked.content.decode()
    assert "Questions were changed since you opened this page" in words
    assert "Should clubs be closed?" in words
    assert not Response.objects.exists()
    assert fields_of(forms_of(asked)[0])["edition"] == str(newest.number)
    assert fields_of(forms_of(asked)[0])["missing"] == "More clubs."
    assert rosa.post(address, typed | {"edition": str(newest.number)}).status_code == 302
    assert Response.objects.get().edition == newest


@pytest.mark.parametrize("instant", ["2026-13-45T99:00", "0001-01-01T00:00:00+14:00", "soon", ""])
def test_a_wrong_instant_in_a_page_gets_words(
    consultation: Consultation, key: Key, sign_in: Callable[[User], Client], instant: str
) -> None:
    ben = sign_in(make_person("ben", User.Role.REVIEWER))
    again = reverse("key-again", args=[key().reference])
    typed = {"missing": "Buses at night.", "name": "Pat Post", "started_at": instant}
    assert press(ben, again, typed | {"take": "first"}).status_code == 302
    entry = {"channel": "post", "received_on": instant[:10], "started_at": instant, "missing": "x"}
    page = press(ben, reverse("enter", args=[consultation.slug]), entry)
    assert page.status_code == 200
    assert "There is a problem" in page.content.decode()
