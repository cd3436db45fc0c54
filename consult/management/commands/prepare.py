"""manage.py prepare: set up what the service needs to run. Running it again changes nothing."""

import time
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

from consult.models import Consultation, PlanFile, User
from consult.plans.loading import load_plan
from consult.setting_up.files import begin_file
from consult.staff.accounts import create_staff
from consult.web.durability import UnsafeDatabase, refuse_unsafe_database
from consult.web.static_files import ungathered_files

BUNDLED_PLAN = Path(settings.BASE_DIR) / "consult" / "plans" / "police-and-crime-plan-2021-25.yaml"
WAIT_SECONDS = 60
# Any number, as long as nothing else in this database uses it.
PREPARING = 20_210_121
NO_ACCOUNT = """There is no staff account yet. Make the first one, an administrator's, with:
    python manage.py create_staff admin --role administrator
With containers, write “docker compose exec web” before it."""


class Command(BaseCommand):
    help = (
        "Everything a new version needs: bring the database up to date, gather style sheets and "
        "scripts, load the bundled plan if there is none, and check the settings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--first-account",
            action="store_true",
            help="Create the first staff account, if there is none, and print its password.",
        )

    def handle(self, *args: object, first_account: bool, **options: object) -> None:
        self.wait_for_database()
        try:
            refuse_unsafe_database()
        except UnsafeDatabase as reason:
            raise CommandError(str(reason)) from reason
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_encoding")
            encoding = cursor.fetchone()[0]
            if encoding != "UTF8":
                raise CommandError(
                    f"The database is encoded in {encoding}, which cannot hold every script: make "
                    "one with ENCODING 'UTF8'."
                )
            # Several web containers can start at once: one prepares, and the others find it done.
            cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
            try:
                self.prepare(first_account=first_account)
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])

    def wait_for_database(self) -> None:
        """Wait for a database that is starting at the same time."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return connection.ensure_connection()
            except OperationalError as reason:
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"The database does not answer: {str(reason).strip().splitlines()[0]}"
                    ) from reason
                time.sleep(1)

    def prepare(self, *, first_account: bool) -> None:
        call_command("migrate_with_lock_timeout", interactive=False, verbosity=0)
        # An image already has them, and its files cannot be written.
        if ungathered_files():
            call_command("collectstatic", interactive=False, verbosity=0)
        # Only if there is none: operators keep their own plans and corrected wording.
        if not Consultation.objects.exists() and not PlanFile.objects.exists():
            if settings.PRODUCTION:
                # What the public reads is for an editor to publish.
                begin_file(text=BUNDLED_PLAN.read_text(encoding="utf-8"), actor=None)
            else:
                load_plan(text=BUNDLED_PLAN.read_bytes(), actor=None)
        if first_account and not User.objects.exists():
            user, password = create_staff(
                username="admin", role=User.Role.ADMINISTRATOR, actor=None
            )
            self.stdout.write(
                f"First staff account: {user.get_username()}, one-time password: {password}"
            )
            self.stdout.write(
                "The password is shown only once; you choose your own when you sign in."
            )
        if not User.objects.exists():
            self.stdout.write(NO_ACCOUNT)
        # So that the batches of a rehearsal can be checked too. In production the operator makes
        # the key and keeps a copy.
        if not settings.PRODUCTION and not Path(settings.SIGNING_KEY_FILE).exists():
            call_command("make_signing_key", stdout=StringIO())
        if settings.PRODUCTION:
            # Problems are listed but do not stop the start: some can only be fixed from inside.
            call_command("check", deploy=True, databases=["default"], fail_level="CRITICAL")
