"""The input of i.AI's Consult and its ThemeFinder, so that work on themes can start on the day of
the hand-over.

As their importer reads it (i-dot-ai/consult, backend/data_pipeline/models.py): `respondents.jsonl`
with a number and what is known of each respondent, and for each question a folder `question_part_N`
with its wording in `question.json`, texts in `responses.jsonl` and chosen options in
`multi_choice.jsonl`. It refuses names that it does not know.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from consult.cells import json_line
from consult.plans.document import ABOUT_YOU, Option, Plan, Question
from consult.plans.kinds.choosing import write_in_name
from responses.exporting.columns.entries import Entry
from responses.exporting.formats.makers import Rows, Take
from responses.models import Response

FOLDER = "themefinder"
RESPONDENTS = f"{FOLDER}/respondents.jsonl"
SPEAKING = {Response.Act.SENT, Response.Act.AMENDED}


@dataclass(frozen=True)
class Numbered:
    """A question with the number of its folder, its newest wording, and the newest label of each
    option that it ever had.
    """

    number: int
    text: str
    labels: dict[str, str]

    @property
    def folder(self) -> str:
        return f"{FOLDER}/question_part_{self.number}"


def numbered_questions(plans: Sequence[Plan]) -> dict[str, Numbered]:
    """Return every question about the plan that any of `plans` asks, by slug: in the newest one's
    order, then those that only earlier ones asked.
    """
    wordings: dict[str, str] = {}
    labels: dict[str, dict[str, str]] = {}
    for plan in reversed(plans):
        for question in plan.asked:
            if question.part != ABOUT_YOU:
                wordings.setdefault(question.slug, question.text)
                known = labels.setdefault(question.slug, {})
                for option in question.options:
                    known.setdefault(option.slug, option.label)
    return {
        slug: Numbered(number, text, labels[slug])
        for number, (slug, text) in enumerate(wordings.items(), 1)
    }


class ThemeFiles:
    """The open files, and how many rows each has."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.files: dict[str, IO[str]] = {}
        self.rows: dict[str, int] = {}

    def start(self, name: str) -> IO[str]:
        if name not in self.files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.files[name] = self.stack.enter_context(
                path.open("w", encoding="utf-8", newline="\n")
            )
            self.rows[name] = 0
        return self.files[name]

    def add(self, name: str, row: Mapping[str, object]) -> None:
        self.start(name).write(json_line(row))
        self.rows[name] += 1


@contextmanager
def theme_files(folder: Path, rows: Rows, *, plans: Sequence[Plan]) -> Iterator[Take]:
    """Write the files for finding themes: the newest version of each response, unless it was
    withdrawn.

    A question that nobody answered has no folder.
    """
    questions = numbered_questions(plans)
    with ExitStack() as stack:
        files = ThemeFiles(folder, stack)
        files.start(RESPONDENTS)

        def take(entry: Entry) -> None:
            if entry.response.act in SPEAKING and entry.newest:
                _add_respondent(files, entry)
                _add_answers(files, entry, questions)

        yield take
    made = files.rows
    rows[RESPONDENTS] = made.pop(RESPONDENTS)
    for numbered in questions.values():
        if mine := [name for name in made if name.startswith(f"{numbered.folder}/")]:
            name = f"{numbered.folder}/question.json"
            described = json.dumps(_question(numbered, made), ensure_ascii=False, indent=2)
            (folder / name).write_text(f"{described}\n", encoding="utf-8")
            rows[name] = None
            rows.update({name: made[name] for name in sorted(mine)})


def _add_respondent(files: ThemeFiles, entry: Entry) -> None:
    choices = entry.response.choices
    known = {
        question.slug: [option.label for option in chosen_options(question, choices)]
        for question in entry.plan.questions_of(ABOUT_YOU)
        if question.slug in choices
    }
    files.add(RESPONDENTS, {"themefinder_id": entry.themefinder_id, "demographic_data": known})


def _add_answers(files: ThemeFiles, entry: Entry, questions: Mapping[str, Numbered]) -> None:
    for question in entry.plan.asked:
        if question.part == ABOUT_YOU:
            continue
        numbered = questions[question.slug]
        if text := _text(question, entry.response):
            row = {"themefinder_id": entry.themefinder_id, "text": text}
            files.add(f"{numbered.folder}/responses.jsonl", row)
        if chosen := chosen_options(question, entry.response.choices):
            labels = [numbered.labels[option.slug] for option in chosen]
            row = {"themefinder_id": entry.themefinder_id, "options": labels}
            files.add(f"{numbered.folder}/multi_choice.jsonl", row)


def chosen_options(question: Question, choices: Mapping[str, Any]) -> list[Option]:
    """Return the options of a closed question that are in `choices`, in the order in which they
    were shown.
    """
    chosen = choices.get(question.slug, [])
    slugs = [chosen] if isinstance(chosen, str) else chosen
    return [option for option in question.options if option.slug in slugs]


def _text(question: Question, response: Response) -> str:
    """Return what was written for a question: its text, or what was written in beside its
    options.
    """
    if question.prose:
        return str(response.texts.get(question.slug, ""))
    beside = (
        response.texts.get(write_in_name(question.slug, option.slug), "")
        for option in question.options
    )
    return "\n".join(filter(None, beside))


def _question(numbered: Numbered, made: dict[str, int]) -> dict[str, object]:
    return {
        "question_text": numbered.text,
        "question_number": numbered.number,
        "has_free_text": f"{numbered.folder}/responses.jsonl" in made,
        "multi_choice_options": list(numbered.labels.values()),
    }
