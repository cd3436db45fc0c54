"""Loading mailboxes: each letter once, whatever program wrote the file, and nothing left behind."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consult.models import Action, AuditEntry, Consultation, User
from responses.governance.reconciling import reconcile
from responses.models import Message
from responses.reviewing import mailboxes
from responses.reviewing.inbound.letters import Letter, letter_in
from responses.reviewing.inbound.mail_files import messages_in
from responses.reviewing.mailboxes import (
    Loaded,
    NotAMailbox,
    load_mailbox,
    original_of,
    read_letter,
)
from tests.support import outlook
from tests.support.mails import CORPUS, HEAD, PDF, in_mbox, mail
from tests.support.pressing import fields_of, forms_of, press

WORDS = (
    b"I live in Brent.\n\nFrom next year the plan should fund wardens.\n\nFrom us at work:\n"
    b"Note: at 10:00 on Mon Nov 23 it was dark.\n\nFrom my street.\n"
)
LETTER = HEAD % b"one" + b"Content-Type: text/plain; charset=utf-8\n\n" + WORDS
STATUS = b"X-Mozilla-Status: 0001\nX-Mozilla-Keys: $label1\nStatus: RO\nX-Gmail-Labels: Read\n"
OTHER = LETTER.replace(b"I live", b"I work")


@pytest.fixture
def load(consultation: Consultation, reviewer: User, tmp_path: Path) -> Callable[..., Loaded]:
    """Load a file of these bytes."""

    def loaded(content: bytes, name: str = "in.mbox") -> Loaded:
        path = tmp_path / name
        path.write_bytes(content)
        return load_mailbox(consultation=consultation, path=path, by=reviewer)

    return loaded


def zipped(files: dict[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_a_line_that_begins_with_from_stays_in_its_letter(
    load: Callable[..., Loaded], consultation: Consultation
) -> None:
    quoted = in_mbox(LETTER)
    bare = in_mbox(OTHER, quoted=False)
    assert load(quoted + bare).messages == 2
    first, second = consultation.messages.all()
    assert read_letter(first).words == WORDS.decode().strip()
    assert read_letter(second).words == WORDS.decode().strip().replace("I live", "I work")


def test_every_mail_of_the_corpus_comes_out_of_a_mailbox_whole(tmp_path: Path) -> None:
    box = tmp_path / "all.mbox"
    mails = [made.raw for made in CORPUS.values()]
    box.write_bytes(b"".join(map(in_mbox, mails)))
    found = [one.raw for one in messages_in(box)]
    assert [raw and raw.rstrip(b"\r\n") for raw in found] == [raw.rstrip(b"\r\n") for raw in mails]


@pytest.mark.parametrize(
    "separator",
    [
        b"From - Mon Nov 23 10:00:00 2026",
        b"From ann@example.org Mon Nov 23 10:00:00 2026",
        b"From ann@example.org Mon Nov 23 10:00:00 +0000 2026",
        b"From 1751@xxx Mon Nov 23 10:00:00 +0000 2026",
        b"From MAILER-DAEMON Mon Nov  3 10:00:00 2026",
        b"From ann@example.org  Mon Nov 23 10:00 2026",
        b"From ann@example.org Mon, 23 Nov 2026 10:00:00 +0000",
        b'From "ann heron"@example.org Mon Nov 23 10:00:00 GMT 2026',
        b"From ",
        b"From -",
    ],
)
def test_the_separators_of_many_mail_programs_are_known(separator: bytes, tmp_path: Path) -> None:
    box = tmp_path / "box"
    for ending in (b"\n", b"\r\n"):
        one = (separator + b"\n" + LETTER + b"\n").replace(b"\n", ending)
        box.write_bytes(b"\xef\xbb\xbf" + one * 3)
        assert len([one for one in messages_in(box) if one.raw]) == 3


def test_a_letter_that_was_read_or_saved_again_is_the_same_letter(
    load: Callable[..., Loaded], consultation: Consultation
) -> None:
    accents = mail(b"text/plain; charset=utf-8", "Déjà vu – again.\n".encode())
    in_latin = mail(b"text/plain; charset=windows-1252", "Déjà vu – again.\n".encode("cp1252"))
    assert load(in_mbox(LETTER) + in_mbox(accents)).messages == 2
    for again in (
        in_mbox(STATUS + LETTER),
        in_mbox(LETTER).replace(b"\n", b"\r\n"),
        in_mbox(LETTER, quoted=False),
        LETTER,
        LETTER.replace(b"\n", b"\r\n"),
        LETTER + b"\n\n",
        LETTER.replace(b"Subject: Lights", b"Subject:\n Lights"),
        b"12345\n" + LETTER,
        in_latin,
        mail(
            b"text/plain; charset=utf-8", b"D=C3=A9j=C3=A0 vu =E2=80=93 again.", b"quoted-printable"
        ),
        zipped({"a/1.eml": STATUS + LETTER}),
    ):
        loaded = load(again)
        assert (loaded.messages, loaded.known) == (1, 1)
    assert consultation.messages.count() == 2


def test_two_letters_with_one_message_id_are_kept_and_named(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    loaded = load(in_mbox(LETTER) + in_mbox(OTHER))
    assert (loaded.messages, loaded.known, loaded.namesakes) == (2, 0, 1)
    first, second = consultation.messages.all()
    page = sign_in(reviewer).get(reverse("message", args=[first.pk])).content.decode()
    assert "has the same Message-ID" in page
    assert reverse("message", args=[second.pk]) in page


def test_identical_letters_without_a_message_id_differ_by_their_way(
    load: Callable[..., Loaded],
) -> None:
    text = b"From: Kiosk <kiosk@example.org>\nSubject: Lights\n\nPlease mend the lights.\n"
    one = b"Received: from a by b; Mon, 23 Nov 2026 10:00:00 +0000\n" + text
    two = b"Received: from a by b; Mon, 23 Nov 2026 10:05:00 +0000\n" + text
    assert load(in_mbox(one) + in_mbox(two)).known == 0
    assert load(in_mbox(STATUS + two)).known == 1
    assert load(in_mbox(two.replace(b" by b; ", b"\n\tby b;\n "))).known == 1


@pytest.mark.parametrize("kind", [b"text/csv", b"text/calendar", b"message/delivery-status"])
def test_a_letters_texts_are_the_same_with_other_line_endings(
    load: Callable[..., Loaded], kind: bytes
) -> None:
    head = b"From: Ann <ann@example.org>\nMessage-ID: <7@example.org>\nMIME-Version: 1.0\n"
    parts = (
        b"\n--x\nContent-Type: text/plain\n\nAs agreed.\n--x\nContent-Type: "
        + kind
        + b"\n\nFinal-Recipient: a\nAction: b\n\n--x--\n"
    )
    sent = head + b"Content-Type: multipart/mixed; boundary=x\n" + parts
    assert load(in_mbox(sent)).known == 0
    loaded = load(in_mbox(sent).replace(b"\n", b"\r\n"))
    assert (loaded.messages, loaded.known) == (1, 1)


def test_a_zip_of_many_forms_is_loaded_and_what_is_no_message_is_named(
    load: Callable[..., Loaded], consultation: Consultation
) -> None:
    files = {
        "box.mbox": in_mbox(LETTER) + in_mbox(OTHER),
        "one.eml": CORPUS["flowed"].raw,
        "two.EMLX": b"200       \n" + CORPUS["Polish"].raw,
        "cur/1763:2,S": CORPUS["Korean"].raw,
        "saved.msg": outlook.message(body="From Outlook."),
        "notes.txt": b"Notes: nothing.",
        "letter.pdf": PDF,
        "__MACOSX/._one.eml": b"litter",
    }
    loaded = load(zipped(files), "many.zip")
    assert (loaded.messages, loaded.known) == (6, 0)
    assert loaded.without == ("notes.txt", "letter.pdf")
    assert {message.subject for message in consultation.messages.all()} == {"Lights"}
    with pytest.raises(NotAMailbox):
        load(b"PK\x03\x04 and nothing", "broken.zip")


def test_a_zip_locked_with_a_password_is_named(load: Callable[..., Loaded]) -> None:
    content = bytearray(zipped({"one.eml": LETTER, "two.eml": OTHER}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    assert load(bytes(content), "locked.zip").without == ("two.eml",)


def test_a_message_saved_by_outlook_is_read_and_a_broken_one_is_kept(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    raw = outlook.message(body="I don’t agree.\r\nTwo.", files={"Lettre é.pdf": PDF * 500})
    assert load(raw).messages == 1
    assert load(raw[:608]).messages == 1
    whole, broken = consultation.messages.all()
    letter = read_letter(whole)
    assert (letter.sender, letter.words) == ("Ann Heron <ann@example.org>", "I don’t agree.\nTwo.")
    rosa = sign_in(reviewer)
    part = rosa.get(reverse("message-part", args=[whole.pk, letter.parts[0].number]))
    assert b"".join(part) == PDF * 500
    page = rosa.get(reverse("message", args=[broken.pk])).content.decode()
    assert "cannot be read here" in page
    original = rosa.get(reverse("message-original", args=[broken.pk]))
    assert b"".join(original) == raw[:608]


def test_the_original_and_each_part_are_downloads_that_no_browser_runs(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    load(CORPUS["an inline PDF that is the letter"].raw)
    message = consultation.messages.get()
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("message", args=[message.pk])).content.decode()
    assert "(no words)" not in page
    assert "Letter.pdf" in page
    for address, content in (
        (
            reverse("message-original", args=[message.pk]),
            CORPUS["an inline PDF that is the letter"].raw,
        ),
        (reverse("message-part", args=[message.pk, 0]), PDF),
    ):
        file = rosa.get(address)
        assert b"".join(file) == content
        assert file["Content-Disposition"].startswith("attachment")
        assert file["Content-Security-Policy"].startswith("sandbox")
        assert file["Content-Type"] == "application/octet-stream"
    assert AuditEntry.objects.filter(action=Action.FILE_READ, actor=reviewer).count() == 2
    assert rosa.get(reverse("message-part", args=[message.pk, 9])).status_code == 404


def test_a_forwarded_message_is_taken_up_as_a_letter_of_its_own_once(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    load(CORPUS["a forwarded message"].raw)
    outer = consultation.messages.get()
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("message", args=[outer.pk])).content.decode()
    assert "a message from Ann Heron" in page
    for _twice in range(2):
        assert rosa.post(reverse("take-up-forwarded", args=[outer.pk, 1])).status_code == 302
    inner = Message.objects.exclude(pk=outer.pk).get()
    assert inner.within == outer
    assert read_letter(inner).words == "Forwarded words."
    for number in (0, 9):
        assert rosa.post(reverse("take-up-forwarded", args=[outer.pk, number])).status_code == 404


def test_the_page_says_what_was_found_and_what_was_not(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa, here = sign_in(reviewer), reverse("take-up-mailbox", args=[consultation.slug])
    content = zipped({"1.eml": LETTER, "2.eml": OTHER, "<b>.pdf": PDF})
    page = rosa.post(
        here, {"file": SimpleUploadedFile("in.zip", content)}, follow=True
    ).content.decode()
    assert "2 messages are in the file; 0 of them were loaded before." in page
    assert "Letters with the Message-ID of another one and other words: 1." in page
    assert "No message was found in: &lt;b&gt;.pdf." in page


def test_every_message_is_reached_and_found_by_its_words(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    box = b"".join(
        in_mbox(
            f"From: Zoë {number} <z{number}@example.org>\nSubject: Café {number}\n\n"
            f"Word{number} here.\n".encode()
        )
        for number in range(120)
    )
    assert load(box).messages == 120
    rosa, here = sign_in(reviewer), reverse("message-list", args=[consultation.slug])
    seen: list[int] = []
    address = here
    for _page in range(3):
        page = rosa.get(address).context["page"]
        seen += [one.pk for one in page.rows]
        address = f"{here}?after={page.newer}"
    assert seen == list(consultation.messages.values_list("pk", flat=True))
    back = rosa.get(f"{here}?before={seen[100]}").context["page"].rows
    assert [one.pk for one in back] == seen[50:100]
    for word in ("word17", "zoe 17", "z17@example.org", '"cafe 17"'):
        found = rosa.get(here, {"word": word}).context["page"].rows
        assert [one.subject for one in found] == ["Café 17"]
    page = rosa.get(here, {"word": "word17"}).content.decode()
    assert "Zoë 17" in page
    assert "Word17 here." in page
    assert rosa.get(here, {"state": "response"}).context["page"].rows == []
    assert rosa.get(here, {"word": "...", "state": "x\0"}).context["page"].rows == []


def test_a_message_that_was_set_aside_can_be_reopened_with_a_reason(
    load: Callable[..., Loaded],
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    load(LETTER)
    message = consultation.messages.get()
    rosa, here = sign_in(reviewer), reverse("message", args=[message.pk])
    press(rosa, here, {"reason": "Automatic reply"})
    again = reverse("reopen-message", args=[message.pk])
    (form,) = [one for one in forms_of(rosa.get(here)) if one.get("action") == again]
    shown = fields_of(form)
    assert "Write why it is opened." in rosa.post(again, shown, follow=True).content.decode()
    reopened = shown | {"reason": "It is a letter"}
    page = rosa.post(again, reopened, follow=True).content.decode()
    assert "It was decided, and opened again: It is a letter" in page
    assert reverse("enter", args=[consultation.slug]) in page
    message.refresh_from_db()
    assert (message.state, message.decided_by) == ("waiting", None)
    assert AuditEntry.objects.filter(action=Action.MESSAGE_REOPENED).count() == 1
    twice = rosa.post(again, shown | {"reason": "Twice"}, follow=True).content.decode()
    assert "It was changed since you opened it. Read it again." in twice
    assert 'value="Twice"' in twice


def test_many_files_load_at_once_and_the_sender_is_filled_in(
    consultation: Consultation, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    rosa = sign_in(reviewer)
    files = [SimpleUploadedFile(f"{n}.eml", raw) for n, raw in enumerate((LETTER, OTHER))]
    files.append(SimpleUploadedFile("a.msg", outlook.message(body="From Outlook.")))
    rosa.post(reverse("take-up-mailbox", args=[consultation.slug]), {"file": files})
    assert consultation.messages.count() == 3
    message = consultation.messages.all()[0]
    page = rosa.get(f"{reverse('enter', args=[consultation.slug])}?message={message.pk}")
    whole = page.context["whole"]
    values = {name: form[name].value() for form in whole.parts for name in form.fields}
    assert (values["name"], values["email"]) == ("Ann Heron", "ann@example.org")


def test_a_message_whose_file_was_removed_leaves_none_of_its_words(
    load: Callable[..., Loaded], consultation: Consultation
) -> None:
    load(LETTER)
    message = consultation.messages.get()
    Message.objects.filter(pk=message.pk).update(**Message.EMPTIED)
    row = Message.objects.filter(pk=message.pk).values().get()
    kept = {name: value for name, value in row.items() if value not in ("", None)}
    assert sorted(kept) == [
        *["consultation_id", "id", "loaded_at", "loaded_by_id", "received_at", "sha256", "state"]
    ]


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_after_a_mailbox_was_loaded(
    load: Callable[..., Loaded], consultation: Consultation
) -> None:
    """Each message is part of an act on the trail."""
    separator = b"From a@example.org Thu Nov 19 10:00:00 2026\n"
    mails = [
        separator + LETTER.replace(b"Message-ID: <", b"Message-ID: <%d" % number) + b"\n\n"
        for number in range(120)
    ]
    assert load(b"".join(mails)).messages == consultation.messages.count() == 120
    assert reconcile().differences == []
    entries = AuditEntry.objects.filter(action=Action.MAILBOX_LOADED)
    assert sum(one.details["messages"] for one in entries) == 120


def test_a_message_that_cannot_be_read_is_kept_and_stops_no_other(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(raw: bytes) -> Letter:
        if b"I live" in raw:
            raise RecursionError
        return letter_in(raw)

    monkeypatch.setattr(mailboxes, "letter_in", read)
    content = zipped({"odd.eml": LETTER, "well.eml": OTHER})
    assert load(content, "two.zip").messages == 2
    kept = {message.subject: original_of(message) for message in Message.objects.all()}
    assert kept.pop("") == LETTER
    assert list(kept.values()) == [OTHER]
    # Loaded again, each is the message that is here.
    assert (load(content, "two.zip").known, Message.objects.count()) == (2, 2)
    assert read_letter(Message.objects.get(subject="")).unreadable


def test_a_message_that_the_database_refuses_is_kept_and_stops_no_other(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(raw: bytes) -> Letter:
        letter = letter_in(raw)
        return replace(letter, subject="Clubs\0") if b"I live" in raw else letter

    monkeypatch.setattr(mailboxes, "letter_in", read)
    assert load(zipped({"odd.eml": LETTER, "well.eml": OTHER}), "two.zip").messages == 2
    assert sorted(map(original_of, Message.objects.all())) == sorted([LETTER, OTHER])
    assert Message.objects.filter(subject="").count() == 1
