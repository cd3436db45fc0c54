"""Lists of rows, of which one that is damaged hides no other."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from consult.jobs import ROW_TROUBLE, note_row_trouble

log = logging.getLogger(__name__)
Row = TypeVar("Row")
Shown = TypeVar("Shown")


def each_shown(
    request: HttpRequest, rows: Iterable[Row], show: Callable[[Row], Shown]
) -> list[Shown]:
    """Return what `show` makes of each row of a staff page's list.

    A row that it can make nothing of is named on the page, in the log and by `manage.py doctor`.
    """
    shown = []
    for row in rows:
        try:
            shown.append(show(row))
        except ROW_TROUBLE as trouble:
            kind = type(trouble).__name__
            log.exception("A row cannot be shown: %s", kind)
            note_row_trouble(job=f"the page {request.path}", row=str(row), kind=kind)
            words = _("%(row)s cannot be shown here, because something in it is damaged.")
            messages.error(request, words % {"row": row})
    return shown
