"""What the service writes of itself: one line each, as JSON where it runs for real.

No answers, names, addresses or tokens.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

# Which request or task a line belongs to.
current_id: ContextVar[str] = ContextVar("current_id", default="")
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
# PostgreSQL quotes rows in these lines of its errors, and a row may hold anything.
QUOTES_ROWS = re.compile(r"^(DETAIL|CONTEXT|HINT|LINE \d+):.*$", re.MULTILINE)
# A receipt's address is its key.
TOKENS = re.compile(r"(/receipt/)[^/\s\"]+")

log = logging.getLogger("consult.requests")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
            "id": current_id.get(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = clean(self.formatException(record.exc_info))
        # In ASCII: some readers take other characters too for the end of a line.
        return json.dumps(line)


class LineFormatter(logging.Formatter):
    """The same for people, on a line."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def clean(text: str) -> str:
    """`text` without what may be somebody's: rows that the database quotes, and receipts'
    addresses.
    """
    return TOKENS.sub(r"\1…", QUOTES_ROWS.sub(r"\1: left out", text))


def request_log(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, and say how it went: the route, not the address, which
    may be a key.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = current_id.set(given if ID.fullmatch(given) else uuid4().hex)
        began = time.monotonic()
        try:
            page = get_response(request)
            route = request.resolver_match.view_name if request.resolver_match else ""
            fields = {
                "method": request.method,
                "route": route,
                "status": page.status_code,
                "ms": round((time.monotonic() - began) * 1000, 1),
            }
            log.info(
                "%s %s %s",
                request.method,
                route or "no route",
                page.status_code,
                extra={"fields": fields},
            )
            page["X-Request-ID"] = current_id.get()
            return page
        finally:
            current_id.reset(token)

    return answer
