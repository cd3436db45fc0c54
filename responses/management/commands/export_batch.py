"""manage.py export_batch: seal the next batch and write its files, now."""

from django.core.files.storage import FileSystemStorage, storages
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import Consultation
from consult.nudging import nudge
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.high_water import CannotTell
from responses.exporting.lost_batches import LostUnread
from responses.exporting.tasks import deliver_due_batches
from responses.exporting.writing import BatchNotWritten, write_batch


class Command(BaseCommand):
    help = "Put every response that is not in a batch yet into the next one, and write its files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "consultation", nargs="?", help="its slug; required if there are several"
        )

    def handle(self, *args: object, consultation: str | None, **options: object) -> None:
        try:
            batch = seal_batch(consultation=find_consultation(consultation), actor=None)
        except LostUnread as reason:
            raise CommandError(f"Nothing was sealed. {reason}") from reason
        except CannotTell as reason:
            raise CommandError(
                f"Nothing was sealed: it is not certain which numbers were used ({reason})."
            ) from reason
        what = (
            f"{batch.size:,} response{'' if batch.size == 1 else 's'}"
            if batch.size
            else "a nil return: no response was waiting"
        )
        self.stdout.write(f"Sealed batch {batch.number} of {batch.consultation.slug}: {what}.")
        try:
            write_batch(batch=batch)
        except BatchNotWritten as reason:
            raise CommandError(
                f"It is not written yet. {reason} The service tries again every few minutes."
            ) from reason
        storage = storages["exports"]
        folder = folder_of(batch)
        place = storage.path(folder) if isinstance(storage, FileSystemStorage) else folder
        self.stdout.write(f"Written to {place}")
        nudge(deliver_due_batches)


def find_consultation(slug: str | None) -> Consultation:
    """Return the published consultation with that slug, or the only one. Raises CommandError."""
    known = {row.slug: row for row in Consultation.objects.filter(published_at__isnull=False)}
    names = ", ".join(sorted(known))
    if not known:
        raise CommandError("No consultation is published: load a plan first.")
    if slug is None and len(known) > 1:
        raise CommandError(f"There are several consultations. Choose one of {names}.")
    if slug is not None and slug not in known:
        raise CommandError(f"There is no consultation “{slug}”. Choose one of {names}.")
    return known[slug] if slug else next(iter(known.values()))
