"""manage.py load_plan: check a plan file and load it."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.clock import closing_in_words, in_words
from consult.plans.loading import load_plan
from consult.plans.reading import PlanProblems


class Command(BaseCommand):
    help = "Check a plan file and load it. If anything is wrong with it, nothing changes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--opens", help="a day (1 March 2027) or an ISO 8601 instant; overrides the file"
        )
        parser.add_argument(
            "--closes",
            help=(
                "a day, which lasts to its end in London, or an ISO 8601 instant; overrides "
                "the file"
            ),
        )

    def handle(
        self, *args: object, file: Path, opens: str | None, closes: str | None, **options: object
    ) -> None:
        try:
            loaded = load_plan(text=file.read_bytes(), opens=opens, closes=closes, actor=None)
        except OSError as reason:
            raise CommandError(f"{file} cannot be read: {reason.strerror}.") from reason
        except PlanProblems as reason:
            lines = [
                f"{f'{file}:{problem.line}: ' if problem.line else ''}{problem.key}: {problem.why}"
                for problem in reason.problems
            ]
            raise CommandError("\n".join([*lines, "Nothing was changed."])) from reason
        consultation = loaded.consultation
        self.stdout.write(f"{consultation.title}: {'; '.join(loaded.done) or 'nothing changed'}.")
        self.stdout.write(
            f"Opens {in_words(consultation.opens_at)}, closes "
            f"{closing_in_words(consultation.closes_at)}."
        )
