"""PDFs of our pages, made when someone asks for one.

At the web process's request, since a copy of a receipt must also be had while Redis is away; but in
a program of its own, and one at a time for each web process, so that many who ask at once take
neither memory nor processor from those who answer.
"""

import logging
import subprocess
import sys
from threading import BoundedSemaphore

from django.conf import settings

log = logging.getLogger(__name__)

# As `pdf_program` has it, which may not be imported here: it needs Pango.
NOT_DRAWN = 3

TURN = BoundedSemaphore(1)
# One at work and three that wait; each of them holds a thread and a database connection of the web
# process meanwhile.
ROOM = BoundedSemaphore(4)
# About one second is usual; the longest response that can be sent takes a few.
WAIT_SECONDS = 10
RUN_SECONDS = 40


class PdfNotMade(Exception):
    """Too many ask at this moment, or the program that makes PDFs lacks something.

    The message is for the operator.
    """


class NotDrawn(Exception):
    """No font here has these characters, so that the PDF would show boxes in their place."""

    def __init__(self, characters: str) -> None:
        super().__init__(characters)
        self.characters = characters


def make_pdf(html: str, *, anyway: bool = False) -> bytes:
    """`html`, a whole document with its style inside, as a tagged PDF.

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
        # The last line of what it said names what is missing. None of it is the respondent's.
        said = trouble.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PdfNotMade(
            f"Making a PDF failed; is Pango installed? {' '.join(said)[:200]}"
        ) from trouble
    return done.stdout
