"""What people read first: the cover note, and the codebook as a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.template.loader import render_to_string

from consult.plans.document import Plan, Question
from responses.exporting.columns import Column, answer_columns, equality_columns
from responses.exporting.manifests import Counts

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
    },
    "timing": {
        "in-time": "before closing",
        "in-grace": "begun before closing and sent within the grace period",
        "late": "late, accepted by staff",
    },
}
FILES = {
    "codebook.html": "every question as it was put; opens in a browser",
    "responses.xlsx": "the responses as a spreadsheet",
    "responses.csv": "one row for each response",
    "answers.csv": "one row for each answer",
    "responses.jsonl": "every response with everything, for programs",
    "responses.parquet": "the same for analysts' tools",
    "codebook.csv": "the codebook as a table",
    "codes.csv": "what the codes mean that reviewers gave to answers",
    "contacts.csv": "who sent each response: keep it apart from the rest",
    "equality.csv": "what people said about themselves; no key leads to a response",
    "equality-stopped.csv": "equality answers that must not be used any more",
    "datapackage.json": "the tables described for programs (Data Package 2)",
    "themefinder/": "the input of i.AI's Consult and ThemeFinder",
    "manifest.json": "what is in here: counts, sizes, SHA-256 of every file",
    "manifest.sig": "the signature of the manifest",
    "verify_batch.py": "the program that checks all of this",
    "extract.json": "what is in here: counts, sizes, SHA-256 of every file",
}
CELLS = """\
In the CSV files a cell that begins with an apostrophe was kept from running
as a formula, or from being made a number or a date: take one apostrophe from
its front to have the text back. An empty cell was not answered; “not-asked”
was not put to that person.
"""
CHECKING = """\
HOW TO CHECK IT

With Python and nothing else:

    python verify_batch.py --key PUBLIC_KEY THIS_FOLDER_OR_ZIP

It says in plain words what holds and what does not. The public key is on the
service's page /signing-key/. Give it several batches, or a folder of them,
and it checks that none is missing and that no response is there twice.
"""
CARE = """\
TAKE CARE

These are people's own words, and some tell what happened to them. Keep them
where only those who read them for this consultation can open them.
"""


@dataclass(frozen=True)
class About:
    """What a pack is, in words: the consultation's title, which pack of it, and some sentences."""

    title: str
    heading: str
    told: Sequence[str]


def cover_note(*, about: About, counts: Counts, names: Iterable[str], checked: bool = True) -> str:
    """The note in plain words: what this is, how many, what changed, what to open, and how to check
    it where it is a batch.
    """
    lines = [about.title, about.heading, "", *about.told, ""]
    if counts.responses:
        lines += [
            "HOW MANY",
            "",
            (
                f"{counts.responses:>9,}  rows, one for each time that somebody sent something. Of "
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
    there = {name.partition("/")[0] + "/" * ("/" in name) for name in names}
    lines += [
        "WHAT IS IN HERE",
        "",
        *(f"    {name:<22}{words}" for name, words in FILES.items() if name in there),
    ]
    return "\n".join([*lines, "", CELLS, *([CHECKING] if checked else []), CARE])


def codebook_page(plans: Mapping[int, Plan], *, about: About, equality: bool) -> str:
    """Every question in its exact wording, with its options and columns, for each edition that
    `plans` has by its number.
    """
    editions = []
    for number, plan in plans.items():
        columns = answer_columns([plan]) + (equality_columns([plan]) if equality else [])
        parts = [*plan.parts, *([plan.equality] if equality else [])]
        shown = [
            {
                "title": part.title,
                "questions": [_question(plan, one, columns) for one in part.questions],
            }
            for part in parts
        ]
        editions.append({"number": number, "parts": [part for part in shown if part["questions"]]})
    return render_to_string("packs/codebook.html", {"about": about, "editions": editions})


def _question(plan: Plan, question: Question, columns: Sequence[Column]) -> dict[str, object]:
    mine = {
        (column.option, column.text): column.name
        for column in columns
        if column.question == question.slug
    }
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
