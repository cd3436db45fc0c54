"""Turns one of our pages into an accessible PDF: HTML from standard input, PDF to standard output.

`responses.responding.pdf` starts it as a separate program, because the system libraries it needs
may be missing, and so that its 80 MB are given back when it ends. It fetches nothing, neither from
the network nor from the disk.
"""

import logging
import re
import sys

from weasyprint import HTML
from weasyprint.logger import LOGGER
from weasyprint.urls import URLFetcher

# Its exit code if no font has some of the characters, which are then its only output.
NOT_DRAWN = 3


class Missing(logging.Handler):
    """Collects the characters that WeasyPrint reports because no installed font has them."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.characters: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        found = re.search(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)$", record.getMessage())
        if found and (character := chr(int(found[1], 16))) not in self.characters:
            self.characters.append(character)


if __name__ == "__main__":
    missing = Missing()
    LOGGER.addHandler(missing)
    page = HTML(
        string=sys.stdin.buffer.read().decode(), url_fetcher=URLFetcher(allowed_protocols=[])
    )
    # Tagged, with title and language: PDF/UA-1 (ISO 14289-1), so that a screen reader finds
    # headings and order.
    made = page.write_pdf(pdf_variant="pdf/ua-1")
    if missing.characters and "--anyway" not in sys.argv:
        sys.stdout.buffer.write("".join(missing.characters).encode())
        sys.exit(NOT_DRAWN)
    sys.stdout.buffer.write(made)
