"""manage.py stop_equality: take the equality answers that came with a response out of use."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.governance.subject_access import NothingAboutThem, stop_equality
from responses.references import NotAReference, normalise_reference


class Command(BaseCommand):
    help = (
        "Take the equality answers that came with a response out of use, for somebody who asked "
        "for it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")

    def handle(self, *args: object, reference: str, **options: object) -> None:
        try:
            stopped = stop_equality(reference=normalise_reference(reference), actor=None)
        except (NotAReference, NothingAboutThem) as problem:
            raise CommandError(f"Nothing came under {reference}.") from problem
        self.stdout.write("They are out of use." if stopped else "There were none in use.")
