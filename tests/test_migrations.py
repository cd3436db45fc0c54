"""Migrations run beside an older version, which must be able to go on."""

import hashlib
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.db.migrations import (
    AddField,
    AlterField,
    DeleteModel,
    Migration,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
)
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CharField, DateTimeField, TextField
from django.utils import timezone

from consult.sql import install

APPS = ("consult", "responses")
TAKES_AWAY = (DeleteModel, RemoveField, RenameField, RenameModel)
LOADER = MigrationLoader(None)
# Each file of rules, the one migration that installs it, and the beginning of its SHA-256 when that
# migration was written.
RULES = {
    "consult/append_only": ("0002_rules", "85cb3a1ef2f3"),
    "consult/chain": ("0002_rules", "00061426a60c"),
    "consult/changes": ("0004_plan_files", "50fe40d5c5cd"),
    "consult/compression": ("0002_rules", "0b71c2cd9ef9"),
    "consult/fingerprints": ("0004_plan_files", "c97e32714c05"),
    "consult/readable": ("0011_readable", "191c536430fe"),
    "responses/append_only": ("0002_rules", "d49eb62b0a49"),
    "responses/arrivals": ("0002_rules", "2584974724c7"),
    "responses/bundles": ("0019_bundles_are_held", "44db81f09f5e"),
    "responses/changes": ("0002_rules", "9d79223d4915"),
    "responses/compression": ("0002_rules", "b9046b58d4d5"),
    "responses/equality": ("0002_rules", "ae3d1ef84d28"),
    "responses/erased": ("0012_attachments", "856a5385c6fe"),
    "responses/erased_typed": ("0020_nothing_typed_about_erased", "b0c420faa799"),
    "responses/erasing": ("0009_addresses_removed", "56f667e4ee65"),
    "responses/files": ("0012_attachments", "0f8a099ed85c"),
    "responses/fingerprints": ("0011_claims_and_same_words", "b525319b327a"),
    "responses/petitions": ("0008_petitions", "d959bfd5f347"),
    "responses/decision_packs": ("0010_decision_packs", "b8f2f166f826"),
    "responses/outcomes": ("0018_published_points", "278f57519c66"),
    "responses/points": ("0004_points", "3cff6d864f7c"),
    "responses/readable": ("0017_readable", "8b215c687a04"),
    "responses/sealed_batches": ("0012_attachments", "95c7873d9596"),
    "responses/search": ("0011_claims_and_same_words", "50901ae4e815"),
}


def later_migrations() -> list[Migration]:
    return [
        migration
        for key, migration in sorted(LOADER.disk_migrations.items())
        if key[0] in APPS and migration.name != "0001_initial"
    ]


def objections(migration: Migration, *, before: ProjectState) -> list[str]:
    """Why an older version could not go on beside this migration, or it could not begin again."""
    found = [] if migration.atomic else ["it is not one transaction"]
    made = {
        operation.name_lower for operation in migration.operations if hasattr(operation, "options")
    }
    for operation in migration.operations:
        if isinstance(operation, TAKES_AWAY):
            found.append(f"{operation.describe()}: the older version still asks for it")
        elif isinstance(operation, RunPython):
            found.append(f"{operation.describe()}: rows are walked while their table is held")
        elif (
            isinstance(operation, AddField | AlterField) and operation.model_name_lower not in made
        ):
            field = operation.field
            model = before.models.get((migration.app_label, operation.model_name_lower))
            was_there = (
                isinstance(operation, AlterField)
                and model is not None
                and not model.fields[operation.name].null
            )
            if not (
                was_there
                or field.null
                or field.many_to_many
                or field.db_default is not NOT_PROVIDED
            ):
                found.append(
                    f"{operation.describe()}: the older version writes rows without it, "
                    "so it needs db_default or null"
                )
    return found


def made_up(*operations: Operation) -> Migration:
    """A migration of responses after the latest there is, which does these."""
    made = Migration("9999_made_up", "responses")
    made.operations = list(operations)
    return made


@pytest.mark.parametrize(
    "migration", later_migrations(), ids=lambda migration: f"{migration.app_label}.{migration.name}"
)
def test_the_older_version_keeps_working_beside_a_migration(migration: Migration) -> None:
    assert (
        objections(
            migration,
            before=LOADER.project_state((migration.app_label, migration.name), at_end=False),
        )
        == []
    )


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (
            RemoveField("response", "channel"),
            "Remove field channel from response: the older version still asks for it",
        ),
        (DeleteModel("draft"), "Delete model draft: the older version still asks for it"),
        (
            RenameField("review", "state", "status"),
            "Rename field state on review to status: the older version still asks for it",
        ),
        (
            RenameModel("Tally", "Count"),
            "Rename model Tally to Count: the older version still asks for it",
        ),
        (
            RunPython(RunPython.noop),
            "Raw Python operation: rows are walked while their table is held",
        ),
        (
            AddField("response", "mood", CharField(max_length=10, default="")),
            (
                "Add field mood to response: "
                "the older version writes rows without it, so it needs db_default or null"
            ),
        ),
        (
            AlterField("response", "channel", TextField(default="")),
            None,
        ),
        (
            AlterField("review", "first_read_at", DateTimeField(default=timezone.now)),
            (
                "Alter field first_read_at on review: "
                "the older version writes rows without it, so it needs db_default or null"
            ),
        ),
        (AddField("response", "mood", CharField(max_length=10, null=True)), None),
        (AddField("response", "mood", CharField(max_length=10, db_default="")), None),
    ],
)
def test_what_an_older_version_could_not_bear_is_objected_to(
    operation: Operation, why: str | None
) -> None:
    assert objections(made_up(operation), before=LOADER.project_state()) == ([why] if why else [])


def test_a_migration_in_several_transactions_is_objected_to() -> None:
    made = made_up()
    made.atomic = False
    assert objections(made, before=LOADER.project_state()) == ["it is not one transaction"]


def test_a_rule_that_changes_is_installed_by_a_later_migration() -> None:
    """A database that was made before has the older text: note the change with its migration."""
    noted = {}
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app / "sql").glob("*.sql")):
            sql = install(app, path.stem).sql
            installing = [
                migration.name
                for (label, _), migration in sorted(LOADER.disk_migrations.items())
                if label == app
                and any(
                    getattr(operation, "sql", None) == sql for operation in migration.operations
                )
            ]
            noted[f"{app}/{path.stem}"] = (
                *installing,
                hashlib.sha256(path.read_bytes()).hexdigest()[:12],
            )
    assert noted == RULES


def test_migrate_is_djangos_own() -> None:
    """Anyone who knows Django knows what it does. What gives up on a lock has a name of its own."""
    assert get_commands()["migrate"] == "django.core"
