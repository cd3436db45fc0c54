"""Everything that is held about a person: found, and made into one file for them (UK GDPR, Article
15).

The trail records that someone searched and what they took, but not the search words: those are a
name or an address. What others wrote about the person in their answers can be found with the word
filter of the list of responses.
"""

import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.fields.json import KT
from django.template.loader import render_to_string

from consult.auditing import record
from consult.models import Action, TwoPersonAct, User
from consult.staff.second_person import require_second_person
from responses.governance.matching_names import is_address, is_name
from responses.governance.personal_data import (
    NothingAboutThem,
    draft_as_saved,
    everything_about,
    petition_as_recorded,
    row_as_loaded,
)
from responses.models import (
    BundleRow,
    Draft,
    DraftAnswer,
    DraftFile,
    Message,
    Petition,
    Response,
)
from responses.references import NotAReference, normalise_reference
from responses.reviewing.bundles.left import rows_held
from responses.stored_files import attachments_of

# Of each kind. If there are more, staff must ask the person for more details.
MOST = 200


@dataclass(frozen=True)
class PersonalData:
    """What belongs to someone: responses by reference, drafts that were never sent, emails of a
    mailbox that nobody entered, rows of bundles that were not received, and records of petitions
    that they organised.
    """

    references: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    letters: list[Message] = field(default_factory=list)
    rows: list[BundleRow] = field(default_factory=list)
    petitions: list[Petition] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, Any]:
        """How many there are of each, for the trail."""
        return {
            "responses": len(self.references),
            "drafts": len(self.drafts),
            "letters": len(self.letters),
            "rows": len(self.rows),
            "petitions": len(self.petitions),
        }


def find_person(*, words: str, actor: User | None) -> PersonalData:
    """Return what is held about the person that `words` names.

    References, an email address, or a name, of which each word has to match, however it is typed.
    """
    words = words.strip()
    held = PersonalData()
    if words:
        held = PersonalData(
            references=_references(words),
            drafts=_drafts(words),
            letters=_letters(words),
            rows=_rows(words),
            petitions=_petitions(words),
        )
    record(action=Action.PERSON_LOOKED_FOR, actor=actor, **held.counts)
    return held


def held_under(
    *,
    references: Sequence[str] = (),
    drafts: Sequence[int] = (),
    letters: Sequence[int] = (),
    rows: Sequence[int] = (),
    petitions: Sequence[int] = (),
) -> PersonalData:
    """Return what is held under references, and under the primary keys of drafts, of emails that
    nobody entered, of rows that were not received, and of records of petitions.
    """
    return PersonalData(
        references=list(references),
        drafts=list(Draft.objects.filter(pk__in=drafts)),
        letters=list(Message.objects.filter(pk__in=letters, transcription=None)),
        rows=list(rows_held().filter(pk__in=rows)),
        petitions=list(Petition.objects.filter(pk__in=petitions)),
    )


def _references(words: str) -> list[str]:
    for several in ([words], words.split()):
        try:
            named = [normalise_reference(word) for word in several]
        except NotAReference:
            continue
        return sorted(
            set(Response.objects.filter(reference__in=named).values_list("reference", flat=True))
        )
    theirs = (
        is_address("contact__email", words)
        | is_address("contact__corrected_email", words)
        | is_name("contact__name", words)
        # Their own email, even where it was entered without their name or address.
        | is_address("transcription__message__sender_email", words)
        | is_name("transcription__message__sender_name", words)
    )
    return sorted(
        set(
            Response.objects.filter(theirs)
            .order_by()
            .values_list("reference", flat=True)
            .distinct()[:MOST]
        )
    )


def _drafts(words: str) -> list[Draft]:
    # A value is JSON, here a text in quotation marks; `#>> '{}'` returns its words.
    said = DraftAnswer.objects.annotate(
        said=Func(
            F("value"),
            Value("{}"),
            template="(%(expressions)s::text[])",
            arg_joiner=" #>> ",
            output_field=TextField(),
        )
    )
    theirs = said.filter(
        Q(name="email") & is_address("said", words) | Q(name="name") & is_name("said", words)
    )
    found = Draft.objects.filter(
        is_address("links__email", words) | Q(pk__in=theirs.order_by().values("draft_id"))
    )
    return list(found.distinct().order_by("pk")[:MOST])


def _letters(words: str) -> list[Message]:
    """Return emails from that address or name that were not made into responses."""
    theirs = is_address("sender_email", words) | is_name("sender_name", words)
    waiting = Message.objects.filter(transcription=None).exclude(file="")
    return list(waiting.filter(theirs).order_by("pk")[:MOST])


def _rows(words: str) -> list[BundleRow]:
    """Return rows of bundles with that address or name that were not made into responses."""
    said = rows_held().annotate(theirs=KT("fields__raw__email"), named=KT("fields__raw__name"))
    found = said.filter(is_address("theirs", words) | is_name("named", words))
    return list(found.select_related("bundle").order_by("pk")[:MOST])


def _petitions(words: str) -> list[Petition]:
    theirs = is_address("organiser_email", words) | is_name("organiser_name", words)
    return list(Petition.objects.filter(theirs).order_by("pk")[:MOST])


def make_pack(*, held: PersonalData, actor: User | None) -> bytes:
    """Return a zip of everything for the person: a page to read, the same as JSON, scans and
    emails.

    Raises NothingAboutThem or SecondPersonNeeded.
    """
    chosen = {
        "references": held.references,
        "drafts": [draft.pk for draft in held.drafts],
        "emails": [letter.pk for letter in held.letters],
        "rows": [row.pk for row in held.rows],
        "petitions": [petition.pk for petition in held.petitions],
    }
    require_second_person(
        act=TwoPersonAct.HAND_OVER,
        actor=actor,
        subject="what we hold",
        once=False,
        details={name: value for name, value in chosen.items() if value},
    )
    everything = {
        "responses": [everything_about(reference) for reference in held.references],
        "drafts": [draft_as_saved(draft) for draft in held.drafts],
        "rows": [row_as_loaded(row) for row in held.rows],
        "petitions": [petition_as_recorded(petition) for petition in held.petitions],
    }
    if not any(held.counts.values()):
        raise NothingAboutThem
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("read-me.html", render_to_string("packs/person.html", everything))
        pack.writestr("everything.json", json.dumps(everything, ensure_ascii=False, indent=2))
        for name, file in _files(held):
            # Removed since, or at this moment: the rest is still theirs.
            with suppress(FileNotFoundError), default_storage.open(file) as content:
                pack.writestr(name, content.read())
    for reference in held.references:
        record(action=Action.PERSON_TAKEN, actor=actor, subject=reference)
    unsent = {what: number for what, number in held.counts.items() if what != "responses"}
    if any(unsent.values()):
        record(action=Action.PERSON_TAKEN, actor=actor, **unsent)
    return made.getvalue()


def _files(held: PersonalData) -> Iterator[tuple[str, str]]:
    """The name in the pack, and in the storage, of each file that came with what they sent or
    stands in what they did not, and of each email.
    """
    versions = Response.objects.filter(reference__in=held.references)
    came = attachments_of(versions).select_related("response", "transcription__response")
    for scan in came.order_by("pk"):
        folder = "files" if scan.response_id else "scans"
        yield f"{folder}/{scan.of.reference}-{scan.pk}{Path(scan.file).suffix}", scan.file
    unsent = Q(draft__in=held.drafts) | Q(draft__amends__in=versions)
    for kept in DraftFile.objects.filter(unsent).order_by("pk"):
        yield f"files/not-sent-{kept.pk}{Path(kept.file).suffix}", kept.file
    theirs = Q(transcription__response__reference__in=held.references)
    letters = (
        Message.objects.filter(theirs | Q(pk__in=[letter.pk for letter in held.letters]))
        .exclude(file="")
        .order_by("pk")
    )
    for letter in letters:
        yield f"emails/{letter.pk}.eml", letter.file
