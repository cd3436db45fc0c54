"""manage.py reconcile: prove the books."""

import logging

from django.core.management.base import BaseCommand, CommandError

from responses.reconciling import in_sentences, reconcile

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Prove that everything received is there, unaltered, in one batch or waiting. Names each difference, and ends with 1 if any."

    def handle(self, *args: object, **options: object) -> None:
        found = reconcile()
        lines = list(in_sentences(found))
        if found.differences:
            log.error("the books do not balance: %s differences", len(found.differences))
            raise CommandError("\n".join(lines))
        self.stdout.write("\n".join(lines))
