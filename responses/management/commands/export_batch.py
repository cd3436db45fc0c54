"""manage.py export_batch: seal and write a batch now."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import Consultation
from responses.batching import WriteFailed, folder_of, seal_batch, write_batch


class Command(BaseCommand):
    help = "Put every response that is in no batch yet into the next one, and write its files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("consultation", nargs="?", help="its slug; may be left out where there is only one")

    def handle(self, *args: object, consultation: str | None, **options: object) -> None:
        found = list(Consultation.objects.filter(slug=consultation) if consultation else Consultation.objects.all())
        if not found:
            raise CommandError(
                f"There is no consultation “{consultation}”." if consultation else "There is no consultation: load a plan first."
            )
        if len(found) > 1:
            raise CommandError(f"Name one of the consultations: {', '.join(row.slug for row in found)}.")
        batch = seal_batch(consultation=found[0], actor=None)
        try:
            batch = write_batch(batch=batch)
        except WriteFailed as reason:
            raise CommandError(f"Batch {batch.number} is sealed, but was not written: {reason}. It is tried again by itself.") from reason
        self.stdout.write(f"Batch {batch.number}: {batch.size} responses, in {folder_of(batch)}.")
