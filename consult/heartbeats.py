"""Signs of life of the workers and of beat, which have no page for a health check to open."""

from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now

from consult.alive import STALE_SECONDS
from consult.models import Heartbeat, Hint

EVERY_SECONDS = 15
FORGOTTEN = timedelta(days=1)
# As long as any scheduled task may wait.
EXPIRED = timedelta(hours=1)
BEAT = "beat@"


def note_heartbeat(*, name: str) -> None:
    """Record that the process `name` works. Raises DatabaseError if the database does not
    answer.
    """
    Heartbeat.objects.update_or_create(name=name, defaults={"at": Now()})


def forget_heartbeats() -> None:
    """Forget the processes that have been gone for a day, and hints that no worker took in time."""
    Heartbeat.objects.filter(at__lt=Now() - FORGOTTEN).delete()
    Hint.objects.filter(at__lt=Now() - EXPIRED).delete()


def a_worker_works() -> bool:
    """Tell whether any worker, on any machine, takes tasks."""
    return _fresh().exclude(name__startswith=BEAT).exists()


def beat_works() -> bool:
    """Tell whether any beat process, on any machine, is running."""
    return _fresh().filter(name__startswith=BEAT).exists()


def _fresh() -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(at__gt=Now() - timedelta(seconds=STALE_SECONDS))
