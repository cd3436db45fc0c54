"""What can go wrong with a mail server, and whether another try can help."""

import contextlib
import re
import smtplib

from django.core.mail.backends.base import BaseEmailBackend

# About this recipient or message. The reply code says whether another try can help: 4xx yes, 5xx
# no.
RECIPIENT_TROUBLE = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)
SERVICE_CLOSING = 421  # The one reply to a recipient that is about the server.
# About the mail server or the connection: refused, cut off, silent, wrong password, sender
# rejected. Another try helps once someone has fixed it, and until then no other recipient would do
# better. smtplib's errors are OSErrors, and so are time-outs and a full disk for mail files.
SERVER_TROUBLE = (OSError,)


def recipient_code(error: OSError) -> int:
    """Return the mail server's reply code if `error` is about this recipient or message; 0 if it is
    about the server.
    """
    code = _reply(error)[0] if isinstance(error, RECIPIENT_TROUBLE) else 0
    return 0 if code == SERVICE_CLOSING else code


def in_short(error: OSError) -> str:
    """Return the mail server's own words if there are any, or the name of the error."""
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException)):
        code, words = _reply(error)
        return f"{code} {words}"
    return f"{type(error).__name__}: {error}"


def clean(reason: str, *, address: str) -> str:
    """Return a reason that is safe to keep: without control characters, and without the address,
    which may have to be erased one day.
    """
    reason = (
        re.sub(re.escape(address), "(the address)", reason, flags=re.IGNORECASE)
        if address
        else reason
    )
    return " ".join("".join(char if char.isprintable() else " " for char in reason).split())[:300]


def hang_up(mail: BaseEmailBackend) -> None:
    # The connection is in an unknown state, so a failing QUIT changes nothing.
    with contextlib.suppress(OSError):
        mail.close()


def _reply(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> tuple[int, str]:
    """Return the mail server's reply: its code and its words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return code, said.decode(errors="replace")
    words = error.smtp_error
    return error.smtp_code, words.decode(errors="replace") if isinstance(words, bytes) else words
