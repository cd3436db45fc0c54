"""The integrity check passes after everything that the service does, and fails after anything done
behind its back.
"""

import shutil
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.editions import plan_of
from responses.answers import read_answers, read_equality_answers
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import folder_of, pack_of, seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.reconciling import CHECKS, reconcile
from responses.governance.reconciling.findings import Findings
from responses.governance.reconciling.rows import check_fingerprints, watched_tables
from responses.governance.removing import remove_batch_files
from responses.models import (
    Approval,
    Batch,
    BulkChange,
    Campaign,
    Code,
    CodedAnswer,
    Coding,
    Confirmation,
    MemberMarks,
    Message,
    PublishedSet,
    Reading,
    Reconciliation,
    Redaction,
    Removal,
    Response,
    SavedFilter,
    SecondCoding,
    SecondKeying,
    SigningKey,
    Transcription,
)
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response, withdraw_response
from responses.responding.confirming import send_due_confirmations
from responses.responding.equality import give_equality_answers
from responses.responding.submitting import Submission
from responses.reviewing.reviews import move_review
from tests.support.postbox import Postbox
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]

# What holds responses, answers, batches and the ledger, or what they rest on: here every change is
# noticed.
TABLES = [
    *[
        "consult_auditentry",
        "consult_consultation",
        "consult_edition",
        "consult_option",
        "consult_question",
        "consult_recommendation",
    ],
    *[
        "consult_section",
        "consult_user",
        "responses_batch",
        "responses_batchmember",
        "responses_confirmation",
    ],
    *[
        "responses_confirmationattempt",
        "responses_contact",
        "responses_delivery",
        "responses_equalityanswers",
        "responses_equalityholder",
        "responses_ledgerentry",
        "responses_removal",
        "responses_response",
        "responses_review",
    ],
    *["responses_reviewstep"],
]
# The rest of what people rely on.
REST = [
    *["responses_campaign", "responses_campaignmember", "responses_campaignstep"],
    *[
        "responses_code",
        "responses_codeversion",
        "responses_coding",
        "responses_codedanswer",
        "responses_secondcoding",
    ],
    *[
        "responses_redaction",
        "responses_approval",
        "responses_publishedset",
        "responses_membermarks",
    ],
    *[
        "responses_transcription",
        "responses_secondkeying",
        "responses_attachment",
        "responses_message",
    ],
    *[
        "responses_signingkey",
        "responses_reconciliation",
        "responses_bulkchange",
        "responses_savedfilter",
        "consult_recoverycode",
    ],
    *["responses_reading"],
]
# Nothing that anyone relies on afterwards: what was never sent, counts that are made again, work in
# hand, copies for a week, and the words that are searched, which are held to the responses on their
# own.
NOT_WATCHED = {
    *[
        "responses_draft",
        "responses_draftlink",
        "responses_fileremoval",
        "consult_jobrun",
        "consult_hit",
        "responses_writing",
        "responses_bulkitem",
    ],
    *[
        "responses_cluster",
        "responses_clustermember",
        "responses_tally",
        "responses_extract",
        "responses_extractmember",
    ],
    *["responses_searchtext"],
    # The answers of what was never sent, and that a browser's draft was sent: the response itself
    # is watched.
    *["responses_draftanswer", "responses_sentdraft"],
    # A list to page through, made of the approvals, which are watched.
    *["responses_publishedresponse"],
    # Work in hand for a few days. Who asked, confirmed or refused stands in the trail, which is
    # watched.
    *["consult_secondpersonrequest"],
}
OTHER_UUID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def busy(
    send: Send,
    consultation: Consultation,
    reviewer: User,
    exports: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
) -> Consultation:
    """A consultation to which a bit of everything has happened."""
    first, second, third = (
        send(),
        send({"trust-comment": "Two."}, email=""),
        send({"victims-comment": "Three."}, email="nobody@example.org"),
    )
    postbox.answers["nobody@example.org"] = "550 no such user"
    mail_through(postbox.port)
    send_due_confirmations()
    gone = send({"violence-comment": "Gone."}, email="")
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    acknowledge(batch=batch, actor=reviewer)
    plan = plan_of(first.edition)
    contact = {"name": "Rita", "email": "rita@example.org", "postcode_district": ""}
    answers = read_answers(plan, {"violence-comment": "Changed."})
    amend_response(
        earlier=first,
        submission=Submission(
            edition=first.edition,
            submission_key=uuid4(),
            answers=answers,
            contact=contact,
            started_at=timezone.now(),
        ),
    )
    withdraw_response(earlier=second, submission_key=uuid4(), started_at=timezone.now())
    move_review(review=third.review, to_state="considered", note="Read.", version=0, by=reviewer)
    erase_response(reference=gone.reference, actor=reviewer, why="asked")
    second_batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=second_batch)
    acknowledge(batch=second_batch, actor=reviewer)
    assert remove_batch_files(batch=second_batch, actor=None)
    waiting = send({"missing": "Waiting."})
    said = read_equality_answers(plan, {"equality-age": "16-to-24"})
    give_equality_answers(
        consultation=consultation,
        edition=waiting.edition,
        token=receipt_token(waiting),
        answers=said,
    )
    return consultation


def tamper(sql: str, arguments: list[Any] | None = None) -> int:
    """Run `sql` behind the service's back, and say how many rows it touched."""
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute(sql, arguments or [])
        return int(cursor.rowcount)


def altered(kind: str) -> str:
    """An expression that is another value than `{column}`, of the same type."""
    others = {
        "boolean": "NOT {column}",
        "jsonb": "CASE WHEN {column}::text = '[]' THEN '[1]'::jsonb ELSE '[]'::jsonb END",
        "uuid": f"'{OTHER_UUID}'::uuid",
        "timestamp with time zone": "coalesce({column}, now()) + interval '1 second'",
        "ARRAY": "array_append({column}, NULL)",
        "date": "{column} + 1",
        "smallint": "coalesce({column}, 0) + 1",  # One of them is an hour of the day.
    }
    numbers = {"bigint", "integer", "double precision"}
    return others.get(kind) or (
        "coalesce({column}, 0) + 7919"
        if kind in numbers
        else "CASE WHEN {column} = 'x' THEN 'y' ELSE 'x' END"
    )


def columns() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_name = ANY(%s) AND table_schema = 'public' ORDER BY 1, ordinal_position""",
            [[*TABLES, *REST]],
        )
        return list(cursor.fetchall())


def noticed() -> bool:
    """Whether the integrity check finds anything at this moment.

    The quickest look comes first; one is enough.
    """
    for check in [check_fingerprints, *CHECKS]:
        findings = Findings()
        check(findings)
        if findings.differences:
            return True
    return False


def does_it_notice(*statements: str) -> bool:
    """Whether the integrity check notices what these statements do behind the service's back.

    Afterwards it is undone.
    """
    with transaction.atomic():
        for sql in statements:
            tamper(sql)
        found = noticed()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def everything(busy: Consultation, reviewer: User) -> Consultation:
    """A consultation with a row in every table that people rely on."""
    response = Response.objects.exclude(membership=None).earliest("id")
    member = response.membership
    campaign = Campaign.objects.create(
        consultation=busy, name="Letter", sample=response, question="missing"
    )
    campaign.members.create(response=response, question="missing", print="x")
    campaign.steps.create(
        by=reviewer, act="made", name="Letter", members=[[response.pk, "missing", "x"]]
    )
    code = Code.objects.create(consultation=busy, question="missing", name="Lights")
    code.versions.create(version=1, name="Lights", by=reviewer)
    Coding.objects.create(response=response, question="missing", code=code, by=reviewer)
    CodedAnswer.objects.create(response=response, question="missing", by=reviewer)
    SecondCoding.objects.create(
        consultation=busy, question="missing", by=reviewer, responses=[response.pk]
    )
    Redaction.objects.create(
        response=response, text="violence-comment", start=0, end=1, reason="name", by=reviewer
    )
    Approval.objects.create(response=response, publish=True, by=reviewer)
    PublishedSet.objects.create(consultation=busy, by=reviewer)
    if not MemberMarks.objects.exists():
        MemberMarks.objects.create(member=member)
    message = Message.objects.create(consultation=busy, sha256="0" * 64)
    keyed = Transcription.objects.create(
        response=response, received_on=timezone.localdate(), keyed_by=reviewer, message=message
    )
    SecondKeying.objects.create(transcription=keyed, by=reviewer, outcome="same")
    keyed.attachments.create(
        file="letter.pdf", kind="application/pdf", bytes=7, sha256="0" * 64, by=reviewer
    )
    SigningKey.objects.create(public_key="0" * 64)
    BulkChange.objects.create(
        key=uuid4(),
        by=reviewer,
        act="read",
        looked_at=timezone.now(),
        highest=1,
        seen=1,
        seen_changes=1,
    )
    SavedFilter.objects.create(by=reviewer, name="Mine")
    Reading.objects.create(response=response, by=reviewer)
    reviewer.recovery_codes.create(hashed="x")
    assert reconcile().differences == []
    return busy


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
        "rows": found.totals["rows"],
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


def test_every_column_of_every_watched_table_is_in_its_fingerprint(db: None) -> None:
    watched = dict(watched_tables())
    assert sorted(watched) == sorted([*TABLES, *REST])
    there: dict[str, list[str]] = {table: [] for table in watched}
    for table, column, _ in columns():
        there[table].append(column)
    assert {table: sorted([*named, "fingerprint"]) for table, named in watched.items()} == {
        t: sorted(c) for t, c in there.items()
    }


def test_every_table_is_watched_or_listed_as_one_nobody_relies_on() -> None:
    ours = {
        model._meta.db_table
        for app in ("consult", "responses")
        for model in apps.get_app_config(app).get_models()
    }
    assert ours == {*TABLES, *REST, *NOT_WATCHED}


def test_one_row_altered_removed_or_made_up_is_found(
    everything: Consultation,
) -> None:
    """Every column of every table, one row at a time: all where it counts, and 95% of the rest."""
    missed: dict[str, list[str]] = {"counts": [], "rest": []}
    tried = {"counts": 0, "rest": 0}
    attacks: list[tuple[str, str, list[str]]] = []
    for table in [*TABLES, *REST]:
        row = f"(SELECT id FROM {table} ORDER BY id DESC LIMIT 1)"  # noqa: S608
        # With the constraints out of the way, only the integrity check can notice.
        freely = [
            f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE" for name in constraints(table)
        ]
        freely += [f"DROP INDEX {name}" for name in unique_indexes(table)]
        for of, column, kind in columns():
            if of == table:
                value = altered(kind).format(column=f'"{column}"')
                change = f'UPDATE {table} SET "{column}" = {value} WHERE id = {row}'  # noqa: S608
                attacks.append((table, f"{table}.{column} altered", [*freely, change]))
        other = f"'{OTHER_UUID}'::uuid" if table == "responses_equalityanswers" else "id + 7919"
        attacks.append((table, f"{table} removed", [f"DELETE FROM {table} WHERE id = {row}"]))  # noqa: S608
        made_up = [
            f"CREATE TEMP TABLE made_up ON COMMIT DROP AS SELECT * FROM {table} WHERE id = {row}",  # noqa: S608
            f"UPDATE made_up SET id = {other}",  # noqa: S608
            f"INSERT INTO {table} SELECT * FROM made_up",  # noqa: S608
        ]
        attacks.append((table, f"{table} made up", [*freely, *made_up]))
    for table, name, statements in attacks:
        where = "counts" if table in TABLES else "rest"
        tried[where] += 1
        if not does_it_notice(*statements):
            missed[where].append(name)
    found = {where: f"{tried[where] - len(missed[where])} of {tried[where]}" for where in tried}
    print(
        f"noticed where it counts: {found['counts']}; of the rest: {found['rest']}; missed: "
        f"{missed}"
    )
    assert missed["counts"] == [], missed
    assert len(missed["rest"]) <= 0.05 * tried["rest"], missed


def constraints(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            (
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN "
                "('u', "
                "'c')"
            ),
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def unique_indexes(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass
                AND indisunique AND NOT indisprimary
            AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)""",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


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
            "responses_response: 1 of its rows are gone since the last integrity check."
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
    assert "By the trail it was sealed, and there is no such batch." in words_of_differences()


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
            "The search does not find it by its words.",
        ),
        ("DELETE FROM responses_searchtext", "The search does not find it by its words."),
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
    made_up = Removal.objects.create(batch=Batch.objects.get(number=1), ended_at=timezone.now())
    words = "Its files were removed by the retention rule, or the trail says so, and not both."
    assert [d["words"] for d in reconcile().differences] == [words]
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
