"""Slugs that mean something to the service, so a plan cannot use them.

Tests work these lists out from the routes, the forms and the templates, and docs/plan-files.md
lists them for people who write plan files.
"""

from collections.abc import Mapping

from consult.cells import NOT_ASKED
from consult.plans.document import ABOUT_YOU, EQUALITY, GENERAL

# The first segments of other addresses.
CONSULTATIONS = {
    "accessibility",
    "admin",
    "c",
    "cookies",
    "health",
    "metrics",
    "privacy",
    "receipt",
    "safety",
    "security",
    "signing-key",
    "staff",
    "static",
}
# Parts that every consultation has, and what comes beside the parts in their addresses.
PARTS = {
    GENERAL,
    ABOUT_YOU,
    EQUALITY,
    "another",
    "back",
    "before-you-start",
    "check",
    "delete",
    "discard",
    "files",
    "later",
    "leave",
    "read",
    "reminders",
    "send",
    "short",
    NOT_ASKED,
}
QUESTIONS = {
    # Fields that the forms have beside the questions.
    *("channel", "clear", "draft", "edition", "email", "file", "homepage", "known"),
    *("language", "name", "opened", "postcode", "remind", "replacing", "revision"),
    *("seen", "shown", "take", "to", "tried"),
    # What the rows of a spreadsheet say beside the answers.
    "sheet",
    # Charts of the dashboard.
    *("coded-so-far", "read-so-far", "received-by-day"),
    NOT_ASKED,
}
# Batches write it for a question that was not asked, and readers take it for an empty cell.
OPTIONS = {NOT_ASKED}
# The service reads these questions' answers, so they have to be of a kind that it understands.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    "borough": ("one",),
    "capacity": ("one",),
    "organisation-name": ("short-text", "text"),
    "publication": ("one",),
}
