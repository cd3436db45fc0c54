"""manage.py prepare: whatever has to be there before the service can serve; running it again changes nothing."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from consult.loading import load_plan
from consult.models import Consultation, User
from consult.staffing import create_staff

BUNDLED_PLAN = Path(settings.BASE_DIR) / "consult" / "plans" / "police-and-crime-plan-2021-25.yaml"


class Command(BaseCommand):
    help = "Bring the database up to date, load the bundled plan and make the first staff account, where they are missing."

    def handle(self, *args: object, **options: object) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        # Only into an empty house: an operator with plans of their own, or with corrected wording, keeps them.
        if not Consultation.objects.exists():
            load_plan(text=BUNDLED_PLAN.read_text(encoding="utf-8"), actor=None)
        if not User.objects.exists():
            user, password = create_staff(username="admin", role=User.Role.ADMINISTRATOR, actor=None)
            self.stdout.write(f"First staff account: {user.get_username()}, one-time password: {password}")
            self.stdout.write("The password is shown this once; you choose your own when you sign in.")
