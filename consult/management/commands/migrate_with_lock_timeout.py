"""manage.py migrate_with_lock_timeout: what `migrate` does, beside a service that serves: nobody
waits long behind a change of a table.
"""

import time
from typing import Any

import psycopg2.errors
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

# A change of a table waits for whoever reads it, and all who come later wait behind the change: so
# it gives up soon, lets them through, and tries again. Shorter than what the web process puts up
# with (consult.wsgi).
WAIT_FOR_LOCK = "2s"
PAUSE_SECONDS = 1
TRY_FOR_SECONDS = 300


class Command(Migrate):
    help = (
        "Bring the database up to date beside a version that serves: a table in use is let go "
        "soon, and tried again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        deadline = time.monotonic() + TRY_FOR_SECONDS
        while True:
            try:
                return self.change_quickly(*args, **options)
            except OperationalError as reason:
                # A migration is one transaction: of this one nothing is there, and what came before
                # it is not done again.
                if not isinstance(reason.__cause__, psycopg2.errors.LockNotAvailable):
                    raise
                if time.monotonic() > deadline:
                    raise CommandError(
                        "A table that is to be changed stays in use. End what reads it for so "
                        "long, and try again."
                    ) from reason
            self.stderr.write("A table that is to be changed is in use; trying again in a second.")
            time.sleep(PAUSE_SECONDS)

    def change_quickly(self, *args: Any, **options: Any) -> None:
        """Django's own migrate, giving up on any lock that it does not get soon.

        Raises OperationalError then.
        """
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT_FOR_LOCK])
        super().handle(*args, **options)
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("RESET lock_timeout")
