"""manage.py fill_responses: make synthetic responses."""

from random import SystemRandom

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.demo.filling import NotOpenYet, RealPeopleHere, fill_responses
from responses.management.commands.export_batch import find_consultation


class Command(BaseCommand):
    help = "Make synthetic responses, marked as such, to try things out with. No email is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument("--seed", type=int, help="gives the same people and answers again")
        parser.add_argument("--consultation", help="its slug; needed where there are several")
        parser.add_argument(
            "--force",
            action="store_true",
            help="also in production, beside real people's responses",
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
            raise CommandError("--count has to be 1 or more.")
        if seed is None:
            seed = SystemRandom().randrange(1_000_000)
        try:
            fill_responses(
                consultation=find_consultation(consultation),
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
                "The consultation is not open yet, so that no response can have arrived."
            ) from reason
        self.stdout.write(f"\nMade with seed {seed}; each is marked as synthetic.")
