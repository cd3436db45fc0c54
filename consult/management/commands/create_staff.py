"""manage.py create_staff: create a staff account."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.models import User
from consult.staff.accounts import BadUsername, UnknownRole, UsernameTaken, create_staff


class Command(BaseCommand):
    help = "Create a staff account and print its one-time password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, help=", ".join(User.Role.values))

    def handle(self, *args: object, name: str, role: str, **options: object) -> None:
        try:
            user, password = create_staff(username=name, role=role, actor=None)
        except UsernameTaken as reason:
            raise CommandError(f"There is already an account named {name}.") from reason
        except (BadUsername, UnknownRole) as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            f"{user.get_role_display()} {user.get_username()}, one-time password: {password}"
        )
        self.stdout.write(
            "The password is shown only once; they choose their own when they sign in."
        )
