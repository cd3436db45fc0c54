"""What people read first: the cover note, and the codebook as a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from consult.clock import in_words
from consult.plans.document import Plan, Question
from responses.exporting.columns.questions import places_of
from responses.exporting.columns.tables import TABLES
from responses.exporting.files import PACK_FILES
from responses.exporting.formats.cover_words import CARE, CELLS, CHECKING, READING
from responses.exporting.manifests import Counts, Signatures
from responses.models import Batch, Extract

CODEBOOK_PAGE = "codebook.html"
COVER_NOTE = "README.txt"
COUNTED = {
    "act": {
        "sent": "sent for the first time",
        "amended": "changed by who had sent it: takes the place of an earlier row",
        "withdrawn": "withdrawn: do not count the earlier row any more",
        "erased": "erased: remove the earlier row from what you hold",
    },
    "channel": {
        "online": "online",
        "post": "by post",
        "email": "by email",
        "telephone": "by telephone",
        "imported": "from another system",
    },
    "timing": {
        "in-time": "before closing",
        "in-grace": "begun before closing and sent within the grace period",
        "late": "late, accepted by staff",
    },
}


@dataclass(frozen=True)
class About:
    """What a pack is, in words: the consultation's title, which pack it is, and some sentences."""

    title: str
    heading: str
    told: Sequence[str]


def cover_note(
    *,
    about: About,
    counts: Counts,
    names: Iterable[str],
    checked: bool = True,
    petitions: Sequence[Signatures] = (),
) -> str:
    """Return the note in plain words: what this is, how many responses, what changed, what to open
    and, for a batch, how to check it.
    """
    lines = [about.title, about.heading, "", *about.told, ""]
    if counts.responses:
        lines += [
            "HOW MANY",
            "",
            (
                f"{counts.responses:>9,}  rows, one for each time that someone sent something. Of "
                "these:"
            ),
        ]
        for name, words in COUNTED.items():
            counted = getattr(counts, name)
            lines += [
                "",
                *(
                    f"{counted[value]:>9,}  {word}"
                    for value, word in words.items()
                    if counted[value]
                ),
            ]
        if counts.synthetic:
            lines += [
                "",
                (
                    f"{counts.synthetic:>9,}  NOT FROM PEOPLE, made to try things out: those with "
                    "1 "
                    "under “synthetic”"
                ),
            ]
        lines += [""]
    lines += _about_petitions(petitions)
    there = {name.partition("/")[0] + "/" * ("/" in name) for name in names}
    lines += [
        "WHAT IS IN HERE",
        "",
        *(f"    {file.name:<22}{file.meaning}" for file in PACK_FILES if file.name in there),
    ]
    return "\n".join([*lines, "", CELLS, READING, *([CHECKING] if checked else []), CARE])


def _about_petitions(petitions: Sequence[Signatures]) -> list[str]:
    """Say which petitions came: apart from the responses, among which they are not counted."""
    if not petitions:
        return []
    return [
        "PETITIONS",
        "",
        "One text that many people signed. These are no responses, and in none of the",
        "numbers above; manifest.json has what each says. As they stood when this",
        "batch was sealed, in every batch from then on:",
        "",
        *(f"{one.signatures:>9,}  signatures: {one.title}" for one in petitions),
        "",
    ]


def about_batch(batch: Batch) -> list[str]:
    """Say which batch it is, and what it follows."""
    sealed, lost = in_words(batch.sealed_at), [one["number"] for one in batch.lost_before]
    before = Batch.objects.filter(consultation=batch.consultation, number=batch.number - 1).first()
    if lost:
        since = "that is in no batch our records know of"
    elif before:
        since = f"since batch {before.number}, which was sealed at {in_words(before.sealed_at)}"
    else:
        since = "since it opened"
    told = [
        f"This is batch {batch.number} of what was sent in answer to this consultation. It was",
        f"sealed at {sealed}, and holds everything that came",
        f"{since}.",
    ]
    if not batch.size:
        told += ["", "NOTHING CAME in that time: this batch is a nil return, and has no rows."]
    if brought := batch.attachments.count():
        told += [
            "",
            f"Files that came with responses: {brought:,}. See attachments.csv.",
        ]
    if lost:
        named = f"batch {lost[0]}" if len(lost) == 1 else f"batches {lost[0]} to {lost[-1]}"
        told += [
            "",
            f"OUR RECORDS LACK {named.upper()}: a backup was restored after it was handed over.",
            "Keep what you received: it counts, and this batch follows it.",
        ]
    if before or lost:
        told += [
            "",
            "Take the batches in their order. A row may take the place of a row in an",
            "earlier batch, or withdraw it.",
        ]
    return told


def about_extract(extract: Extract, taken_at: datetime) -> list[str]:
    """Say that it is not a batch, and what it holds."""
    told = [
        "THIS IS AN EXTRACT, AND NOT A BATCH. It has no place among the batches, and",
        "nothing that comes later builds on it. Its rows have numbers of their own.",
        "",
        f"It was taken at {in_words(taken_at)}, and holds",
    ]
    if extract.kind == Extract.Kind.EVERYTHING:
        return [
            *told,
            "every response in its newest version, without those that were withdrawn or",
            "erased, whether or not a batch has it.",
        ]
    return [
        *told,
        "the responses that fitted this filter of the review list:",
        "",
        f"    {extract.query or 'no filter: all of them'}",
    ]


def codebook_page(plans: Mapping[int, Plan], *, about: About, equality: bool) -> str:
    """Return a page with every question in its exact wording, with its options and columns, for
    each edition in `plans`, by number.
    """
    editions = []
    for number, plan in plans.items():
        parts = [*plan.parts, *([plan.equality] if equality else [])]
        shown = [
            {
                "title": part.title,
                "questions": [_question(plan, one) for one in part.questions],
            }
            for part in parts
        ]
        editions.append({"number": number, "parts": [part for part in shown if part["questions"]]})
    tables = [
        {
            "name": name,
            "title": table.title,
            "columns": [
                {"name": column.name, "meaning": column.meaning.replace("`", "")}
                for column in table.columns
            ],
        }
        for name, table in TABLES.items()
    ]
    page: dict[str, object] = {"about": about, "editions": editions, "tables": tables}
    return render_to_string("packs/codebook.html", page)


def _question(plan: Plan, question: Question) -> dict[str, object]:
    mine = {(place.option, place.text): place.name for place in places_of(question)}
    options = [
        {"option": one, "column": mine.get((one.slug, False)), "beside": mine.get((one.slug, True))}
        for one in question.options
    ]
    asked_if = [
        (plan.by_slug[other].text, plan.by_slug[other].label_of(option))
        for other, option in question.show_if.items()
    ]
    return {
        "question": question,
        "kind": question.entry.words,
        "limits": question.entry.limits(question),
        "column": mine.get(("", False)),
        "options": options,
        "asked_if": asked_if,
        # Columns of the page that would be empty are left out.
        "valued": any(one.value is not None for one in question.options),
        "apart": any(option["column"] or option["beside"] for option in options),
    }
