"""manage.py retain: delete what has been kept long enough."""

from django.core.management.base import BaseCommand, CommandParser

from responses.file_removals import remove_due_files
from responses.governance.retention import retain
from responses.periods import clocks


class Command(BaseCommand):
    help = (
        "Delete what has been kept long enough, and print what it was. The schedule does the same "
        "every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be deleted")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        for clock in clocks():
            kept = (
                f"{clock.days} days after closing and grace"
                if clock.days is not None
                else clock.otherwise
            )
            self.stdout.write(f"{clock.what[0].upper()}{clock.what[1:]}: {kept}.")
        done = retain(dry_run=dry_run)
        if not dry_run:
            remove_due_files()
        self.stdout.write("")
        for what in done:
            self.stdout.write(what.in_words)
        if not done:
            self.stdout.write("Nothing has been kept long enough to be removed.")
