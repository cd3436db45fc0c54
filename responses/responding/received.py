"""How many responses came, by channel and day, as the public may know it."""

from dataclasses import dataclass
from datetime import date, datetime

from consult.clock import start_of_day
from consult.models import Consultation
from responses.models import Response, Tally


@dataclass(frozen=True)
class Received:
    """Counted at one moment. Channels and days are counted apart: no figure says by which way what
    came on a day had come.
    """

    total: int
    channels: tuple[tuple[str, int], ...]
    days: tuple[tuple[datetime, int], ...]
    counted_at: datetime


def received_so_far(consultation: Consultation) -> Received | None:
    """What a job counted last; None where it has not counted yet."""
    tally = Tally.objects.filter(consultation=consultation).first()
    if tally is None:
        return None
    channels: dict[str, int] = {}
    days: dict[str, int] = {}
    for day, channel, count in tally.figures["days"]:
        channels[channel] = channels.get(channel, 0) + count
        days[day] = days.get(day, 0) + count
    named = [
        (str(Response.Channel(channel).label), count) for channel, count in sorted(channels.items())
    ]
    by_day = [(start_of_day(date.fromisoformat(day)), count) for day, count in sorted(days.items())]
    return Received(sum(channels.values()), tuple(named), tuple(by_day), tally.counted_at)
