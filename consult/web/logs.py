"""What the service logs: one line each, as JSON in production.

No answers, names, addresses or tokens.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

# Which request or task a line belongs to.
current_id: ContextVar[str] = ContextVar("current_id", default="")
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
# PostgreSQL quotes rows in these lines of its errors, and a row can contain anything.
QUOTES_ROWS = re.compile(r"^(DETAIL|CONTEXT|HINT|LINE \d+):.*$", re.MULTILINE)
# What follows these opens something, such as a receipt or someone's draft. In any spelling.
SLASH = "(?:/|%2F)+"
TOKENS = re.compile(
    rf"((?:receipt|respond{SLASH}(?:back|read|reminders)){SLASH})(?:(?!%2F)[^/\s\"'?#&])+",
    re.IGNORECASE,
)
# The same recognised by its form, anywhere: random letters, large and small, as in a token.
RANDOM = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[A-Za-z0-9_-]{27,}(?![\w-])")
# Errors quote the value that they are about. Database names are quoted too, after what they name.
QUOTED = re.compile(
    r"((?:column|relation|constraint|table|index) )?(\"[^\"\n]*\"|'[^'\n]*'|“[^”\n]*”)"
)

log = logging.getLogger("consult.requests")


class JsonFormatter(logging.Formatter):
    """One JSON object per line."""

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
            line["trace"] = clean(without_values(self.formatException(record.exc_info)))
        # In ASCII: some readers also break lines at other characters.
        return json.dumps(line)


class LineFormatter(logging.Formatter):
    """The same in plain text, for people."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # logging's own name
        return without_values(super().formatException(ei))


def refusals_in_one_line(record: logging.LogRecord) -> bool:
    """Turn what Django says about a refused request into one warning line.

    A wrong host, for example: nothing here is broken, so nobody must be woken, and a stranger
    cannot fill the log with tracebacks or their own words.
    """
    if record.name.startswith("django.security."):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        record.msg, record.args = f"Refused: {record.name.rpartition('.')[2]}.", ()
    return True


def logging_settings(*, production: bool) -> dict[str, object]:
    """Return Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"refusals": {"()": lambda: refusals_in_one_line}},
        "formatters": {
            "line": {
                "()": "consult.web.logs.LineFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            },
            "json": {"()": "consult.web.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if production else "line",
                "filters": ["refusals"],
            }
        },
        "root": {"handlers": ["console"], "level": "INFO" if production else "WARNING"},
        "loggers": {
            # The default handlers mail tracebacks to ADMINS and repeat each 404; ours is one line
            # each.
            "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
            "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        },
    }


def clean(text: str) -> str:
    """Return `text` without personal data: rows that the database quotes, receipt addresses."""
    without_rows = QUOTES_ROWS.sub(r"\1: left out", text)
    return RANDOM.sub("…", TOKENS.sub(r"\1…", without_rows))


def without_values(trace: str) -> str:
    """Return a traceback without the values that its errors quote, which may be what someone wrote.

    Lines of code stay.
    """
    return "\n".join(
        line
        if line.startswith((" ", "Traceback"))
        else QUOTED.sub(lambda found: found[0] if found[1] else "…", line)
        for line in trace.split("\n")
    )


def request_log(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id, and log its route: the address itself can be a key."""

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
