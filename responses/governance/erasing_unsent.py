"""Erases what is held about a person besides their responses: answers that were not sent, emails
from mailboxes that were not made into responses, and rows of bundles that were not received.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, TwoPersonAct, User
from consult.shown import fingerprint_of, refuse_changed
from consult.staff.second_person import require_second_person
from responses.governance.personal_data import NothingAboutThem
from responses.governance.removing import remove_files
from responses.journal import erasure_marks, keep_erasure_mark
from responses.models import Attachment, BundleRow, Draft, Message
from responses.reviewing.bundles.left import forget_rows, rows_held

State = Message.State


def unsent_shown(
    *, drafts: Sequence[Draft], letters: Sequence[Message], rows: Sequence[BundleRow] = ()
) -> str:
    """The fingerprint of what is listed before it is erased."""
    return fingerprint_of(
        sorted((draft.pk, draft.revision) for draft in drafts),
        sorted((letter.pk, letter.state) for letter in letters if letter.file),
        sorted(row.pk for row in rows),
    )


def erase_unsent(
    *,
    drafts: Sequence[int],
    letters: Sequence[int],
    actor: User | None,
    why: str,
    rows: Sequence[int] = (),
    shown: str | None = None,
) -> tuple[int, int, int]:
    """Erase for good drafts, emails that nobody entered, and rows of bundles that were not
    received, by primary key. Returns how many of each.

    In one transaction: drafts go with what was typed and the links to them; an email's file is
    deleted, and the email counts as not a response, so that nobody enters it afterwards; a row says
    nothing any more. What was sent or entered meanwhile is skipped: it has a reference now. A mark
    outside the database records the erasure in case a backup is restored. Raises NothingAboutThem,
    SecondPersonNeeded, or ChangedSinceShown if `shown` is not what they are now.
    """
    with transaction.atomic():
        typed = list(Draft.objects.select_for_update().filter(pk__in=drafts).order_by("pk"))
        there = Message.objects.filter(pk__in=letters).exclude(state=State.RESPONSE)
        emails = list(there.exclude(file="").select_for_update().order_by("pk"))
        held = rows_held().filter(pk__in=rows).select_related("bundle")
        loaded = list(held.select_for_update(of=("self",)).order_by("pk"))
        if not typed and not emails and not loaded:
            raise NothingAboutThem
        refuse_changed(shown=shown, now=unsent_shown(drafts=typed, letters=emails, rows=loaded))
        mine, theirs, left = ([one.pk for one in some] for some in (typed, emails, loaded))
        require_second_person(
            act=TwoPersonAct.ERASE,
            actor=actor,
            subject="not sent",
            details={
                "drafts": mine,
                "letters": theirs,
                "rows": left,
                "why": why,
                "saved": [draft.revision for draft in typed],
            },
        )
        marks = _marks_of(typed, emails, loaded)
        Draft.objects.filter(pk__in=mine).delete()
        chosen = Message.objects.filter(pk__in=theirs)
        chosen.filter(state=State.WAITING).update(
            state=State.NOT_A_RESPONSE, decided_by=actor, decided_at=Now()
        )
        remove_files(scans=Attachment.objects.none(), messages=chosen)
        forget_rows(left, actor=actor, why=why)
        record(action=Action.UNSENT_ERASED, actor=actor, why=why, drafts=mine, letters=theirs)
        transaction.on_commit(partial(_keep_marks, marks))
    return len(typed), len(emails), len(loaded)


def erase_unsent_again(*, actor: User | None) -> int:
    """After a backup was restored, erase again what the marks outside the database name.

    Returns how many drafts, emails and rows.
    """
    marks = erasure_marks()
    drafts = [draft.pk for draft in Draft.objects.all() if _mark_of_draft(draft) in marks]
    held = Message.objects.exclude(file="").exclude(state=State.RESPONSE)
    letters = [email.pk for email in held if _mark_of_email(email) in marks]
    loaded = rows_held().select_related("bundle")
    rows = [row.pk for row in loaded.iterator() if _mark_of_row(row) in marks]
    if not drafts and not letters and not rows:
        return 0
    why = "erased before, and came back with a backup"
    done = erase_unsent(drafts=drafts, letters=letters, rows=rows, actor=actor, why=why)
    return sum(done)


def _keep_marks(marks: Iterable[str]) -> None:
    for mark in marks:
        keep_erasure_mark(mark)


def _marks_of(
    drafts: Iterable[Draft], emails: Iterable[Message], rows: Iterable[BundleRow]
) -> list[str]:
    return [*map(_mark_of_draft, drafts), *map(_mark_of_email, emails), *map(_mark_of_row, rows)]


def _mark_of_draft(draft: Draft) -> str:
    return f"draft-{draft.submission_key}"


def _mark_of_email(email: Message) -> str:
    return f"email-{email.sha256}"


def _mark_of_row(row: BundleRow) -> str:
    return f"row-{row.bundle.key}-{row.number}"
