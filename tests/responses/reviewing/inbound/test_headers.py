"""Headers of emails as people read them, however they were written."""

from email import message_from_bytes
from email.message import Message

import pytest

from responses.reviewing.inbound.headers import (
    charset_of,
    header,
    in_words,
    kept,
    name_of_file,
    sender_of,
    tolerant,
)


def mail(*lines: str) -> Message:
    return message_from_bytes("\n".join([*lines, "", "Body."]).encode())


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Plain words", "Plain words"),
        ("=?utf-8?q?Caf=C3=A9?=", "Café"),
        ("=?UTF-8?B?Q2Fmw6k=?=", "Café"),
        ("=?iso-8859-1?q?Caf=E9?= at noon", "Café at noon"),
        ("=?utf-8?q?one?= =?utf-8?q?two?=", "onetwo"),
        ("folded\n  over\t lines", "folded over lines"),
        ("=?nonsense?q?Caf=C3=A9?=", "Café"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
        ("100 = 50 + 50?", "100 = 50 + 50?"),
        ("", ""),
    ],
)
def test_encoded_words_are_decoded_and_others_stay(raw: str, words: str) -> None:
    assert in_words(raw) == words


def test_bytes_that_were_sent_raw_are_read() -> None:
    sent = message_from_bytes("Subject: Café\n\nBody.".encode())
    assert header(sent, "Subject") == "Café"
    latin = message_from_bytes("Subject: Caf\xe9 noir\n\nBody.".encode("latin-1"))
    assert header(latin, "subject") == "Café noir"


def test_a_header_that_is_not_there_is_empty_and_of_two_the_first_counts() -> None:
    assert header(mail("Subject: One", "Subject: Two"), "subject") == "One"
    assert header(mail("To: us"), "Subject") == ""


@pytest.mark.parametrize(
    ("line", "name", "address"),
    [
        ("From: Rita Respondent <rita@example.org>", "Rita Respondent", "rita@example.org"),
        ("From: rita@example.org", "", "rita@example.org"),
        ("From: rita@example.org (Rita)", "Rita", "rita@example.org"),
        ('From: "Respondent, Rita" <rita@example.org>', "Respondent, Rita", "rita@example.org"),
        ("From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>", "Zoë", "zoe@example.org"),
        ("From: 'Rita' <rita@example.org>", "Rita", "rita@example.org"),
        ("From: Rita rita@example.org", "Rita", "rita@example.org"),
        ("From: Rita", "Rita", ""),
        ("From:", "", ""),
        ("To: us", "", ""),
        ("Sender: office@example.org", "", "office@example.org"),
    ],
)
def test_who_wrote_is_read_from_any_writing(line: str, name: str, address: str) -> None:
    assert sender_of(mail(line)) == (name, address)


def test_the_author_counts_before_the_one_who_sent_it() -> None:
    both = mail("Sender: office@example.org", "From: rita@example.org")
    assert sender_of(both) == ("", "rita@example.org")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('Content-Disposition: attachment; filename="letter.pdf"', "letter.pdf"),
        ("Content-Disposition: attachment; filename*=utf-8''Caf%C3%A9.pdf", "Café.pdf"),
        ('Content-Type: application/pdf; name="by type.pdf"', "by type.pdf"),
        ('Content-Disposition: attachment; filename="../../etc/passwd"', ".._.._etc_passwd"),
        ("Content-Disposition: attachment", ""),
        ("Content-Type: text/plain", ""),
    ],
)
def test_the_name_of_a_file_is_a_name_and_no_path(line: str, name: str) -> None:
    assert name_of_file(mail(line)) == name


@pytest.mark.parametrize(
    ("line", "charset"),
    [
        ("Content-Type: text/plain; charset=utf-8", "utf-8"),
        ("Content-Type: text/plain; charset=UTF-8", "utf-8"),
        ("Content-Type: text/plain", ""),
        ("Content-Type: nonsense", ""),
    ],
)
def test_the_character_set_that_is_named(line: str, charset: str) -> None:
    assert charset_of(mail(line)) == charset


@pytest.mark.parametrize("error", [AttributeError, LookupError, TypeError, ValueError])
def test_what_the_library_cannot_read_is_nothing(error: type[Exception]) -> None:
    def fails() -> str:
        raise error("broken")

    assert tolerant(fails) is None
    assert tolerant(lambda: "read") == "read"


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        tolerant(lambda: 1 // 0)


def test_what_is_kept_fits_a_database_and_shows_on_a_page() -> None:
    assert kept("a\0b\ud800c\x1bd") == "a␀b\ufffdc␛d"
