"""manage.py find_person: find everything held about a person, and make a file of it for them."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from responses.governance.personal_data import NothingAboutThem
from responses.governance.subject_access import find_person, make_pack


class Command(BaseCommand):
    help = (
        "Find what is held about a person by references, email address or name; with --pack, "
        "put it all in a zip for them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="+")
        parser.add_argument(
            "--pack",
            type=Path,
            metavar="FILE",
            help="where to write the zip; an existing file is not overwritten",
        )

    def handle(self, *args: object, words: list[str], pack: Path | None, **options: object) -> None:
        held = find_person(words=" ".join(words), actor=None)
        for reference in held.references:
            self.stdout.write(reference)
        for what, rows in (
            ("Answers that were not sent", held.drafts),
            ("Email that did not become a response", held.letters),
            ("Row of a bundle that did not become a response", held.rows),
            ("Record of a petition that they organised", held.petitions),
        ):
            for row in rows:
                self.stdout.write(f"{what}: number {row.pk}")
        try:
            made = make_pack(held=held, actor=None) if pack else b""
        except NothingAboutThem as reason:
            raise CommandError("Nothing is held under this reference, address or name.") from reason
        if pack:
            try:
                with pack.open("xb") as file:
                    pack.chmod(0o600)
                    file.write(made)
            except OSError as reason:
                raise CommandError(f"{pack} could not be written: {reason.strerror}.") from reason
            self.stdout.write(
                f"{pack} holds all of it. Check that all of it belongs to this person before you "
                "hand it over."
            )
        elif not any(held.counts.values()):
            self.stdout.write("Nothing is held under this reference, address or name.")
