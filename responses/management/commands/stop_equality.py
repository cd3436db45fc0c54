"""manage.py stop_equality: stop the use of someone's equality answers."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.governance.personal_data import NothingAboutThem
from responses.governance.subject_access import stop_equality
from responses.references import NotAReference, normalise_reference


class Command(BaseCommand):
    help = "Stop the use of the equality answers that came with a response, at someone's request."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference")

    def handle(self, *args: object, reference: str, **options: object) -> None:
        try:
            stopped = stop_equality(reference=normalise_reference(reference), actor=None)
        except (NotAReference, NothingAboutThem) as problem:
            raise CommandError(f"Nothing was sent under {reference}.") from problem
        self.stdout.write("They are no longer used." if stopped else "None were in use.")
