"""The folder for ThemeFinder, compared with the layout that its importer publishes, by
schemas of our own in the folder beside it.

The layout: i-dot-ai/consult, backend/data_pipeline/models.py. No name beside those is allowed,
numbers are numbers, and what is said of one respondent in several files has to fit together.
"""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from consult.models import Consultation
from responses.demo.filling import fill_responses
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.models import Response
from responses.responding.amending import withdraw_response

SCHEMAS = Path(__file__).resolve().parent / "schemas"
Files = dict[str, list[Any]]


@cache
def schema_of(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{Path(name).stem}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def read(folder: Path) -> Files:
    """Every file of the folder by its name in it: the one value of a .json, the lines
    of a .jsonl.
    """
    found: Files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(folder))
        found[name] = (
            [json.loads(text)]
            if path.suffix == ".json"
            else [json.loads(line) for line in text.split("\n")[:-1]]
        )
    return found


def problems(files: Files) -> Iterator[str]:
    """What the importer would refuse, or would put together wrongly."""
    for name, values in files.items():
        shape = schema_of(name)
        for number, value in enumerate(values, 1):
            yield from (f"{name}, {number}: {error.message}" for error in shape.iter_errors(value))
        ids = [value.get("themefinder_id") for value in values if name.endswith(".jsonl")]
        if len(ids) != len(set(ids)):
            yield f"{name}: a respondent is there twice"
        if ids and not set(ids) <= {
            one.get("themefinder_id") for one in files.get("respondents.jsonl", [])
        }:
            yield f"{name}: a respondent is not in respondents.jsonl"
    if "respondents.jsonl" not in files:
        yield "respondents.jsonl is missing"
    for folder in sorted({name.rpartition("/")[0] for name in files} - {""}):
        if f"{folder}/question.json" not in files:
            yield f"{folder}: its question.json is missing"
            continue
        (asked,) = files[f"{folder}/question.json"]
        if folder != f"question_part_{asked.get('question_number')}":
            yield f"{folder}: it says that its question is another"
        if asked.get("has_free_text") != (f"{folder}/responses.jsonl" in files):
            yield f"{folder}: whether it has texts is not what it says"
        chosen = {
            option
            for one in files.get(f"{folder}/multi_choice.jsonl", [])
            for option in one.get("options", [])
        }
        if not chosen <= set(asked.get("multi_choice_options", [])):
            yield f"{folder}: an option was chosen that it does not offer"


@pytest.fixture
def folder(consultation: Consultation, send: Callable[..., Response], exports: Path) -> Path:
    """The folder of a real batch of 30 made-up responses, one of which is withdrawn, and one with
    everything that JSON escapes.
    """
    fill_responses(
        consultation=consultation,
        count=30,
        seed=11,
        actor=None,
        production=False,
        beside_real_people=False,
    )
    send(
        {
            "missing": '"\\\u2028\u0085\n\t🙂 =1+1',
            "capacity": "individual",
            "connection": ["live", "work"],
            "violence-agree": "agree",
        }
    )
    gone = Response.objects.filter(act="sent").earliest("id")
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=gone.started_at)
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return exports / folder_of(batch) / "themefinder"


def test_a_real_pack_is_what_the_importer_takes(folder: Path) -> None:
    files = read(folder)
    assert list(problems(files)) == []
    names = {name.rpartition("/")[2] for name in files}
    assert names == {"respondents.jsonl", "question.json", "responses.jsonl", "multi_choice.jsonl"}
    assert len(files["respondents.jsonl"]) > 25
    assert len(files) > 20


def test_an_empty_pack_is_what_the_importer_takes_too(
    consultation: Consultation, exports: Path
) -> None:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    assert read(exports / folder_of(batch) / "themefinder") == {"respondents.jsonl": []}
    assert list(problems(read(exports / folder_of(batch) / "themefinder"))) == []


def first(files: Files, name: str) -> str:
    """The first file of that name, which stands in a question's folder."""
    return next(found for found in files if found.endswith(f"/{name}"))


def change(name: str, **values: object) -> Callable[[Files], object]:
    """Change names of the first value of a file; None takes one away."""

    def harm(files: Files) -> None:
        value = files[name if name in files else first(files, name)][0]
        for key, new in values.items():
            if new is None:
                del value[key]
            else:
                value[key] = new

    return harm


def twice(name: str) -> Callable[[Files], object]:
    def harm(files: Files) -> None:
        values = files[name if name in files else first(files, name)]
        values.append(dict(values[0]))

    return harm


# Each change, and what is said of it. In one test: a real pack takes a while.
HARMS: list[tuple[Callable[[Files], object], str]] = [
    (change("respondents.jsonl", themefinder_id=None), "'themefinder_id' is a required property"),
    (change("respondents.jsonl", themefinder_id="1"), "'1' is not of type 'integer'"),
    (change("respondents.jsonl", themefinder_id=0), "0 is less than the minimum of 1"),
    (
        change("respondents.jsonl", demographic_data={"borough": "Camden"}),
        "'Camden' is not of type 'array'",
    ),
    (change("respondents.jsonl", demographic_data={"borough": [7]}), "7 is not of type 'string'"),
    (change("respondents.jsonl", demographic_data=[]), "[] is not of type 'object'"),
    (change("respondents.jsonl", email="rita@example.org"), "'email' was unexpected"),
    (twice("respondents.jsonl"), "respondents.jsonl: a respondent is there twice"),
    (lambda files: files.pop("respondents.jsonl"), "respondents.jsonl is missing"),
    (lambda files: files["respondents.jsonl"].clear(), "a respondent is not in respondents.jsonl"),
    (change("question.json", question_text=None), "'question_text' is a required property"),
    (change("question.json", question_text=""), "'' should be non-empty"),
    (change("question.json", question_number="1"), "'1' is not of type 'integer'"),
    (change("question.json", question_number=999), "it says that its question is another"),
    (change("question.json", has_free_text="yes"), "'yes' is not of type 'boolean'"),
    (change("question.json", multi_choice_options="Agree"), "'Agree' is not of type 'array'"),
    (change("question.json", multi_choice_options=["Agree", "Agree"]), "has non-unique elements"),
    (change("question.json", slug="missing"), "'slug' was unexpected"),
    (lambda files: files.pop(first(files, "question.json")), "its question.json is missing"),
    (change("responses.jsonl", text=None), "'text' is a required property"),
    (change("responses.jsonl", text=["More buses."]), "['More buses.'] is not of type 'string'"),
    (change("responses.jsonl", text=""), "'' should be non-empty"),
    (change("responses.jsonl", themefinder_id=999_999), "a respondent is not in respondents.jsonl"),
    (change("responses.jsonl", reference="K7M4-PX9T-R"), "'reference' was unexpected"),
    (twice("responses.jsonl"), "a respondent is there twice"),
    (
        lambda files: files.pop(first(files, "responses.jsonl")),
        "whether it has texts is not what it says",
    ),
    (change("multi_choice.jsonl", options="Agree"), "'Agree' is not of type 'array'"),
    (change("multi_choice.jsonl", options=[]), "[] should be non-empty"),
    (
        change("multi_choice.jsonl", options=["Nobody offered this"]),
        "an option was chosen that it does not offer",
    ),
]


def test_whatever_is_changed_in_a_real_pack_is_refused(folder: Path) -> None:
    whole, missed = read(folder), []
    for harm, words in HARMS:
        files = deepcopy(whole)
        harm(files)
        if words not in (said := "\n".join(problems(files))):
            missed.append((words, said[:200]))
    assert missed == []
