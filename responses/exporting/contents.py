"""What goes into a pack: the responses, the editions that they answered, and the sentences about
it.
"""

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
from responses.exporting.columns.variables import Codes, option_codes
from responses.exporting.formats.cover_note import about_batch, about_extract
from responses.exporting.manifests import Counts, Signatures
from responses.exporting.members import (
    count_members,
    editions_answered,
    editions_of_batch,
    members_of_batch,
    members_of_extract,
)
from responses.models import Batch, BatchPetition, Code, EqualityAnswers, Extract, Petition


@dataclass(frozen=True)
class Pack:
    """What is to be written to files.

    `members` has for each response its `row`, the place of the version before it, whether a later
    version is here too, and what reviewers decided about it. Only a batch has equality answers.
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
        """Return what the editions asked, by their primary keys, the newest last."""
        return {edition.pk: plan_of(edition) for edition in self.editions}

    @cached_property
    def plans_by_number(self) -> dict[int, Plan]:
        """Return the same by the editions' numbers."""
        return {edition.number: self.plans[edition.pk] for edition in self.editions}

    @cached_property
    def option_codes(self) -> Codes:
        """The numbers of the options in responses.sav. Of every edition until the newest here, also
        those that nobody in it answered.
        """
        newest = self.editions[-1]
        earlier = Edition.objects.filter(
            consultation=newest.consultation_id, number__lte=newest.number
        )
        return option_codes(map(plan_of, earlier.order_by("number")))

    @cached_property
    def columns(self) -> list[AnswerColumn]:
        return answer_columns(self.plans)

    @cached_property
    def equality_columns(self) -> list[AnswerColumn]:
        return equality_columns(self.plans)

    @cached_property
    def has_equality(self) -> bool:
        """Tell whether it includes equality answers."""
        return EqualityAnswers.objects.filter(batch=self.batch, batch__isnull=False).exists()

    @cached_property
    def petitions(self) -> list[Signatures]:
        """The petitions as they stood when it was sealed; an extract has none."""
        held = BatchPetition.objects.filter(batch=self.batch, batch__isnull=False)
        return [
            Signatures(
                number=one.number,
                title=one.title,
                text=one.text,
                signatures=one.signatures,
                received_on=one.received_on.isoformat(),
                channel=one.channel,
            )
            for one in Petition.objects.filter(pk__in=held.values("petition")).order_by("number")
        ]

    @cached_property
    def counts(self) -> Counts:
        """Count how many responses of each kind it holds."""
        return count_members(self.members)


def pack_of_batch(batch: Batch) -> Pack:
    return Pack(
        members=members_of_batch(batch),
        editions=editions_of_batch(batch),
        made_at=batch.sealed_at,
        name=f"{batch.consultation.slug}-batch-{batch.number:04}",
        heading=f"Batch {batch.number}",
        told=about_batch(batch),
        includes_contacts=batch.includes_contacts,
        codes=batch.codes or (),
        batch=batch,
    )


def pack_of_extract(extract: Extract) -> Pack:
    members, taken_at = members_of_extract(extract), extract.taken_at or extract.asked_at
    return Pack(
        members=members,
        editions=editions_answered(extract.consultation, members)
        or [current_edition(extract.consultation)],
        made_at=taken_at,
        name=f"{extract.consultation.slug}-extract-{extract.pk}",
        heading=f"Extract {extract.pk}",
        told=about_extract(extract, taken_at),
        includes_contacts=extract.includes_contacts,
        codes=codes_of(extract.consultation),
    )


def codes_of(consultation: Consultation) -> list[dict[str, Any]]:
    """Return the codes that a consultation has now, with their meaning, including those no longer
    in use.
    """
    found = Code.objects.filter(consultation=consultation).order_by("question", "group", "name")
    told = ("question", "group", "name", "definition", "version", "retired")
    return [{name: getattr(code, name) for name in told} for code in found]
