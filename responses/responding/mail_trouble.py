"""What goes wrong with a mail server, and how to tell whether another try can help."""

import contextlib
import re
import smtplib

from django.core.mail.backends.base import BaseEmailBackend

# About this recipient or message. The reply's code says whether another try can help: 4xx yes, 5xx
# no.
RECIPIENT_TROUBLE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
SERVICE_CLOSING = 421  # The one reply to a recipient that is about the server.
# About the mail server or the way to it: refused, cut, silent, wrong password, sender not liked.
# Another try always helps once someone has fixed it, and until then the next recipient would fare
# no better. smtplib's errors are OSErrors, and so are time-outs and a full disk under mail files.
SERVER_TROUBLE = (OSError,)


def recipient_code(error: OSError) -> int:
    """The mail server's reply code where `error` is about this recipient or message; 0 where it is
    about the server.
    """
    code = _reply(error)[0] if isinstance(error, RECIPIENT_TROUBLE) else 0
    return 0 if code == SERVICE_CLOSING else code


def in_short(error: OSError) -> str:
    """The mail server's own words where there are some, else the name of what went wrong."""
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)):
        code, words = _reply(error)
        return f"{code} {words}"
    return f"{type(error).__name__}: {error}"


def clean(reason: str, *, address: str) -> str:
    """A reason fit to keep: foreign text without control characters, and without the address, which
    may be erased one day.
    """
    reason = (
        re.sub(re.escape(address), "(the address)", reason, flags=re.IGNORECASE)
        if address
        else reason
    )
    return " ".join("".join(char if char.isprintable() else " " for char in reason).split())[:300]


def hang_up(mail: BaseEmailBackend) -> None:
    # A connection in an unknown state is no use; a goodbye that fails changes nothing.
    with contextlib.suppress(OSError):
        mail.close()


def _reply(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> tuple[int, str]:
    """What the mail server said, its code and its words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return code, said.decode(errors="replace")
    words = error.smtp_error
    return error.smtp_code, words.decode(errors="replace") if isinstance(words, bytes) else words
