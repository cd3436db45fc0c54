"""Loading a bundle whole or not at all: nothing is written while any row is wrong."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consult.auditing import record
from consult.models import Action, Consultation, Edition, User
from responses.models import Bundle, BundleRow, Message
from responses.reviewing.bundles.rows import (
    Problem,
    Row,
    Terms,
    check_table,
)
from responses.reviewing.bundles.tables import read_table
from responses.reviewing.transcribing import last_day_of, plan_to_key

ROWS_AT_ONCE = 1000


class RowsRefused(ValueError):
    """Some rows are wrong; nothing was loaded. `problems` name each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


class LoadedBefore(Exception):
    """The same file was loaded before, as `bundle`, and is not undone."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle.pk)
        self.bundle = bundle


def load_table(
    *,
    edition: Edition,
    kind: str,
    name: str,
    key: UUID,
    content: bytes,
    letter: Mapping[str, Any],
    today: date,
    by: User,
) -> Bundle:
    """Load a table of responses: each row is received as a response of its own by a worker.

    The same key again is the same bundle. Raises RowsRefused, LoadedBefore, NotATable,
    TooManyRows and TooLarge; then nothing was written.
    """
    if known := Bundle.objects.filter(key=key).first():
        return known
    sha256 = _fingerprint_of(content, letter)
    consultation = edition.consultation
    made = Bundle(edition=edition, kind=kind, name=name, key=key, sha256=sha256, by=by)
    _refuse_the_same_file(made)
    terms = Terms(kind, plan_to_key(edition), today, last_day_of(consultation), letter)
    rows, problems = check_table(read_table(content), terms)
    problems += _loaded_before(consultation, kind, rows)
    if problems:
        raise RowsRefused(sorted(problems, key=lambda one: one.number))
    return _write(made, [(row, None) for row in rows])


def load_mails(
    *,
    edition: Edition,
    name: str,
    key: UUID,
    letter: Mapping[str, Any],
    mails: Sequence[tuple[Message, Mapping[str, Any], date]],
    by: User,
) -> Bundle:
    """Load messages of the mailbox as senders of a standard letter: each with what it says and the
    day it came. The same key again is the same bundle.
    """
    if known := Bundle.objects.filter(key=key).first():
        return known
    made = Bundle(edition=edition, kind=Bundle.Kind.LETTER, name=name, key=key, by=by)
    late = _("By email, after closing, with many others.")
    last_day = last_day_of(edition.consultation)
    rows = [
        (Row(number, "", day, "email", str(late) if day > last_day else "", fields), message)
        for number, (message, fields, day) in enumerate(mails, start=1)
    ]
    return _write(made, rows)


def _fingerprint_of(content: bytes, letter: Mapping[str, Any]) -> str:
    """Tells a file with its letter from all others. The letter itself is kept nowhere but in the
    responses, from which it can be erased.
    """
    typed = json.dumps(dict(letter), sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(content).digest() + typed).hexdigest()


def _there(consultation: Consultation) -> Any:
    return Bundle.objects.filter(consultation=consultation).exclude(
        state__in=[Bundle.State.UNDOING, Bundle.State.UNDONE]
    )


def _refuse_the_same_file(made: Bundle) -> None:
    there = _there(made.edition.consultation).exclude(sha256="")
    if before := there.filter(sha256=made.sha256).first():
        raise LoadedBefore(before)


def _loaded_before(consultation: Consultation, kind: str, rows: Sequence[Row]) -> list[Problem]:
    """What the other system's numbers say of rows that came with an earlier file."""
    if kind != Bundle.Kind.IMPORTED:
        return []
    numbers = {row.sheet: row.number for row in rows if row.sheet}
    there = BundleRow.objects.filter(
        bundle__in=_there(consultation).filter(kind=kind), sheet__in=numbers
    )
    return [
        Problem(numbers[sheet], "sheet", f"Bundle {bundle} has this one already.")
        for sheet, bundle in there.values_list("sheet", "bundle")
    ]


def _write(made: Bundle, rows: Sequence[tuple[Row, Message | None]]) -> Bundle:
    made.consultation = made.edition.consultation
    with transaction.atomic():
        # Two people with one file, or one page pressed twice at once: the second waits, and finds
        # what the first has loaded.
        Consultation.objects.select_for_update(no_key=True).get(pk=made.consultation.pk)
        if known := Bundle.objects.filter(key=made.key).first():
            return known
        _refuse_the_same_file(made)
        if again := _loaded_before(made.consultation, made.kind, [row for row, _mail in rows]):
            raise RowsRefused(again)
        made.save(force_insert=True)
        BundleRow.objects.bulk_create(
            [
                BundleRow(
                    bundle=made,
                    number=row.number,
                    sheet=row.sheet,
                    message=message,
                    fields={
                        "received_on": row.received_on.isoformat(),
                        "channel": row.channel,
                        "late_reason": row.late_reason,
                        "raw": dict(row.fields),
                    },
                )
                for row, message in rows
            ],
            batch_size=ROWS_AT_ONCE,
        )
        record(
            action=Action.BUNDLE_LOADED,
            actor=made.by,
            subject=f"bundle {made.pk}",
            kind=made.kind,
            rows=len(rows),
        )
    return made
