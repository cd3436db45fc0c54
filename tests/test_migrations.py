"""Migrations are applied while an older version serves: it must be able to go on, and one that met a lock must be able to begin again."""

import pytest
from django.db.migrations import AddField, AlterField, DeleteModel, Migration, RemoveField, RenameField, RenameModel, RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

APPS = ("consult", "responses")
TAKES_AWAY = (DeleteModel, RemoveField, RenameField, RenameModel)
LOADER = MigrationLoader(None)


def later_migrations() -> list[Migration]:
    return [migration for key, migration in sorted(LOADER.disk_migrations.items()) if key[0] in APPS and migration.name != "0001_initial"]


def objections(migration: Migration) -> list[str]:
    """Why an older version could not go on beside this migration, or why it could not begin again after a lock it did not get."""
    found = [] if migration.atomic else ["it is not one transaction"]
    before = LOADER.project_state((migration.app_label, migration.name), at_end=False)
    made = {operation.name_lower for operation in migration.operations if hasattr(operation, "options")}
    for operation in migration.operations:
        if isinstance(operation, TAKES_AWAY):
            found.append(f"{operation.describe()}: the older version still asks for it")
        elif isinstance(operation, RunPython):
            found.append(f"{operation.describe()}: rows are walked while their table is held")
        elif isinstance(operation, AddField | AlterField) and operation.model_name_lower not in made:
            field = operation.field
            model = before.models.get((migration.app_label, operation.model_name_lower))
            was_there = isinstance(operation, AlterField) and model is not None and not model.fields[operation.name].null
            if not (was_there or field.null or field.many_to_many or field.db_default is not NOT_PROVIDED):
                found.append(f"{operation.describe()}: the older version writes rows without it, so it needs db_default or null")
    return found


@pytest.mark.parametrize("migration", later_migrations(), ids=lambda migration: f"{migration.app_label}.{migration.name}")
def test_the_older_version_can_go_on_beside_a_migration(migration: Migration) -> None:
    assert objections(migration) == []
