"""A database role for the service that can read and write rows and nothing else."""

from django.db import connection, transaction
from psycopg2 import sql

# In the order they run. {role} is the service's, {owner} runs the migrations.
GRANTS = [
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    # For what later migrations create.
    (
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"
    ),
    (
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public "
        "GRANT USAGE, SELECT ON SEQUENCES TO {role}"
    ),
]
# A superuser, or a member of the owner's role, can do everything, whatever is granted.
COULD_DO_MORE = """
    SELECT rolsuper OR pg_has_role(rolname, current_user, 'MEMBER')
    FROM pg_roles WHERE rolname = %s
"""


class NoSuchRole(Exception):
    """The database has no role of that name."""


class RoleCouldDoMore(Exception):
    """The role is a superuser or a member of the owner's role: granting it less has no effect."""


def grant_service_rights(*, role: str) -> None:
    """Let `role` read and write the rows of every table, now and after later migrations.

    Run it as the owner of the tables. Running it again changes nothing. Raises NoSuchRole and
    RoleCouldDoMore.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COULD_DO_MORE, [role])
        found = cursor.fetchone()
        if found is None:
            raise NoSuchRole(role)
        if found[0]:
            raise RoleCouldDoMore(role)
        cursor.execute("SELECT current_user")
        names = {"role": sql.Identifier(role), "owner": sql.Identifier(cursor.fetchone()[0])}
        for statement in GRANTS:
            cursor.execute(sql.SQL(statement).format(**names))
