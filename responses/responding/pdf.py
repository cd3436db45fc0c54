"""PDFs of our pages, made when someone asks for one.

The web process makes them, so that people can keep a copy of their receipt even while Redis is
down. Each is made in a separate program, and one at a time in each web process, so that many
requests at once do not slow down people who are answering.
"""

import logging
import subprocess
import sys
from threading import BoundedSemaphore

from django.conf import settings

log = logging.getLogger(__name__)

# The same as in `pdf_program`, which cannot be imported here because it needs Pango.
NOT_DRAWN = 3

TURN = BoundedSemaphore(1)
# One being made and three waiting. Each holds a thread and a database connection.
ROOM = BoundedSemaphore(4)
# Usually one takes about a second, and the longest possible response a few.
WAIT_SECONDS = 10
RUN_SECONDS = 40


class PdfNotMade(Exception):
    """Too many people are asking at once, or the program that makes PDFs lacks something.

    The message is for the operator.
    """


class NotDrawn(Exception):
    """No font here has these characters, so the PDF would show boxes instead."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters


def make_pdf(html: str, *, anyway: bool = False) -> bytes:
    """Turn `html`, a whole document with its style inside, into a tagged PDF.

    Raises PdfNotMade, and NotDrawn unless it is wanted `anyway`.
    """
    if not ROOM.acquire(blocking=False):
        raise PdfNotMade("Too many wait already.")
    try:
        if not TURN.acquire(timeout=WAIT_SECONDS):
            raise PdfNotMade("Others are being made; none of them was ready in time.")
        try:
            return _run(html, anyway=anyway)
        finally:
            TURN.release()
    finally:
        ROOM.release()


def _run(html: str, *, anyway: bool) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 (no argument comes from outside)
            [sys.executable, "-m", "responses.responding.pdf_program", *["--anyway"][:anyway]],
            input=html.encode(),
            capture_output=True,
            cwd=settings.BASE_DIR,
            timeout=RUN_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as trouble:
        raise PdfNotMade(f"It was not ready after {RUN_SECONDS} seconds.") from trouble
    except subprocess.CalledProcessError as trouble:
        if trouble.returncode == NOT_DRAWN:
            raise NotDrawn(trouble.stdout.decode()) from trouble
        # Its last line of output names what is missing, and holds nothing of the respondent's.
        said = trouble.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PdfNotMade(
            f"Making a PDF failed; is Pango installed? {' '.join(said)[:200]}"
        ) from trouble
    return done.stdout
