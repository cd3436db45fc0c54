"""What editors do with plan files: begin, change, delete, put back, publish."""

import hashlib
import json
from collections.abc import Mapping

from django.db import transaction
from django.db.models.functions import Now

from consult.auditing import record
from consult.models import Action, Consultation, PlanFile, User
from consult.plans.loading import Loaded, load_plan
from consult.plans.reading import PlanProblems
from consult.setting_up.file_text import values_of
from consult.setting_up.places import at

# What a browser's form can send, and more than a plan file may have.
MAX_CHARS = 1_000_000


class NotBeingWorkedOn(Exception):
    """It was published or deleted meanwhile."""


class ChangedMeanwhile(Exception):
    """Someone else changed the same place. `now` has what each field says there now."""

    def __init__(self, now: dict[str, str]) -> None:
        super().__init__("changed meanwhile")
        self.now = now


class TooLong(ValueError):
    """More than MAX_CHARS characters."""


def begin_file(
    *, text: str, consultation: Consultation | None = None, actor: User | None
) -> PlanFile:
    """Keep the text of a plan file to work on, whatever is wrong with it. Raises TooLong.

    `consultation` is the one that it changes.
    """
    if len(text) > MAX_CHARS:
        raise TooLong
    with transaction.atomic():
        made = PlanFile.objects.create(
            text=text, consultation=consultation, made_by=actor, changed_by=actor
        )
        record(action=Action.PLAN_FILE_MADE, actor=actor, subject=subject_of(made))
    return made


def subject_of(file: PlanFile) -> str:
    """How the trail names it."""
    return f"plan file {file.pk}"


def version_of(found: Mapping[str, str]) -> str:
    """Name what a page showed, so that saving can tell whether it is still so."""
    said = json.dumps(dict(found), sort_keys=True).encode()
    return hashlib.sha256(said).hexdigest()[:32]


def delete_file(*, pk: int, actor: User) -> None:
    """Take a file off the list. It can be put back. Raises NotBeingWorkedOn."""
    with transaction.atomic():
        file = locked(pk)
        file.deleted_at = Now()
        file.save(update_fields=["deleted_at"])
        record(action=Action.PLAN_FILE_DELETED, actor=actor, subject=subject_of(file))


def put_file_back(*, pk: int, actor: User) -> None:
    """Put a deleted file back on the list. The second time nothing changes."""
    with transaction.atomic():
        if PlanFile.objects.filter(pk=pk, deleted_at__isnull=False).update(deleted_at=None):
            record(action=Action.PLAN_FILE_PUT_BACK, actor=actor, subject=f"plan file {pk}")


def publish_file(*, pk: int, version: str, actor: User) -> Loaded:
    """Publish what a file says: a new consultation, or a change to the one of that address.

    Raises NotBeingWorkedOn, PlanProblems, and ChangedMeanwhile if it is not the text that the page
    showed.
    """
    with transaction.atomic():
        file = locked(pk)
        if version != version_of({"text": file.text}):
            raise ChangedMeanwhile({"text": file.text})
        # Published first, so that loading finds that the text is kept.
        file.published_at, file.changed_by = Now(), actor
        file.save(update_fields=["published_at", "changed_by"])
        loaded = load_plan(text=file.text, actor=actor)
        file.consultation = loaded.consultation
        file.save(update_fields=["consultation"])
        record(
            action=Action.PLAN_FILE_PUBLISHED,
            actor=actor,
            subject=loaded.consultation.slug,
            file=file.pk,
            done=loaded.done,
        )
    return loaded


def being_worked_on() -> list[PlanFile]:
    """Return the files that are neither published nor deleted, the newest first."""
    return list(
        PlanFile.objects.filter(published_at=None, deleted_at=None).select_related(
            "changed_by", "consultation"
        )
    )


def title_of(text: str) -> str:
    """Return the title that a file gives, or nothing."""
    try:
        title = at(values_of(text), ("consultation", "title"))
    except PlanProblems:
        return ""
    return title if isinstance(title, str) else ""


def locked(pk: int) -> PlanFile:
    """Return a file that can be worked on, for this transaction alone. Raises NotBeingWorkedOn."""
    file = PlanFile.objects.select_for_update(no_key=True).get(pk=pk)
    if file.published_at or file.deleted_at:
        raise NotBeingWorkedOn
    return file
