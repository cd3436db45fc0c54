"""What a run of retention did, in words.

Pure.
"""

from dataclasses import dataclass


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
