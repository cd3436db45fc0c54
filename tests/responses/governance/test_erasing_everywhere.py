"""A word is planted in every column that text can get to and that leads to a response, then the
response is erased: what is left is listed here, each column with its reason.

Columns and rows come from the database's catalogue, so that the next table is among them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from consult.models import Consultation, StaffDraft, User
from consult.staff.drafts import Place, drafts_of, keep_typed
from responses.governance.erasing import erase_response
from responses.governance.erasing_unsent import erase_unsent
from responses.models import (
    BulkChange,
    BundleRow,
    Cluster,
    Draft,
    Extract,
    MailboxCopy,
    Message,
    Response,
    SentDraft,
    Transcription,
)
from responses.reviewing.inbound.letters import letter_in
from responses.reviewing.mailboxes import original_of, take_up, take_up_forwarded
from tests.support.acting import on_the_trail
from tests.support.tampering import columns, tamper

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "zyzzyva"
TEXT = {"text", "character varying", "jsonb", "ARRAY"}
# Columns that the service fills with names, numbers and hashes of its own.
OURS = {
    *("fingerprint", "sha256", "digest", "seal", "token_hash", "receipt_hash", "browser"),
    *("message_id", "kind", "reference", "language", "question", "same_question", "earlier"),
    *("file", "files", "manifest_sha256", "flags", "left", "why", "rows", "differing", "part"),
    *("responses_redaction.text", "responses_bulkchange.to_state", "responses_draft.parts_done"),
    *("consult_staffdraft.page", "responses_bulkitem.from_state", "responses_reminder.occasion"),
}
OF_MANY = "staff's own words about what many said; the page that erases says that they stay"
# Where the word may stay.
STAYS = {
    "responses_bundle.letter": "always empty, until the column goes",
    "responses_bundle.name": OF_MANY,
    "responses_bundle.undo_reason": OF_MANY,
    "responses_campaign.name": OF_MANY,
    "responses_campaignstep.earlier_name": OF_MANY,
    "responses_campaignstep.members": "hashes, numbers of responses and names of questions",
    "responses_campaignstep.name": OF_MANY,
    "responses_code.definition": OF_MANY,
    "responses_code.group": OF_MANY,
    "responses_code.name": OF_MANY,
    "responses_point.analysis": OF_MANY,
    "responses_point.answer": OF_MANY,
    "responses_point.new_wording": OF_MANY,
    "responses_point.old_wording": OF_MANY,
    "responses_point.sentence": OF_MANY,
}


def test_a_word_planted_in_every_column_is_gone_after_erasing(
    everything: Consultation, reviewer: User, files: Path, exports: Path
) -> None:
    response = Response.objects.exclude(campaign_members=None).earliest("id")
    leave_the_rest(response, reviewer)
    planted = {
        f"{table}.{column}"
        for table, rows in rows_about(response).items()
        for column, kind in text_columns(table)
        if plant(table, column, kind, rows)
    }
    assert len(planted) > 40
    assert holding(WORD) >= planted
    erase_response(reference=response.reference, actor=None, why="asked")
    assert holding(WORD) == set(STAYS)


def test_a_message_forwarded_in_another_is_gone_from_both(
    consultation: Consultation, reviewer: User, files: Path, send: Callable[..., Response]
) -> None:
    inner = mail("ann@example.org", f"I am the {WORD}.")
    outer = mail("officer@example.org", "Näive: see below.")
    outer.add_attachment(inner)
    [taken] = take_up([outer.as_bytes()], consultation=consultation, by=reviewer)
    forwarded = take_up_forwarded(message=taken.message, number=1, by=reviewer)
    response = send(email="")
    with on_the_trail():
        Message.objects.filter(pk=forwarded.pk).update(state=Message.State.RESPONSE)
        Transcription.objects.create(
            response=response,
            received_on=timezone.localdate(),
            keyed_by=reviewer,
            message=forwarded,
        )
    assert len(files_with(WORD, files)) == 2
    erase_response(reference=response.reference, actor=None, why="asked")
    assert files_with(WORD, files) == []
    assert holding(WORD) == set()
    taken.message.refresh_from_db()
    left = letter_in(original_of(taken.message))
    assert (left.words, left.sender_email) == (
        "Näive: see below.\n\nErased.",
        "officer@example.org",
    )
    # The same file loaded again is known, and brings nothing back.
    [again] = take_up([outer.as_bytes()], consultation=consultation, by=reviewer)
    assert not again.new
    assert files_with(WORD, files) == []


def test_a_forwarded_message_nobody_entered_is_gone_from_both(
    consultation: Consultation, reviewer: User, files: Path
) -> None:
    middle = mail("bea@example.org", "Passing this on.")
    middle.add_attachment(mail("ann@example.org", f"I am the {WORD}."))
    outer = mail("officer@example.org", "And on.")
    outer.add_attachment(middle)
    [taken] = take_up([outer.as_bytes()], consultation=consultation, by=reviewer)
    passed = take_up_forwarded(message=taken.message, number=1, by=reviewer)
    hers = take_up_forwarded(message=passed, number=1, by=reviewer)
    erase_unsent(drafts=[], letters=[hers.pk], actor=None, why="asked")
    assert files_with(WORD, files) == []
    passed.refresh_from_db()
    assert letter_in(original_of(passed)).words == "Passing this on.\n\nErased."


@pytest.mark.parametrize("spelt", ["as it is", "lower", "plain", "dashes", "field"])
def test_nothing_stays_typed_about_what_is_erased_nor_comes_later(
    spelt: str, send: Callable[..., Response], reviewer: User, files: Path
) -> None:
    response, other = send(email=""), send(email="")
    spell, fields = response.reference, [["note", WORD]]
    if spelt.endswith("lower"):
        spell = spell.lower()
    elif spelt.endswith("plain"):
        spell = spell.replace("-", "")
    elif spelt.endswith("dashes"):
        spell = quote(spell.replace("-", "\u2013"))
    elif spelt == "field":
        spell, fields = "next", [*fields, ["reference", response.reference]]
    place = Place(reviewer.pk, f"/staff/responses/{spell}/?from=list", "note", "/x")
    elsewhere = replace(place, page=f"/staff/responses/{other.reference}/")
    keep_typed(place=elsewhere, fields=[("note", f"See {response.reference}.")])
    keep_typed(place=place, fields=fields)
    assert holding(WORD) == {"consult_staffdraft.fields"}
    erase_response(reference=response.reference, actor=None, why="asked")
    assert holding(WORD) == set()
    # The page is still open, and the browser saves as someone types.
    keep_typed(place=place, fields=fields)
    assert holding(WORD) == set()
    assert [draft.page for draft in drafts_of(reviewer)] == [elsewhere.page]


def test_nothing_is_kept_of_what_is_typed_at_an_erased_email(
    consultation: Consultation, reviewer: User, files: Path
) -> None:
    raw = mail("ann@example.org", "Hello.").as_bytes()
    [taken] = take_up([raw], consultation=consultation, by=reviewer)
    pages = [f"/staff/messages/{taken.message.pk}/", f"/staff/enter/x/?message={taken.message.pk}"]
    for page in pages:
        keep_typed(place=Place(reviewer.pk, page, "f", "/x"), fields=[("note", WORD)])
    erase_unsent(drafts=[], letters=[taken.message.pk], actor=None, why="asked")
    assert holding(WORD) == set()
    for page in [*pages, f"/staff/messages/{taken.message.pk}9/"]:
        keep_typed(place=Place(reviewer.pk, page, "f", "/x"), fields=[("note", "Later.")])
    assert drafts_of(reviewer).count() == 1


def mail(sender: str, words: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = sender, "Näive", f"<{sender}>"
    made.set_content(words)
    return made


def files_with(word: str, folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()
    ]


def leave_the_rest(response: Response, reviewer: User) -> None:
    """What `everything` has no row of: what was not sent, work in hand, and what is made again."""
    consultation, now = response.consultation, timezone.now()
    file = {"kind": "application/pdf", "bytes": 1, "sha256": "1" * 64, "scan": "clean"}
    with on_the_trail():
        Message.objects.filter(file="").update(file="entered.eml")
        draft = Draft.objects.create(
            consultation=consultation, token_hash="d" * 64, submission_key=uuid4(), amends=response
        )
        draft.kept.create(name="missing", value="x", edition=response.edition, revision=1)
        draft.links.create(email="x", message_id="<1@x>")
        draft.visits.create(browser="b" * 64)
        draft.files.create(file="draft.pdf", revision=1, **file)
        asked = draft.reminder_requests.create(email="x", told_closes_at=now)
        asked.reminders.create(occasion="week", closes_at=now, message_id="<2@x>")
        SentDraft.objects.create(response=response, token_hash="e" * 64)
        found = Cluster.objects.create(
            consultation=consultation,
            sample=response,
            question="missing",
            responses=1,
            texts=1,
            people=1,
        )
        found.members.create(response=response, question="missing", print="x")
        message = Message.objects.create(
            consultation=consultation, sha256="2" * 64, file="undone.eml"
        )
        MailboxCopy.objects.create(
            consultation=consultation, mailbox="x", validity=1, uid=1, message=message
        )
        BundleRow.objects.filter(response=response).update(message=message)
        BulkChange.objects.latest("id").items.create(
            response=response, from_state="unread", version=0
        )
        extract = Extract.objects.create(consultation=consultation, asked_by=reviewer)
        extract.members.create(response=response, row=1)
        StaffDraft.objects.create(
            account=reviewer, page=f"/staff/responses/{response.reference}/", form="note"
        )
        response.claims.create(by=reviewer, until=now)


def rows_about(response: Response) -> dict[str, set[str]]:
    """The keys of all rows that lead to a version of a response, however far, and of those that
    they lead to themselves; by table. Consultations, accounts and batches are of everyone.
    """
    found: dict[str, set[str]] = defaultdict(set)
    versions = Response.objects.filter(reference=response.reference)
    found["responses_response"] = {str(pk) for pk in versions.values_list("pk", flat=True)}
    drafts = StaffDraft.objects.filter(page__contains=response.reference)
    found["consult_staffdraft"] = {str(pk) for pk in drafts.values_list("pk", flat=True)}
    known = -1
    while known != (known := sum(map(len, found.values()))):
        for child, column, parent in foreign_keys():
            if parent in found and parent != child:
                where = f"{column}::text = ANY(%s)"
                found[child] |= keys_of(primary_key(child), child, where, found[parent])
    for child, column, parent in foreign_keys():
        if child in found and parent.startswith("responses_") and parent != "responses_batch":
            where = f"{primary_key(child)}::text = ANY(%s) AND {column} IS NOT NULL"
            found[parent] |= keys_of(column, child, where, found[child])
    return {table: rows for table, rows in found.items() if rows}


def keys_of(column: str, table: str, where: str, keys: Iterable[str]) -> set[str]:
    asked = f"SELECT {column}::text FROM {table} WHERE {where}"  # noqa: S608
    return {row for (row,) in ask(asked, [list(keys)])}


def foreign_keys() -> list[tuple[str, str, str]]:
    return ask(
        """SELECT conrelid::regclass::text, attname, confrelid::regclass::text
        FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
        WHERE contype = 'f' ORDER BY 1, 2"""
    )


def primary_key(table: str) -> str:
    [(name,)] = ask(
        """SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid
            AND attnum = indkey[0] WHERE indrelid = %s::regclass AND indisprimary""",
        [table],
    )
    return str(name)


def text_columns(table: str) -> list[tuple[str, str]]:
    """What holds words: not a choice from a list, and no name, number or hash of the service."""
    chosen = {
        field.column
        for model in apps.get_models()
        if model._meta.db_table == table
        for field in model._meta.concrete_fields
        if field.choices
    }
    return [
        (column, kind)
        for of, column, kind in columns()
        if of == table and kind in TEXT and not {column, f"{table}.{column}"} & (OURS | chosen)
    ]


def plant(table: str, column: str, kind: str, rows: set[str]) -> int:
    value = {
        "jsonb": f"""CASE jsonb_typeof("{column}")
            WHEN 'object' THEN "{column}" || '{{"missing": "{WORD}"}}'
            WHEN 'array' THEN "{column}" || '["{WORD}"]' ELSE '"{WORD}"' END""",
        "ARRAY": f"array_append(\"{column}\", '{WORD}')",
    }.get(kind, f"'{WORD}'")
    sql = f'UPDATE {table} SET "{column}" = {value} WHERE {primary_key(table)}::text = ANY(%s)'  # noqa: S608
    return tamper(sql, [list(rows)])


def holding(word: str) -> set[str]:
    """The columns of the whole database in which a word stands."""
    return {
        f"{table}.{column}"
        for table, column, kind in columns()
        if kind in TEXT | {"tsvector"}
        and ask(
            f'SELECT FROM {table} WHERE "{column}"::text ILIKE %s LIMIT 1',
            [f"%{word}%"],
        )
    }


def ask(sql: str, arguments: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return cursor.fetchall()
