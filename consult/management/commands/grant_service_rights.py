"""manage.py grant_service_rights: let a database role run the service and nothing more."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consult.database_role import NoSuchRole, RoleCouldDoMore, grant_service_rights


class Command(BaseCommand):
    help = (
        "Let a database role read and write rows, so that the service can run as it. Run this as "
        "the owner of the tables."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="A role that exists and can log in.")

    def handle(self, *args: object, role: str, **options: object) -> None:
        try:
            grant_service_rights(role=role)
        except NoSuchRole as reason:
            raise CommandError(
                f"The database has no role “{role}”. Create it first: CREATE ROLE {role} LOGIN "
                "PASSWORD '…'"
            ) from reason
        except RoleCouldDoMore as reason:
            raise CommandError(
                f"“{role}” is a superuser or acts for the owner of the tables, so it could do "
                "everything. Create another role."
            ) from reason
        self.stdout.write(f"“{role}” can run the service. Use it in DATABASE_URL.")
