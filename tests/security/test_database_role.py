"""The service under a database role that can read and write rows and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from consult.models import User
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.models import Response


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def as_service(db: None) -> Iterator[Callable[[], None]]:
    """From the call on, the connection acts as the lesser role."""
    run("CREATE ROLE consult_service_test")
    call_command("grant_service_rights", "consult_service_test")
    yield lambda: run("SET ROLE consult_service_test")
    run("RESET ROLE; DROP OWNED BY consult_service_test; DROP ROLE consult_service_test")


@pytest.mark.django_db(transaction=True)
def test_the_service_runs_under_the_lesser_role(
    as_service: Callable[[], None],
    send: Callable[..., Response],
    reviewer: User,
    administrator: User,
    sign_in: Callable[[User], Client],
    exports: Path,
) -> None:
    as_service()
    kept, erased = send(), send({"violence-comment": "Take this away again."})
    client = sign_in(reviewer)
    for address in (reverse("review-list"), reverse("review-one", args=[kept.reference])):
        assert client.get(address).status_code == 200
    batch = seal_batch(consultation=kept.consultation, actor=None)
    write_batch(batch=batch)
    assert batch.size == 2
    erase_response(reference=erased.reference, actor=administrator, why="asked")
    assert reconcile().differences == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE responses_response DISABLE TRIGGER ALL",
        "DROP TRIGGER append_only ON consult_auditentry",
        "TRUNCATE consult_hit",
        "DROP TABLE consult_hit",
        "CREATE TABLE public.mine (id int)",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
        "CREATE OR REPLACE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_lesser_role_changes_no_table_trigger_or_function(
    as_service: Callable[[], None], statement: str
) -> None:
    as_service()
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        transaction.atomic(),
    ):
        run(statement)


@pytest.mark.django_db
def test_a_role_that_is_not_there_or_could_do_more_is_refused() -> None:
    with pytest.raises(CommandError, match="no role “nobody_at_all”"):
        call_command("grant_service_rights", "nobody_at_all")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [owner] = cursor.fetchone()
    with pytest.raises(CommandError, match="could do everything"):
        call_command("grant_service_rights", owner)
