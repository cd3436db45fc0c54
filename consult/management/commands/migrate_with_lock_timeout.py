"""manage.py migrate_with_lock_timeout: `migrate`, but safe while the service is running, because
nobody waits long for a lock.
"""

import time
from typing import Any

import psycopg2.errors
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import OperationalError, connections

# A change to a table waits for everyone reading it, and everyone who comes later waits behind the
# change. So it gives up soon, lets them through, and tries again. Shorter than the web process's
# own limit (consult.wsgi).
WAIT_FOR_LOCK = "2s"
PAUSE_SECONDS = 1
TRY_FOR_SECONDS = 300


class Command(Migrate):
    help = (
        "Bring the database up to date while the service is running: give up soon on a table in "
        "use, and try again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        deadline = time.monotonic() + TRY_FOR_SECONDS
        while True:
            try:
                return self.change_quickly(*args, **options)
            except OperationalError as reason:
                # A migration is one transaction: this one left nothing behind, and earlier ones are
                # not repeated.
                if not isinstance(reason.__cause__, psycopg2.errors.LockNotAvailable):
                    raise
                if time.monotonic() > deadline:
                    raise CommandError(
                        "A table that must change is still in use. Stop what is reading it, and "
                        "try again."
                    ) from reason
            self.stderr.write("A table that must change is in use; trying again in a second.")
            time.sleep(PAUSE_SECONDS)

    def change_quickly(self, *args: Any, **options: Any) -> None:
        """Run Django's migrate. Raises OperationalError if it does not get a lock soon."""
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT_FOR_LOCK])
        super().handle(*args, **options)
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("RESET lock_timeout")
