"""Where a consultation stands in its window, in words for its pages."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from consult.clock import closing_in_words, in_words
from consult.models import Consultation

DAY = 86_400


@dataclass(frozen=True)
class Window:
    """The window at one instant, as pages tell it. `takes_responses` is for somebody who begins now."""

    phase: Consultation.Phase
    sentence: str
    left: str
    closing: str
    opening: str

    @property
    def takes_responses(self) -> bool:
        return self.phase == Consultation.Phase.OPEN


def window_of(consultation: Consultation, *, now: datetime) -> Window:
    """The window of `consultation` at `now`, the database's clock."""
    phase = consultation.phase_at(now)
    closing, opening = closing_in_words(consultation.closes_at), in_words(consultation.opens_at)
    sentence = {
        Consultation.Phase.ADVANCE: f"This consultation opens at {opening}.",
        Consultation.Phase.OPEN: f"This consultation closes at {closing}.",
    }.get(phase, f"This consultation closed at {closing}.")
    return Window(phase, sentence, _left((consultation.closes_at - now).total_seconds()), closing, opening)


def _left(seconds: float) -> str:
    """How long is left, in one unit, never more than there is: "59 days", "5 hours", "12 minutes"."""
    for name, size in (("day", DAY), ("hour", 3600)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}s"
    minutes = max(ceil(seconds / 60), 0)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
