"""manage.py write_batch: write the files of a batch again where they were lost."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from responses.exporting.batches import folder_of
from responses.exporting.downloading import FilesRemoved
from responses.exporting.rewriting import WouldDiffer, rewrite_batch
from responses.exporting.storing import HandedOverAlready, StoredDifferently
from responses.exporting.writing import BatchNotWritten, write_batch
from responses.models import Batch


class Command(BaseCommand):
    help = (
        "Write lost or damaged files of a batch again, byte for byte. Refuses if they would not be "
        "what was handed over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", type=int)
        parser.add_argument(
            "--consultation", help="its slug; needed only where several have that batch"
        )

    def handle(self, *, number: int, consultation: str | None, **options: object) -> None:
        found = Batch.objects.filter(number=number).select_related("consultation")
        if consultation:
            found = found.filter(consultation__slug=consultation)
        batches = list(found)
        if len(batches) != 1:
            raise CommandError(
                "Several consultations have that batch. Name one with --consultation."
                if batches
                else f"There is no batch {number}."
            )
        self._write(batches[0])

    def _write(self, batch: Batch) -> None:
        try:
            if batch.written_at is None:
                write_batch(batch=batch)
                self.stdout.write(f"{folder_of(batch)} had no files yet, and has them now.")
                return
            done = rewrite_batch(batch=batch)
        except WouldDiffer as reason:
            raise CommandError(
                f"Nothing was written: these files would not be what was handed over: {reason}. "
                "Something in them was erased since, or a newer release writes them otherwise."
            ) from reason
        except FilesRemoved as reason:
            raise CommandError(
                "Nothing was written: its files were removed by the retention rule."
            ) from reason
        except (OSError, StoredDifferently, HandedOverAlready, BatchNotWritten) as reason:
            raise CommandError(str(reason)) from reason
        said = ", ".join(done.stored) or "nothing was missing"
        self.stdout.write(f"{folder_of(batch)}: {said}.")
        if done.unlike:
            self.stdout.write(
                f"Not written, since they would not be the same: {', '.join(done.unlike)}. No "
                "manifest names them."
            )
