"""What goes into a pack: the responses, the editions that they answered, and what is said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from consult.models import Consultation, Edition
from consult.plans.document import Plan
from consult.plans.editions import current_edition, plan_of
from responses.exporting.columns.questions import AnswerColumn, answer_columns, equality_columns
from responses.exporting.formats.cover_note import told_of_batch, told_of_extract
from responses.exporting.manifests import Counts
from responses.exporting.members import (
    count_members,
    editions_answered,
    editions_of_batch,
    members_of_batch,
    members_of_extract,
)
from responses.models import Batch, Code, EqualityAnswers, Extract


@dataclass(frozen=True)
class Pack:
    """What is to be put into files.

    `members` has with each response its `row`, where the version before it stands, whether a later
    version of it is here too, and what reviewers made of it. Equality answers come with a batch
    alone.
    """

    members: QuerySet[Any]
    editions: Sequence[Edition]
    made_at: datetime
    name: str
    heading: str
    told: Sequence[str]
    includes_contacts: bool
    codes: Sequence[dict[str, Any]]
    batch: Batch | None = None

    @cached_property
    def plans(self) -> dict[int, Plan]:
        """What the editions asked, by their primary keys, the newest last."""
        return {edition.pk: plan_of(edition) for edition in self.editions}

    @cached_property
    def plans_by_number(self) -> dict[int, Plan]:
        """The same by the editions' numbers."""
        return {edition.number: self.plans[edition.pk] for edition in self.editions}

    @cached_property
    def columns(self) -> list[AnswerColumn]:
        """The columns of answers."""
        return answer_columns(self.plans)

    @cached_property
    def equality_columns(self) -> list[AnswerColumn]:
        """The columns of equality answers."""
        return equality_columns(self.plans)

    @cached_property
    def has_equality(self) -> bool:
        """Whether equality answers come with it."""
        return EqualityAnswers.objects.filter(batch=self.batch, batch__isnull=False).exists()

    @cached_property
    def counts(self) -> Counts:
        """How many responses it holds, of which kind."""
        return count_members(self.members)


def pack_of_batch(batch: Batch) -> Pack:
    """What a sealed batch holds."""
    return Pack(
        members=members_of_batch(batch),
        editions=editions_of_batch(batch),
        made_at=batch.sealed_at,
        name=f"{batch.consultation.slug}-batch-{batch.number:04}",
        heading=f"Batch {batch.number}",
        told=told_of_batch(batch),
        includes_contacts=batch.includes_contacts,
        codes=batch.codes or (),
        batch=batch,
    )


def pack_of_extract(extract: Extract) -> Pack:
    """What an extract holds."""
    members, taken_at = members_of_extract(extract), extract.taken_at or extract.asked_at
    return Pack(
        members=members,
        editions=editions_answered(extract.consultation, members)
        or [current_edition(extract.consultation)],
        made_at=taken_at,
        name=f"{extract.consultation.slug}-extract-{extract.pk}",
        heading=f"Extract {extract.pk}",
        told=told_of_extract(extract, taken_at),
        includes_contacts=extract.includes_contacts,
        codes=codes_of(extract.consultation),
    )


def codes_of(consultation: Consultation) -> list[dict[str, Any]]:
    """The codes that a consultation has at this moment, with their meaning; those that are not
    given any more too.
    """
    found = Code.objects.filter(consultation=consultation).order_by("question", "group", "name")
    told = ("question", "group", "name", "definition", "version", "retired")
    return [{name: getattr(code, name) for name in told} for code in found]
