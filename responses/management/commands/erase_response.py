"""manage.py erase_response: remove for good what came under a reference."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.governance.erasing import ErasedAlready, NoSuchReference, erase_again, erase_response
from responses.references import NotAReference, normalise_reference


class Command(BaseCommand):
    help = (
        "Erase what came under a reference, in every version; its number stays. With --again: "
        "what was erased before a backup came back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", nargs="?", default="")
        parser.add_argument(
            "--confirm",
            default="",
            metavar="REFERENCE",
            help="the same reference once more: it cannot be undone",
        )
        parser.add_argument("--why", default="", help="for the trail; names nobody")
        parser.add_argument(
            "--again",
            action="store_true",
            help="erase anew what the notes of erasures name and the database still has",
        )

    def handle(
        self, *args: object, reference: str, confirm: str, why: str, again: bool, **options: object
    ) -> None:
        if again:
            done = erase_again(actor=None)
            self.stdout.write(
                f"Erased again: {', '.join(done)}." if done else "Nothing had come back."
            )
            return
        try:
            wanted = normalise_reference(reference)
            if not why or normalise_reference(confirm) != wanted:
                raise CommandError(
                    "Give the reference twice, the second time after --confirm, and say --why. It "
                    "cannot be undone."
                )
            tombstone = erase_response(reference=wanted, actor=None, why=why)
        except NotAReference as problem:
            raise CommandError(
                "That is not a reference. Give it twice, the second time after --confirm."
            ) from problem
        except NoSuchReference as problem:
            raise CommandError(f"Nothing came under {reference}.") from problem
        except ErasedAlready as problem:
            raise CommandError(f"{reference} was erased before.") from problem
        self.stdout.write(f"{tombstone.reference} is erased. The next batch tells its receiver.")
