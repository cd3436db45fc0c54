"""What a run of retention works with, and what it did, in words."""

from collections.abc import Callable
from dataclasses import dataclass

from consult.models import Consultation, User


@dataclass(frozen=True)
class Run:
    """The consultation a run works for, who asked for it, and until when it may go on, by the
    monotonic clock.
    """

    consultation: Consultation
    actor: User | None
    ends_at: float


@dataclass(frozen=True)
class Work:
    """How much of a class may go, how much has to stay for now, and the function that removes the
    first and returns how much that was.
    """

    ready: int
    held: int
    remove: Callable[[], int]


@dataclass(frozen=True)
class Retained:
    """What a run did about one class of one consultation's data: it `removed` this many rows, and
    `held` this many that have not arrived at MOPAC.
    """

    consultation: str
    name: str
    what: str
    removed: int
    held: int
    dry_run: bool = False

    @property
    def in_words(self) -> str:
        did = "to be removed" if self.dry_run else "removed"
        held = (
            f", {self.held:,} kept because they did not arrive where they have to go"
            if self.held
            else ""
        )
        return f"{self.consultation}, {self.what}: {self.removed:,} {did}{held}."
