"""manage.py reconcile: run the integrity check."""

import logging

from django.core.management.base import BaseCommand, CommandError

from responses.governance.reconciling import in_sentences, reconcile

log = logging.getLogger(__name__)

NAMED_IN_LOG = 20


class Command(BaseCommand):
    help = (
        "Prove that everything received is there, unaltered, in one batch or waiting. Names "
        "each difference, and exits with 1 if there are any."
    )

    def handle(self, *args: object, **options: object) -> None:
        found = reconcile()
        lines = list(in_sentences(found))
        if found.differences:
            named = "; ".join(
                f"{difference['subject']}: {difference['words']}"
                for difference in found.differences[:NAMED_IN_LOG]
            )
            log.error(
                "the integrity check failed: %s differences: %s", len(found.differences), named
            )
            raise CommandError("\n".join(lines))
        self.stdout.write("\n".join(lines))
