"""What a mail server says, and whether it is about one address or about the server."""

import smtplib
from collections.abc import Callable

import pytest

from responses.responding.mail_trouble import clean, hang_up, in_short, recipient_code

Refused = smtplib.SMTPRecipientsRefused


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused({"a@b.c": (550, b"no such user")}), 550),
        (Refused({"a@b.c": (450, b"try later")}), 450),
        (smtplib.SMTPDataError(554, b"spam"), 554),
        # The one reply to a recipient that is about the server: it is closing.
        (Refused({"a@b.c": (421, b"closing")}), 0),
        (smtplib.SMTPDataError(421, b"closing"), 0),
        (smtplib.SMTPSenderRefused(550, b"not you", "us@example.org"), 0),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), 0),
        (smtplib.SMTPServerDisconnected("gone"), 0),
        (TimeoutError("timed out"), 0),
        (ConnectionRefusedError(111, "refused"), 0),
        (OSError(28, "No space left on device"), 0),
    ],
)
def test_only_what_is_about_the_recipient_has_a_code(error: OSError, code: int) -> None:
    assert recipient_code(error) == code


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused({"a@b.c": (550, b"no such user")}), "550 no such user"),
        (smtplib.SMTPDataError(554, b"looks like spam"), "554 looks like spam"),
        (smtplib.SMTPDataError(554, "in text"), "554 in text"),
        (Refused({"a@b.c": (550, b"caf\xe9")}), "550 caf\ufffd"),
        (TimeoutError("timed out"), "TimeoutError: timed out"),
        (smtplib.SMTPServerDisconnected("gone"), "SMTPServerDisconnected: gone"),
    ],
)
def test_the_servers_own_words_where_there_are_some(error: OSError, words: str) -> None:
    assert in_short(error) == words


def test_the_address_goes_from_a_reason_however_it_is_written() -> None:
    reason = clean("550 <Rita@Example.org>: rita@example.org unknown", address="rita@example.org")
    assert reason == "550 <(the address)>: (the address) unknown"


def test_an_address_is_no_pattern() -> None:
    assert clean("550 ritaXexample.org", address="rita.example.org") == "550 ritaXexample.org"
    assert clean("550 a+b@c.d", address="a+b@c.d") == "550 (the address)"


def test_without_an_address_a_reason_stays_as_it_is() -> None:
    assert clean("550 unknown", address="") == "550 unknown"


def test_control_characters_and_line_breaks_become_spaces() -> None:
    assert clean("550\r\n no\x00such\x1b[2J  user ", address="") == "550 no such [2J user"


def test_a_long_reason_is_cut() -> None:
    assert clean("x" * 500, address="") == "x" * 300


@pytest.mark.parametrize("raised", [smtplib.SMTPServerDisconnected("gone"), TimeoutError()])
def test_a_goodbye_that_fails_is_no_trouble(raised: OSError) -> None:
    class Mail:
        def close(self) -> None:
            raise raised

    hang_up(Mail())


def test_what_is_no_trouble_of_the_network_is_not_hidden() -> None:
    class Mail:
        close: Callable[[], None]

        def __init__(self) -> None:
            self.close = lambda: (_ for _ in ()).throw(ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        hang_up(Mail())
