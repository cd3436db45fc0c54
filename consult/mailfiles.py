"""Email without a mail server: each message becomes a file that a mail program can open."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class MailFileBackend(BaseEmailBackend):
    """Writes each whole message into the folder EMAIL_FILE_PATH, named by its time and
    Message-ID.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Return how many were written. Raises OSError if the folder cannot be written to."""
        for email in email_messages:
            write_mail_file(email, folder=Path(str(settings.EMAIL_FILE_PATH)))
        return len(email_messages)


def write_mail_file(email: EmailMessage, *, folder: Path) -> Path:
    """Write one message into `folder`, readable only by its owner.

    Raises OSError, and leaves no part of a file behind.
    """
    message = email.message()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    label = re.sub(r"[^A-Za-z0-9.]+", "-", message["Message-ID"].partition("@")[0]).strip("-.")[:80]
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{label}.eml"
    # Under another name until it is complete: a program that watches the folder never reads half a
    # message.
    aside = folder / f".{uuid4().hex}.part"
    try:
        aside.touch(mode=0o600, exist_ok=False)
        # Django's own message takes the line separator.
        aside.write_bytes(message.as_bytes(linesep="\r\n"))  # type: ignore[call-arg]
        return aside.rename(path)
    finally:
        aside.unlink(missing_ok=True)
