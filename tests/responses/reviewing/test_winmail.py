"""A winmail.dat is opened into the words and files that its sender meant to send."""

import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.reviewing.inbound import tnef
from responses.reviewing.inbound.letters import letter_in
from responses.reviewing.inbound.parts import part_of
from responses.reviewing.mailboxes import load_mailbox
from tests.support.mails import PDF, PLAIN, leaf, several
from tests.support.winmail import winmail

WORDS = "Keep the café’s lights on.".encode("cp1252")
WRAPPED = winmail(WORDS, {"map.pdf": PDF, "../../away.txt": b"out of its folder"})


def wrapped(content: bytes, *beside: bytes) -> bytes:
    part = leaf(
        b'application/ms-tnef; name="winmail.dat"',
        b64encode(content),
        b"Content-Transfer-Encoding: base64",
    )
    return several(b"mixed", *beside, part)


def test_the_words_and_the_files_of_a_winmail_dat_are_there() -> None:
    letter = letter_in(wrapped(WRAPPED))
    assert letter.words == "Keep the café’s lights on."
    assert [part.name for part in letter.parts] == [*("winmail.dat", "map.pdf", ".._.._away.txt")]
    assert part_of(wrapped(WRAPPED), letter.parts[1].number).content == PDF


def test_the_wrapping_itself_can_still_be_saved() -> None:
    letter = letter_in(wrapped(WRAPPED))
    part = part_of(wrapped(WRAPPED), letter.parts[0].number)
    assert part
    assert (part.name, part.content) == ("winmail.dat", WRAPPED)


def test_words_outside_the_wrapping_are_shown_too() -> None:
    letter = letter_in(wrapped(WRAPPED, leaf(PLAIN, b"See the attachment.")))
    assert letter.words.startswith("See the attachment.")
    assert "Keep the caf" in letter.words
    assert not any(part.wrapped for part in letter.parts)


@pytest.mark.parametrize("content", [b"eJ8+IgAB", WRAPPED[:40], b"\x78\x9f\x3e\x22", b""])
def test_a_wrapping_that_cannot_be_opened_is_kept_and_said(content: bytes) -> None:
    letter = letter_in(wrapped(content))
    assert [part.name for part in letter.parts] == ["winmail.dat"]
    assert letter.parts[0].wrapped


def test_a_wrapping_that_takes_too_long_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_command: object, **_options: object) -> None:
        raise subprocess.TimeoutExpired("tnef", 20)

    monkeypatch.setattr(tnef.subprocess, "run", slow)
    assert letter_in(wrapped(WRAPPED)).parts[0].wrapped


def test_a_letter_is_the_same_whether_its_wrapping_was_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = letter_in(wrapped(WRAPPED)).identity
    monkeypatch.setattr(tnef, "opened", lambda _content: [])
    assert letter_in(wrapped(WRAPPED)).identity == opened


def test_the_page_shows_what_was_wrapped(
    consultation: Consultation,
    reviewer: User,
    sign_in: Callable[[User], Client],
    tmp_path: Path,
    files: Path,
) -> None:
    (tmp_path / "in.eml").write_bytes(wrapped(WRAPPED))
    load_mailbox(consultation=consultation, path=tmp_path / "in.eml", by=reviewer)
    message = consultation.messages.get()
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("message", args=[message.pk])).content.decode()
    assert "Keep the café’s lights on." in page
    assert "map.pdf" in page
    number = letter_in(wrapped(WRAPPED)).parts[1].number
    file = rosa.get(reverse("message-part", args=[message.pk, number]))
    assert b"".join(file) == PDF
