"""manage.py reset_staff: a way back in for someone who lost their password or phone."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import User
from consult.staff.accounts import reset_password


class Command(BaseCommand):
    help = "Give a staff account a new one-time password, and forget the phone it signs in with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: object, name: str, **options: object) -> None:
        try:
            user = User.objects.get(username=name)
        except User.DoesNotExist as reason:
            raise CommandError(f"There is no account named {name}.") from reason
        password = reset_password(user=user, actor=None, phone_too=True)
        self.stdout.write(
            f"{user.get_role_display()} {user.get_username()}, one-time password: {password}"
        )
        self.stdout.write(
            "The password is shown only once. All their sessions have ended; they set up a phone "
            "again."
        )
