"""manage.py write_report: write the report of a consultation as Word, HTML and PDF."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from consult.models import once_published
from responses.deciding.report_files import NAMES, report_file
from responses.responding.pdf import PdfNotMade


class Command(BaseCommand):
    help = "Write report.docx, report.html and report.pdf of a consultation into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="of the consultation")
        parser.add_argument("folder", type=Path, help="made if it is not there")

    def handle(self, *, slug: str, folder: Path, **options: object) -> None:
        found = once_published().filter(slug=slug).first()
        if found is None:
            raise CommandError(f"There is no published consultation “{slug}”.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in NAMES:
                (folder / name).write_bytes(report_file(found, name))
        except (OSError, PdfNotMade) as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"Wrote {', '.join(NAMES)}.")
