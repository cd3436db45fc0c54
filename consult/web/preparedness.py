"""Whether everything that this version needs is there. `manage.py prepare` makes it."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from consult.web.static_files import ungathered_files

# Once this process has found everything, only the database can go away.
_found = {"everything": False}


def unprepared() -> list[str]:
    """Return what is missing, in words. Raises DatabaseError if the database does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if _found["everything"]:
        return []
    missing = []
    if database_is_older():
        missing.append("the database is older than the code")
    if ungathered_files():
        missing.append("style sheets and scripts have not been gathered")
    _found["everything"] = not missing
    return missing


def database_is_older() -> bool:
    """Tell whether a migration of this version has not run yet.

    Raises DatabaseError if the database does not answer.
    """
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
