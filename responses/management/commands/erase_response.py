"""manage.py erase_response: delete for good what was sent under a reference."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.text import counted
from responses.governance.erasing import (
    ErasedAlready,
    NoSuchReference,
    erase_response,
)
from responses.governance.erasing_again import erase_again
from responses.governance.erasing_unsent import erase_unsent_again
from responses.governance.naming import names_sender
from responses.references import NotAReference, normalise_reference


class Command(BaseCommand):
    help = (
        "Erase what was sent under a reference, in every version; the reference stays. With "
        "--again: repeat earlier erasures after a backup was restored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("reference", nargs="?", default="")
        parser.add_argument(
            "--confirm",
            default="",
            metavar="REFERENCE",
            help="the same reference again: this cannot be undone",
        )
        parser.add_argument("--why", default="", help="for the audit trail; name nobody in it")
        parser.add_argument(
            "--again",
            action="store_true",
            help="erase again what a restored backup brought back",
        )

    def handle(
        self, *args: object, reference: str, confirm: str, why: str, again: bool, **options: object
    ) -> None:
        if again:
            done = erase_again(actor=None)
            unsent = erase_unsent_again(actor=None)
            if unsent:
                done.append(counted(unsent, "draft, email or row", "drafts, emails and rows"))
            self.stdout.write(
                f"Erased again: {', '.join(done)}." if done else "Nothing had come back."
            )
            return
        try:
            wanted = normalise_reference(reference)
            if not why or normalise_reference(confirm) != wanted:
                raise CommandError(
                    "Give the reference twice, the second time after --confirm, and say --why. "
                    "This cannot be undone."
                )
            if names_sender(reference=wanted, words=why):
                raise CommandError("Write a reason that names nobody: it stays on the trail.")
            tombstone = erase_response(reference=wanted, actor=None, why=why)
        except NotAReference as problem:
            raise CommandError(
                "That is not a reference. Give it twice, the second time after --confirm."
            ) from problem
        except NoSuchReference as problem:
            raise CommandError(f"Nothing was sent under {reference}.") from problem
        except ErasedAlready as problem:
            raise CommandError(f"{reference} has already been erased.") from problem
        self.stdout.write(
            f"{tombstone.reference} is erased. The next batch will tell the receiver."
        )
