"""manage.py fill_responses: create synthetic responses."""

from random import SystemRandom

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.demo.filling import (
    NotOpenYet,
    RealPeopleHere,
    fill_responses,
    open_weeks_ago,
)
from responses.management.commands.export_batch import find_consultation


class Command(BaseCommand):
    help = "Create synthetic responses, marked as such, to try things out. No email is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, help="produces the same people and answers again")
        parser.add_argument("--consultation", help="its slug; required if there are several")
        parser.add_argument(
            "--force",
            action="store_true",
            help="even in production, among real people's responses",
        )

    def handle(
        self,
        *args: object,
        count: int,
        seed: int | None,
        consultation: str | None,
        force: bool,
        **options: object,
    ) -> None:
        if count < 1:
            raise CommandError("--count must be 1 or more.")
        if seed is None:
            seed = SystemRandom().randrange(1_000_000)
        filled = find_consultation(consultation)
        if not settings.PRODUCTION:
            open_weeks_ago(consultation=filled, actor=None)
        try:
            fill_responses(
                consultation=filled,
                count=count,
                seed=seed,
                actor=None,
                production=settings.PRODUCTION,
                beside_real_people=force,
                progress=lambda made: self.stdout.write(f"\r{made:,} of {count:,}", ending=""),
            )
        except RealPeopleHere as reason:
            raise CommandError(
                "This service takes real people's responses (DEBUG is off). To mix synthetic ones "
                "in, add --force."
            ) from reason
        except NotOpenYet as reason:
            raise CommandError(
                "The consultation is not open yet, so no response can have arrived."
            ) from reason
        self.stdout.write(f"\nCreated with seed {seed}; each is marked as synthetic.")
