"""Control characters on pages are shown as symbols, whichever template printed them.

Text that can be edited (the value of a field) stays as it came.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from consult.text import CONTROLS, with_symbols

CONTROL = re.compile(f"[{CONTROLS}]")
# What is not text of the page: a text area, a script, and the inside of a tag.
APART = re.compile(r"<(textarea|script)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def show_controls(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Show each control character of a page as its symbol: a browser leaves it out, and a reader
    would not notice it.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        page = get_response(request)
        if page.streaming or not page.headers.get("Content-Type", "").startswith("text/html"):
            return page
        text = page.content.decode()
        if CONTROL.search(text):
            page.content = in_symbols(text).encode()
        return page

    return answer


def in_symbols(html: str) -> str:
    """Return a page with a symbol in place of each control character in its text."""
    pieces, at = [], 0
    for apart in APART.finditer(html):
        pieces += [with_symbols(html[at : apart.start()]), apart[0]]
        at = apart.end()
    return "".join([*pieces, with_symbols(html[at:])])
