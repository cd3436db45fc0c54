"""manage.py load_mailbox: load the messages of a mailbox, for staff to work through."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import Consultation
from responses.reviewing.mailboxes import NotAMailbox, load_mailbox, loaded_in_words


class Command(BaseCommand):
    help = (
        "Load an mbox, .eml, .emlx or .msg file, or a zip. Loading it again adds only what is new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("consultation", help="its slug, as in its address")
        parser.add_argument("file", type=Path)

    def handle(self, *args: object, consultation: str, file: Path, **options: object) -> None:
        try:
            found = Consultation.objects.get(slug=consultation)
            loaded = load_mailbox(consultation=found, path=file, by=None)
        except Consultation.DoesNotExist as reason:
            raise CommandError(f"There is no consultation “{consultation}”.") from reason
        except OSError as reason:
            raise CommandError(f"{file} cannot be read: {reason.strerror}.") from reason
        except NotAMailbox as reason:
            raise CommandError(
                f"{file} contains no messages. Export the mailbox as mbox, or save messages as "
                ".eml or .msg."
            ) from reason
        self.stdout.write(loaded_in_words(loaded))
