"""How much of what is done behind the service's back the integrity check notices.

Each column of each table that people rely on is altered, a row of it deleted, and one made up, one
at a time: by plain SQL, with every trigger on, and as someone would who has the database's own
files, with the triggers off and the constraints gone.
"""

from collections import defaultdict
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Field, ForeignKey

from consult.models import Consultation
from responses.governance.reconciling import CHECKS
from responses.governance.reconciling.changes import check_changes, held_tables
from responses.governance.reconciling.findings import Findings
from responses.governance.reconciling.rows import check_fingerprints_of, watched_tables
from tests.support.tampering import OTHER_UUID, altered, behind_its_back, columns

pytestmark = pytest.mark.django_db(transaction=True)

# What holds responses, answers, batches, the ledger and the trail, what they rest on, and what
# staff decide and may do.
COUNT = [
    "consult_auditentry",
    "consult_consultation",
    "consult_edition",
    "consult_option",
    "consult_planfile",
    "consult_question",
    "consult_recommendation",
    "consult_recoverycode",
    "consult_removedrow",
    "consult_secondpersonrequest",
    "consult_section",
    "consult_user",
    "responses_approval",
    "responses_batch",
    "responses_batchmember",
    "responses_code",
    "responses_codedanswer",
    "responses_codeversion",
    "responses_coding",
    "responses_confirmation",
    "responses_confirmationattempt",
    "responses_contact",
    "responses_delivery",
    "responses_equalityanswers",
    "responses_equalityholder",
    "responses_ledgerentry",
    "responses_publishedresponse",
    "responses_publishedset",
    "responses_redaction",
    "responses_removal",
    "responses_response",
    "responses_review",
    "responses_reviewstep",
    "responses_signingkey",
]
# The rest of what people rely on.
REST = [
    "responses_attachment",
    "responses_batchpetition",
    "responses_bundle",
    "responses_bundlerow",
    "responses_bulkchange",
    "responses_campaign",
    "responses_campaignmember",
    "responses_campaignstep",
    "responses_membermarks",
    "responses_message",
    "responses_decisionpack",
    "responses_nopoint",
    "responses_petition",
    "responses_packopening",
    "responses_packpoint",
    "responses_point",
    "responses_pointcode",
    "responses_pointdecision",
    "responses_pointpassage",
    "responses_pointversion",
    "responses_publishedpoint",
    "responses_reading",
    "responses_reconciliation",
    "responses_savedfilter",
    "responses_secondcoding",
    "responses_secondkeying",
    "responses_transcription",
]
# Tables whose changes need no act, and why nobody relies on them afterwards.
NOT_WATCHED = {
    "consult_heartbeat": "that a worker lives, for minutes",
    "consult_hint": "that a worker was told to look; the work itself waits in its own row",
    "consult_hit": "counts for rate limits, for a day",
    "consult_jobrun": "when a job ran last; `doctor` says where one does not run",
    "consult_rowtrouble": "what a run left out; the next one notes it again",
    "consult_staffdraft": "never sent",
    "responses_mailboxcopy": "read again from the mail server; each message is watched",
    "responses_mailboxreading": "counted again every five minutes",
    "responses_returnedmail": "how far a mailbox was read; reading it again changes nothing",
    "responses_bulkitem": "work in hand; each review has its step",
    "responses_claim": "who has what in hand, for minutes",
    "responses_cluster": "made again from the answers each night",
    "responses_clustermember": "the same",
    "responses_draft": "never sent",
    "responses_draftanswer": "never sent",
    "responses_draftfile": "never sent",
    "responses_draftlink": "leads to what was never sent",
    "responses_draftvisit": "who has it open, for minutes",
    "responses_extract": "a copy for a week",
    "responses_extractmember": "the same",
    "responses_fileremoval": "files to be removed, which `doctor` counts",
    "responses_reminder": "about what was never sent",
    "responses_reminderrequest": "the same",
    "responses_searchtext": "compared with the responses by a check of its own",
    "responses_sentdraft": "where a browser's draft went; the response itself is watched",
    "responses_tally": "counted again from the responses",
    "responses_writing": "how far a worker has got",
}
# What is missed, and why nothing better can be had.
CANNOT_BE_NOTICED = {
    "consult_user last_login altered by plain SQL": "each sign-in is on the trail as well",
    "responses_confirmation leased_until altered by plain SQL": "work in hand, for minutes",
    "responses_delivery leased_until altered by plain SQL": "work in hand, for minutes",
    "responses_reconciliation row deleted by the database's files": "the next result counts it",
    **{
        f"responses_savedfilter {what}": "its owner's own, and nothing rests on it"
        for what in (
            "id altered by plain SQL",
            "name altered by plain SQL",
            "query altered by plain SQL",
            "at altered by plain SQL",
            "row deleted by plain SQL",
            "row deleted by the database's files",
            "row copied in by plain SQL",
        )
    },
}
GOAL = 0.97
PLAIN, FILES = "plain SQL", "the database's files"


@dataclass(frozen=True)
class Harm:
    """One thing done to one table, in one of the two ways."""

    table: str
    what: str
    way: str
    statements: tuple[str, ...]


def test_every_column_of_every_watched_table_is_in_its_fingerprint(db: None) -> None:
    watched = dict(watched_tables())
    assert sorted(watched) == sorted([*COUNT, *REST])
    there: dict[str, list[str]] = defaultdict(list)
    for table, column, _ in columns():
        there[table].append(column)
    assert {table: sorted([*named, "fingerprint"]) for table, named in watched.items()} == {
        table: sorted(there[table]) for table in watched
    }


def test_every_table_is_watched_or_listed_as_one_nobody_relies_on() -> None:
    assert set(models()) == {*COUNT, *REST, *NOT_WATCHED}


def test_every_watched_table_is_held_to_acts_but_four(db: None) -> None:
    assert set(held_tables()) == {*COUNT, *REST} - {
        "responses_response",  # Sealed in the ledger.
        "responses_equalityanswers",  # No instant may stand in it.
        "responses_equalityholder",  # Nor in it.
        "responses_savedfilter",  # Its owner's own, and no act.
    }


def test_what_is_done_to_one_row_outside_the_service_is_noticed(everything: Consultation) -> None:
    tried: dict[str, int] = defaultdict(int)
    missed: dict[str, list[str]] = defaultdict(list)
    for table in [*COUNT, *REST]:
        for harm in harms_to(table):
            tried[table] += 1
            if not is_noticed(harm):
                missed[table].append(f"{table} {harm.what} by {harm.way}")
    for table, number in tried.items():
        print(f"{table}: {number - len(missed[table])} of {number} noticed")
    names = [name for table in tried for name in missed[table]]
    print("missed:", *names, sep="\n")
    assert set(names) <= set(CANNOT_BE_NOTICED), set(names) - set(CANNOT_BE_NOTICED)
    for tables in (COUNT, REST):
        found = sum(tried[table] - len(missed[table]) for table in tables)
        assert found >= GOAL * sum(tried[table] for table in tables)


def models() -> dict[str, type]:
    return {
        model._meta.db_table: model
        for app in ("consult", "responses")
        for model in apps.get_app_config(app).get_models()
    }


def harms_to(table: str) -> list[Harm]:
    """Each column altered, a row deleted, and one copied in, in both ways."""
    newest = f"(SELECT id FROM {table} ORDER BY id DESC LIMIT 1)"  # noqa: S608
    freely = [f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE" for name in constraints(table)]
    freely += [f"DROP INDEX {name}" for name in unique_indexes(table)]
    there = {column: kind for of, column, kind in columns() if of == table}
    found = []
    for column, kind in there.items():
        value = another_value(table, column, kind)
        change = f'UPDATE {table} SET "{column}" = {value} WHERE id = {newest}'  # noqa: S608
        found += [
            Harm(table, f"{column} altered", PLAIN, (change,)),
            Harm(table, f"{column} altered", FILES, (*freely, change)),
        ]
    gone = f"DELETE FROM {table} WHERE id = {newest}"  # noqa: S608
    found += [Harm(table, "row deleted", way, (gone,)) for way in (PLAIN, FILES)]
    new = f"'{OTHER_UUID}'::uuid" if there["id"] == "uuid" else "id + 7919"
    names = ", ".join(f'"{column}"' for column in there)
    values = names.replace('"id"', new)
    copy = f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE id = {newest}"  # noqa: S608
    found += [Harm(table, "row copied in", way, (*freely, copy)) for way in (PLAIN, FILES)]
    return found


def another_value(table: str, column: str, kind: str) -> str:
    """An expression for what else could stand there: another choice, another row's key."""
    fields: dict[str, Field] = {
        field.column: field for field in models()[table]._meta.concrete_fields
    }
    field = fields.get(column)
    if isinstance(field, ForeignKey):
        parent = field.related_model._meta.db_table
        return (
            f"(SELECT coalesce(min(p.id), 7919) FROM {parent} p "  # noqa: S608
            f'WHERE p.id IS DISTINCT FROM {table}."{column}")'
        )
    if field is not None and field.choices and kind == "character varying":
        first, second, *_ = [value for value, _ in field.flatchoices]
        return f"CASE WHEN \"{column}\" = '{first}' THEN '{second}' ELSE '{first}' END"
    return altered(kind).format(column=f'"{column}"')


def is_noticed(harm: Harm) -> bool:
    """Whether the harm is refused, changes nothing, or is named. Afterwards it is undone."""
    with transaction.atomic():
        before = content_of(harm.table)
        try:
            with transaction.atomic():
                if harm.way == FILES:
                    with behind_its_back():
                        run(harm.statements)
                else:
                    run(harm.statements)
        except DatabaseError:
            return True
        noticed = content_of(harm.table) == before or anything_is_named(harm.table)
        transaction.set_rollback(True)
    return noticed


def run(statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def content_of(table: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT md5(string_agg(to_jsonb(t)::text, '' ORDER BY id)) FROM {table} t"  # noqa: S608
        )
        return cursor.fetchone()


def anything_is_named(table: str) -> bool:
    """Whether the integrity check finds anything now: the quickest look first, one is enough."""

    def its_fingerprints(findings: Findings) -> None:
        check_fingerprints_of(table, dict(watched_tables())[table], findings)

    for check in [its_fingerprints, check_changes, *CHECKS]:
        findings = Findings()
        check(findings)
        if findings.differences:
            return True
    return False


def constraints(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT conname FROM pg_constraint
            WHERE conrelid = %s::regclass AND contype IN ('u', 'c')""",
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
