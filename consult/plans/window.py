"""Where a consultation is in its window, in words for its pages."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consult.clock import closing_in_words, day_in_words, in_words, time_in_words
from consult.models import Action, AuditEntry, Consultation

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
LAST_DAYS = 7


@dataclass(frozen=True)
class Window:
    """The window at one instant, for pages.

    `takes_responses` is for someone who starts now. `last` is "days" in the last week, "hours" on
    the last day, and otherwise empty.
    """

    phase: Consultation.Phase
    sentence: str
    left: str
    closing: str
    opening: str
    last: str
    seconds_left: int
    grace_until: str

    @property
    def takes_responses(self) -> bool:
        return self.phase == Consultation.Phase.OPEN


def window_of(consultation: Consultation, *, now: datetime) -> Window:
    """Return the window of `consultation` at `now`, the database's time."""
    phase = consultation.phase_at(now)
    closing, opening = closing_in_words(consultation.closes_at), in_words(consultation.opens_at)
    sentence = {
        Consultation.Phase.ADVANCE: _("This consultation opens at %(when)s.") % {"when": opening},
        Consultation.Phase.OPEN: _("This consultation closes at %(when)s.") % {"when": closing},
    }.get(phase, _("This consultation closed at %(when)s.") % {"when": closing})
    seconds = (consultation.closes_at - now).total_seconds()
    last = (
        ""
        if phase != Consultation.Phase.OPEN or seconds > LAST_DAYS * DAY
        else "days"
        if seconds > DAY
        else "hours"
    )
    grace_until = time_in_words(consultation.grace_ends_at)
    return Window(
        phase, sentence, _left(seconds), closing, opening, last, int(seconds), grace_until
    )


def moved_in_words(consultation: Consultation) -> str:
    """Say when the closing was last moved, from when to when, and why if that was said.

    Empty if it is where it was first announced.
    """
    for entry in AuditEntry.objects.filter(action=Action.WINDOW_CHANGED, subject=consultation.slug):
        before, after = (
            datetime.fromisoformat(entry.details[side]["closes_at"]) for side in ("before", "after")
        )
        if before != after:
            words = _("The closing date was changed on %(day)s, from %(before)s to %(after)s.")
            told = {
                "day": day_in_words(entry.at),
                "before": closing_in_words(before),
                "after": closing_in_words(after),
            }
            return " ".join(filter(None, [words % told, entry.details.get("reason", "")]))
    return ""


def _left(seconds: float) -> str:
    """Say how long is left, in one unit, and never more than there is: "59 days", "5 hours", "12
    minutes".
    """
    if seconds >= 2 * DAY:
        return _("%(count)s days") % {"count": int(seconds // DAY)}
    if seconds >= 2 * HOUR:
        return _("%(count)s hours") % {"count": int(seconds // HOUR)}
    if seconds < MINUTE:
        return _("less than a minute")
    minutes = int(seconds // MINUTE)
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
