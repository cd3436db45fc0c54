"""manage.py recover_responses: take responses back in from batches, after a backup was restored."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import Consultation
from responses.governance.outside import look_outside, still_missing
from responses.governance.recovering import Recovered, give_up, recover_batches
from responses.models import Batch


class Command(BaseCommand):
    help = (
        "After a backup was restored: take the responses that it does not have back in from "
        "batches. Without a batch: say what is missing, and which batches have it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "batches",
            nargs="*",
            metavar="BATCH",
            help="a number, a name like SLUG/batch-0008, a folder or a zip",
        )
        parser.add_argument("--consultation", help="its slug, for numbers")
        parser.add_argument(
            "--give-up",
            action="append",
            default=[],
            metavar="REFERENCE",
            help="stop the integrity check reporting this missing response",
        )

    def handle(
        self,
        *args: object,
        batches: list[str],
        consultation: str | None,
        give_up: list[str],
        **options: object,
    ) -> None:
        places = [_name_of(place, consultation) for place in batches]
        done = recover_batches(places=places, actor=None)
        for line in _in_sentences(done):
            self.stdout.write(line)
        for reference in give_up:
            self.stdout.write(_give_up(reference))
        for line in _missing():
            self.stdout.write(line)
        if done.refused:
            raise CommandError("\n".join(done.refused))


def _name_of(place: str, slug: str | None) -> str:
    """Return the name of the batch that a bare number stands for; anything else stays as it is."""
    if not place.isdecimal():
        return place
    slugs = list(Consultation.objects.values_list("slug", flat=True)) if slug is None else [slug]
    if len(slugs) != 1:
        raise CommandError("Say which consultation's batch that is: --consultation SLUG.")
    return f"{slugs[0]}/batch-{int(place):04}"


def _in_sentences(done: Recovered) -> Iterator[str]:
    for name in done.batches:
        yield f"Took {name} back in."
    for one in done.returned:
        yield f"  {one.reference} version {one.version}: {one.lacks or 'with all that was sent'}"
    yield from done.troubles
    if done.returned:
        yield (
            "Not in any batch, so not back, of what came since the backup: email addresses "
            "corrected after sending; reviews, notes, redactions and saved filters; drafts; and "
            "equality answers that were not handed over yet."
        )
    if done.erased_again:
        yield f"Erased again: {', '.join(done.erased_again)}."
    if done.confirmed:
        yield f"Emails that were already sent, and will not be sent again: {done.confirmed}."
    if done.delivered:
        yield f"Delivered already: {', '.join(done.delivered)}."
    if done.acknowledged:
        yield (
            f"Acknowledged already, by someone whose name is lost: {', '.join(done.acknowledged)}."
        )


def _give_up(reference: str) -> str:
    count = give_up(reference=reference, actor=None)
    if not count:
        raise CommandError(f"Nothing that the journal names under {reference} is missing.")
    return f"{reference} is given up, and on the trail."


def _missing() -> Iterator[str]:
    """Print what is still missing, and where it may be."""
    outside = look_outside()
    for place, reason in outside.unreachable.items():
        yield f"Not looked at: {place} ({reason})."
    there = {
        f"{slug}/batch-{number:04}"
        for slug, number in Batch.objects.values_list("consultation__slug", "number")
    }
    unknown = sorted({seen.name for seen in outside.batches} - there)
    for name in unknown:
        yield f"{name} is there, and not in the database. Run `manage.py recover_responses {name}`."
    missing = still_missing(outside)
    for reference, version, at in missing:
        yield (
            f"{reference} version {version}, received at {at.isoformat()}, is not in the "
            f"database{', and may be in one of these batches' if unknown else ' and in no file'}."
        )
    if not unknown and missing:
        yield (
            "What is in no file cannot be had again: its answers, its contact details and its "
            "email. Ask its senders, who know their references, to send it again; then run this "
            "command with --give-up REFERENCE."
        )
