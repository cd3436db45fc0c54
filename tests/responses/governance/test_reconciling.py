"""The integrity check passes after everything that the service does, and fails after anything done
behind its back.
"""

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consult.auditing import record
from consult.models import Action, Consultation, User
from responses.exporting.batches import folder_of, pack_of
from responses.governance.reconciling import reconcile
from responses.governance.reconciling.rows import watched_tables
from responses.models import (
    Batch,
    Confirmation,
    Reconciliation,
    Removal,
    Response,
)
from responses.reviewing.reviews import move_review
from tests.support.acting import on_the_trail
from tests.support.tampering import altered, columns, tamper

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]


def test_the_integrity_check_passes_after_everything_the_service_does(busy: Consultation) -> None:
    found = reconcile()
    assert found.differences == []
    assert found.totals == {
        "channels": {"online": {"received": 8, "in_batches": 7, "waiting": 1}},
        "acts": {"sent": 5, "amended": 1, "withdrawn": 1, "erased": 1},
        "confirmations": {"sent": 1, "failed": 1, "not-wanted": 4, "waiting": 2},
        "reviews": {"unread": 4, "considered": 1},
        "batches": 2,
        "batches_without_files": 1,
        "stored_files": 0,
        "rows": found.totals["rows"],
        "weighing": found.totals["weighing"],
    }


def test_the_command_says_so_plainly_and_fails_on_a_difference(busy: Consultation) -> None:
    said = StringIO()
    call_command("reconcile", stdout=said)
    assert "online: 8 received = 7 in batches + 1 waiting" in said.getvalue()
    assert "batches: 2, of 1 the files were removed by the retention rule" in said.getvalue()
    assert said.getvalue().endswith("The integrity check passed.\n")
    response = Response.objects.earliest("id")
    tamper("UPDATE responses_response SET texts = '{}' WHERE id = %s", [response.pk])
    with pytest.raises(CommandError, match=f"(?s)The integrity check failed.*{response.reference}"):
        call_command("reconcile")


# What belongs to a response, from the leaves to the root.
ALL_OF_IT = [
    (
        "DELETE FROM responses_confirmationattempt WHERE confirmation_id IN (SELECT id FROM "
        "responses_confirmation WHERE response_id = %s)"
    ),
    (
        "DELETE FROM responses_reviewstep WHERE review_id IN (SELECT id FROM responses_review "
        "WHERE "
        "response_id = %s)"
    ),
    *[
        f"DELETE FROM responses_{table} WHERE response_id = %s"  # noqa: S608
        for table in ("confirmation", "review", "contact", "ledgerentry", "batchmember")
    ],
    "DELETE FROM responses_response WHERE id = %s",
]


def delete_all_of(response: Response) -> None:
    for sql in ALL_OF_IT:
        tamper(sql, [response.pk])


def words_of_differences() -> str:
    return " ".join(
        f"{difference['subject']}: {difference['words']}" for difference in reconcile().differences
    )


def test_a_response_deleted_with_all_its_rows_breaks_the_later_entries(
    send: Send,
) -> None:
    _, second, _ = send(), send(), send()
    assert reconcile().differences == []
    with on_the_trail():
        Reconciliation.objects.all().delete()
    delete_all_of(second)
    assert "Later entries name it, and it is gone" in words_of_differences()


def test_the_newest_response_deleted_with_all_its_rows_is_missed(
    send: Send,
) -> None:
    _, last = send(), send()
    assert reconcile().differences == []
    delete_all_of(last)
    for _ in range(2):
        assert (
            "responses_response: 1 of its rows is gone since the last integrity check."
            in words_of_differences()
        )
        send()


@pytest.mark.parametrize("which", ["a batched one", "a withdrawn one", "a waiting one"])
def test_any_response_deleted_with_all_its_rows_is_missed(busy: Consultation, which: str) -> None:
    found = {
        "a batched one": Response.objects.earliest("id"),
        "a withdrawn one": Response.objects.get(act="withdrawn"),
        "a waiting one": Response.objects.get(membership=None),
    }
    assert reconcile().differences == []
    delete_all_of(found[which])
    assert reconcile().differences


def test_the_last_batch_deleted_as_if_it_had_never_been_sealed_is_missed(
    busy: Consultation,
) -> None:
    last = Batch.objects.latest("number")
    for sql in (
        "DELETE FROM responses_ledgerentry WHERE event = 'batched' AND batch_number = %s",
        (
            "DELETE FROM responses_batchmember WHERE batch_id = (SELECT id FROM responses_batch "
            "WHERE "
            "number = %s)"
        ),
        "DELETE FROM responses_batch WHERE number = %s",
    ):
        tamper(sql, [last.number])
    words = "The trail says that it was sealed, but there is no such batch."
    assert words in words_of_differences()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *[
            ("responses_response", column)
            for column in (
                "consultation_id",
                "edition_id",
                "reference",
                "version",
                "act",
                "choices",
                "texts",
                "channel",
                "timing",
            )
        ],
        *[
            ("responses_response", column)
            for column in ("started_at", "received_at", "submission_key", "digest", "receipt_hash")
        ],
        *[("responses_response", column) for column in ("flags", "synthetic")],
        *[
            ("responses_contact", column)
            for column in ("response_id", "name", "email", "postcode_district")
        ],
        *[
            ("responses_ledgerentry", column)
            for column in ("response_id", "event", "digest", "seal")
        ],
        *[("responses_confirmation", column) for column in ("response_id", "state")],
        *[
            ("responses_review", column)
            for column in ("response_id", "state", "version", "superseded")
        ],
    ],
)
def test_an_altered_row_with_a_matching_fingerprint_is_still_found(
    send: Send, table: str, column: str
) -> None:
    """Someone who knows of the fingerprints makes the right one for the row that they changed.

    It is in no batch yet.
    """
    send()
    kind = next(kind for where, name, kind in columns() if (where, name) == (table, column))
    value = altered(kind).format(column=column)
    tamper(f"UPDATE {table} SET {column} = {value}")  # noqa: S608
    tamper(
        f"UPDATE {table} t SET fingerprint = fingerprint_of(to_jsonb(t), %s)",  # noqa: S608
        [dict(watched_tables())[table]],
    )
    assert "outside the service" not in words_of_differences()
    assert reconcile().differences


def test_setting_aside_without_a_reason_or_a_step_is_found(send: Send, reviewer: User) -> None:
    first, second = send(), send()
    move_review(
        review=first.review,
        to_state="set-aside",
        note="Sent twice by mistake, on paper too.",
        version=0,
        by=reviewer,
    )
    assert reconcile().differences == []
    tamper("UPDATE responses_reviewstep SET note = ' '")
    assert (
        f"{first.reference} version 1: Its review says “set-aside”, which does not fit its steps."
        in words_of_differences()
    )
    tamper("UPDATE responses_review SET state = 'set-aside' WHERE response_id = %s", [second.pk])
    assert (
        f"{second.reference} version 1: Its review says “set-aside”, which does not fit its steps."
        in words_of_differences()
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            (
                "UPDATE responses_confirmation SET state = 'sent', sent_at = now() WHERE state = "
                "'waiting'"
            ),
            "does not fit what happened to it",
        ),
        (
            "UPDATE responses_confirmation SET state = 'waiting' WHERE state = 'sent'",
            "does not fit what happened to it",
        ),
        (
            "UPDATE responses_confirmation SET state = 'not-wanted' WHERE state = 'failed'",
            "does not fit what happened to it",
        ),
        (
            "UPDATE responses_contact SET email = 'else@example.org'",
            "are not those that were received",
        ),
        ("UPDATE responses_review SET superseded = NOT superseded", "do not follow each other"),
        ("UPDATE consult_question SET text = 'Otherwise?'", "is not what its newest edition says"),
        (
            "UPDATE responses_searchtext SET words = 'else'",
            "The search would not find it by its words.",
        ),
        ("DELETE FROM responses_searchtext", "The search would not find it by its words."),
    ],
)
def test_what_the_triggers_let_through_is_found_as_it_does_not_fit(
    busy: Consultation, sql: str, words: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
    assert words in " ".join(difference["words"] for difference in reconcile().differences)


@pytest.mark.parametrize(
    "file", ["responses.csv", "responses.jsonl", "codebook.csv", "manifest.json"]
)
def test_a_file_altered_or_gone_is_found(busy: Consultation, exports: Path, file: str) -> None:
    altered_words = [f"{file} is not what was stored."]
    if file == "codebook.csv":
        # The first "1" in it is a value: what it says changed too, not its bytes alone.
        altered_words.append(f"{file} is not what the database would make today.")
    name = f"{folder_of(Batch.objects.get(number=1))}/{file}"
    path = exports / name
    content = path.read_bytes()
    path.write_bytes(content.replace(b"1", b"2", 1))
    assert [d["words"] for d in reconcile().differences] == altered_words
    storages["exports"].delete(name)
    assert [d["words"] for d in reconcile().differences] == [f"{file} is not where it was stored."]


def test_a_removed_file_that_is_back_is_found_and_one_still_due_is_not(
    busy: Consultation, exports: Path
) -> None:
    batch = Batch.objects.get(number=2)
    path = exports / folder_of(batch) / "responses.csv"
    path.parent.mkdir()
    path.write_text("back")
    assert [d["words"] for d in reconcile().differences] == [
        "responses.csv was removed by the retention rule, and is there."
    ]
    with on_the_trail():
        Removal.objects.update(ended_at=None)
    assert reconcile().differences == []


def test_neither_a_row_nor_the_trail_alone_excuses_files_removed_by_hand(
    busy: Consultation, exports: Path
) -> None:
    shutil.rmtree(exports / folder_of(Batch.objects.get(number=1)))
    (exports / pack_of(Batch.objects.get(number=1))).unlink()
    assert {d["words"] for d in reconcile().differences} >= {
        "manifest.json is not where it was stored."
    }
    with on_the_trail():
        made_up = Removal.objects.create(batch=Batch.objects.get(number=1), ended_at=timezone.now())
    words = (
        "Either the trail or the database, but not both, says that the retention rule removed its "
        "files."
    )
    assert [d["words"] for d in reconcile().differences] == [words]
    with on_the_trail():
        made_up.delete()
    record(
        action=Action.BATCH_FILES_REMOVED,
        actor=None,
        subject=folder_of(Batch.objects.get(number=1)),
    )
    assert {d["words"] for d in reconcile().differences} >= {
        words,
        "manifest.json is not where it was stored.",
    }


def test_a_trigger_that_is_switched_off_is_found(busy: Consultation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE responses_response DISABLE TRIGGER append_only")
    try:
        assert [d["words"] for d in reconcile().differences] == [
            "The trigger append_only is switched off."
        ]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE responses_response ENABLE TRIGGER append_only")


@pytest.mark.parametrize(
    "sql",
    [
        *[
            f"{act} {table}{what}"
            for table in (
                "responses_response",
                "responses_ledgerentry",
                "responses_batchmember",
                "responses_confirmationattempt",
            )
            for act, what in (("UPDATE", " SET id = id"), ("DELETE FROM", ""))
        ],
        *[
            "UPDATE consult_auditentry SET subject = 'x'",
            "DELETE FROM consult_auditentry",
            "UPDATE consult_edition SET number = 9",
        ],
        *[
            "UPDATE responses_batch SET size = size + 1",
            "UPDATE responses_batch SET number = 9 WHERE number = 2",
        ],
        *[
            "UPDATE responses_batch SET files = '[]'",
            "DELETE FROM responses_batch",
            "UPDATE responses_batch SET includes_contacts = true",
        ],
        *["SET consult.tests_may_truncate = off; TRUNCATE responses_response CASCADE"],
        *["SET consult.tests_may_truncate = off; TRUNCATE consult_auditentry CASCADE"],
    ],
)
def test_append_only_tables_are_so_for_the_services_own_user(busy: Consultation, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match=r"append-only|is sealed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    with connection.cursor() as cursor:
        cursor.execute("SET consult.tests_may_truncate = on")
    assert Response.objects.count() == 8


def test_the_integrity_check_sees_one_moment_while_others_write(
    send: Send, consultation: Consultation, exports: Path
) -> None:
    send()
    assert reconcile().differences == []
    assert Confirmation.objects.count() == 1


def test_a_delivery_of_which_the_ledger_says_nothing_is_a_difference(busy: Consultation) -> None:
    tamper("UPDATE responses_delivery SET delivered_at = acknowledged_at")
    assert (
        "police-and-crime-plan-2021-25/batch-0001",
        "By the ledger 0 of its 4 responses were delivered.",
    ) in [(one["subject"], one["words"]) for one in reconcile().differences]
