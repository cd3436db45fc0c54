"""Responses and questions as rows: what a cell may hold, and which columns there are."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.cells import json_line, restore_cell, safe_cell, typed_cell
from consult.plans.document import Option, Plan, Question
from consult.text import is_blank, with_symbols
from responses.exporting.columns.beside import CONTACTS
from responses.exporting.columns.codebook import CODEBOOK, asked_by
from responses.exporting.columns.column import cells
from responses.exporting.columns.entries import Entry, Place
from responses.exporting.columns.questions import answer_columns
from responses.exporting.columns.responses import RESPONSES
from responses.exporting.columns.variables import option_codes
from responses.exporting.formats.tables import response_line
from responses.models import Contact, Response

STARTERS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'"]
storable_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.one_of(storable_text, st.tuples(st.sampled_from(STARTERS), storable_text).map("".join)))
def test_a_cell_never_begins_like_a_formula_and_gives_the_text_back(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(tuple(set(STARTERS) - {"'"}))
    assert restore_cell(cell) == with_symbols(text)


@given(
    st.text(
        st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"], exclude_characters="\0")
        | st.sampled_from("\u115f\u1160\u2800\u3164\uffa0\u034f\ufe0f\U000e0101")
    ),
    st.sampled_from("=+-@＝＋－＠﹢﹣﹦﹫"),
)
def test_a_formula_behind_anything_invisible_is_guarded(before: str, start: str) -> None:
    assert is_blank(before)
    for cell in (safe_cell(f"{before}{start}1+1"), typed_cell(f"{before}{start}1+1")):
        assert cell == f"'{with_symbols(before)}{start}1+1"


def test_control_characters_are_symbols_in_csv_alone() -> None:
    text = "a\x1b[2J\x07\x7f\x85\x9b\tb\nc"
    assert safe_cell(text) == "a␛[2J␇␡␤\ufffd\tb\nc"
    assert typed_cell("\x1b7") == "␛7"
    assert json.loads(json_line({"text": text})) == {"text": text}


@given(st.lists(storable_text, min_size=1))
def test_cells_survive_the_file(texts: list[str]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([safe_cell(text) for text in texts])
    assert file.getvalue().endswith("\r\n")
    (read,) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert [restore_cell(cell) for cell in read] == [with_symbols(text) for text in texts]


@given(
    st.one_of(
        storable_text,
        st.from_regex(r"[ 0-9.,:/%£+e-]{1,12}", fullmatch=True),
        st.from_regex(r"[0-9]{1,45}", fullmatch=True),
    )
)
def test_typed_text_reads_back_and_no_reader_takes_it_for_a_number(text: str) -> None:
    cell = typed_cell(text)
    assert restore_cell(cell) == with_symbols(text)
    assert cell in {safe_cell(text), f"'{with_symbols(text)}"}
    if re.fullmatch(r"[ 0-9.,:/%£+e-]{1,40}", text):
        with pytest.raises(ValueError, match="could not convert"):
            float(cell or "nothing")


@pytest.mark.parametrize(
    "text",
    [
        *[
            "007",
            "00123.50",
            "12345678901234567890",
            "1e5",
            "1E400",
            "1.5",
            "1,5",
            "1 000",
            "10%",
            "£5.00",
            "5 €",
            "(3)",
            "٣",
        ],
        *[
            "1/2",
            "3-4",
            "23/11/2026",
            "2026-11-23",
            "2026-11-23T10:30:00Z",
            "12:30",
            "9am",
            "10 p.m",
            "MARCH1",
            "Sept 2",
            "1 May 2026",
            "1st",
        ],
        *["TRUE", "false", " 7 ", "7\n"],
    ],
)
def test_text_that_a_spreadsheet_would_convert_is_guarded(text: str) -> None:
    assert typed_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text",
    [
        "2 more buses",
        "May we have trams?",
        "Route 25",
        "0x1F",
        "true enough",
        "e",
        "",
        "SE1 7PB",
        "March",
        "9" * 41,
    ],
)
def test_other_texts_are_written_as_they_were_typed(text: str) -> None:
    assert typed_cell(text) == text


def test_options_are_written_by_slug_whatever_it_looks_like() -> None:
    age = question("age", "one", options=(Option("16", "16", None), Option("1-2", "1 to 2", None)))
    plan = plan_of(age)
    entry = Entry(response({"age": "1-2"}, {}), row=1, replaces=None, edition=1, plan=plan)
    assert cells(answer_columns({1: plan}), entry) == ["1-2"]


def test_a_typed_not_asked_does_not_count_as_a_question_not_asked() -> None:
    assert safe_cell("not-asked") == "'not-asked"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_json_line_is_one_line_to_every_reader(text: str) -> None:
    line = json_line({"text": text})
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {"text": text}


def question(
    slug: str,
    kind: str = "text",
    *,
    options: tuple[Option, ...] = (),
    part: str = "general",
    **others: object,
) -> Question:
    values = {
        "text": f"What about {slug}?",
        "help": "",
        "scale": "",
        "max_choices": None,
        "max_chars": None,
        "show_if": {},
    }
    return Question(slug=slug, part=part, kind=kind, options=options, **values | others)


def plan_of(*questions: Question) -> Plan:
    texts = dict.fromkeys(
        [
            "title",
            "summary",
            "owner",
            "statute",
            "safety_notice",
            "statement",
            "recommendations_statement",
        ],
        "",
    )
    lists = dict.fromkeys(
        [
            "ways_to_respond",
            "alternative_formats",
            "sources",
            "references",
            "sections",
            "recommendations",
        ],
        (),
    )
    return Plan(contact={}, equality_intro="", questions=questions, **texts, **lists)


YES, NO, OTHER = (
    Option("yes", "Yes", 1),
    Option("no", "-No", -1),
    Option("other", "Other", write_in=True),
)
FIRST = plan_of(
    question("old"),
    question("sure", "one", options=(YES, NO)),
    question("which", "many", options=(YES, OTHER)),
    question("why", show_if={"sure": "no"}),
    question("channel", "one", options=(YES, OTHER)),
)
SECOND = plan_of(
    *[replace(one, text="Reworded") for one in FIRST.questions[1:]],
    question("new", "many", options=(NO,)),
)


BOTH = {1: FIRST, 2: SECOND}
NAMES = [column.name for column in RESPONSES]


def response(choices: dict[str, object], texts: dict[str, str], **about: object) -> Response:
    noon = datetime(2027, 1, 21, 12, tzinfo=UTC)
    values = {
        "reference": "K7M4-PX9T-R",
        "channel": "post",
        "timing": "late",
        "started_at": noon,
        "received_at": noon,
    }
    return Response(choices=choices, texts=texts, **values | about)


A_WEEK_BEFORE = date(2027, 1, 14)


def row_of(
    choices: dict[str, object],
    texts: dict[str, str],
    plan: Plan = FIRST,
    replaces: Place | None = None,
    **about: object,
) -> dict[str, str]:
    columns = [*RESPONSES, *answer_columns(BOTH)]
    said = response(choices, texts, **about)
    entry = Entry(said, row=7, replaces=replaces, edition=1, plan=plan, reached_on=A_WEEK_BEFORE)
    names = [column.name for column in columns]
    return dict(zip(names, cells(columns, entry), strict=True))


def test_columns_of_all_editions_are_in_the_order_of_the_newest() -> None:
    assert [column.name for column in answer_columns(BOTH)] == [
        *["sure", "which--yes", "which--other", "which--other--text", "why"],
        *["question_channel", "channel--other--text", "new--no", "old"],
    ]


def test_an_option_only_an_earlier_edition_had_is_beside_its_question() -> None:
    later = plan_of(question("which", "many", options=(NO,)), question("end"))
    assert [column.name for column in answer_columns({1: FIRST, 2: later})][:5] == [
        *["which--no", "which--yes", "which--other", "which--other--text", "end"]
    ]


def test_a_withdrawal_names_what_it_replaces_and_says_nothing() -> None:
    row = row_of({}, {}, replaces=Place(3, 12), version=2, act="withdrawn")
    assert [row[name] for name in ("version", "act", "replaces_batch", "replaces_row")] == [
        "2",
        "withdrawn",
        "3",
        "12",
    ]
    assert {row[name] for name in ("sure", "which--yes", "why", "old")} == {"not-asked"}


def test_the_first_columns_are_about_the_response() -> None:
    row = row_of({}, {})
    assert [row[name] for name in NAMES] == [
        *[
            "K7M4-PX9T-R",
            "1",
            "sent",
            "",
            "",
            "7",
            "7",
            "2027-01-21T12:00:00.000000+00:00",
            "2027-01-14",
            "2027-01-21T12:00:00.000000+00:00",
            "post",
            "late",
            "1",
            "",
            "0",
            "",
            "",
            "",
        ]
    ]


def test_not_answered_is_empty_and_not_asked_says_so() -> None:
    row = row_of({"sure": "yes"}, {})
    assert (row["sure"], row["which--yes"], row["which--other"], row["old"]) == (
        "yes",
        "",
        "",
        "",
    )
    assert (row["why"], row["new--no"]) == ("not-asked", "not-asked")
    assert row_of({"sure": "no"}, {"why": "=1"})["why"] == "'=1"
    assert row_of({}, {}, plan=SECOND)["old"] == "not-asked"


def test_one_of_many_has_a_column_for_every_option() -> None:
    row = row_of({"which": ["other"]}, {"which--other": "+44"})
    assert (row["which--yes"], row["which--other"], row["which--other--text"]) == (
        "0",
        "1",
        "'+44",
    )


def test_an_option_that_an_edition_did_not_have_was_not_asked_in_it() -> None:
    later = plan_of(question("which", "many", options=(YES,)))
    assert row_of({"which": ["yes"]}, {}, plan=later)["which--other"] == "not-asked"


def test_a_question_named_like_a_column_of_ours_has_its_own_column() -> None:
    row = row_of({"channel": "other"}, {"channel--other": "pigeon"})
    assert (row["channel"], row["question_channel"], row["channel--other--text"]) == (
        "post",
        "other",
        "pigeon",
    )


def test_json_lines_hold_all_as_typed_but_no_digest_of_contact_details() -> None:
    line = json.loads(
        response_line(
            Entry(
                response({"sure": "no"}, {"why": "=1+1"}),
                row=7,
                replaces=None,
                edition=1,
                plan=FIRST,
            )
        )
    )
    assert (line["choices"], line["texts"]) == ({"sure": "no"}, {"why": "=1+1"})
    assert set(line) == {*NAMES, "choices", "texts"}


def test_contact_details_are_made_safe_too() -> None:
    contact = Contact(
        response=response({}, {}, version=2),
        name="=cmd",
        email="+a@example.org",
        postcode_district="N1",
    )
    assert cells(CONTACTS, contact) == [
        "K7M4-PX9T-R",
        "2",
        "'=cmd",
        "'+a@example.org",
        "N1",
    ]


def test_the_codebook_has_every_wording_of_every_edition() -> None:
    rows = [
        dict(zip([column.name for column in CODEBOOK], cells(CODEBOOK, asked), strict=True))
        for asked in asked_by(BOTH, codes=option_codes(BOTH.values()))
    ]
    first = [
        (row["question"], row["option"], row["option_label"], row["option_value"], row["column"])
        for row in rows
        if row["edition"] == "1"
    ]
    assert first == [
        ("old", "", "", "", "old"),
        ("sure", "yes", "Yes", "1", "sure"),
        ("sure", "no", "'-No", "-1", "sure"),
        ("which", "yes", "Yes", "1", "which--yes"),
        ("which", "other", "Other", "", "which--other"),
        ("why", "", "", "", "why"),
        ("channel", "yes", "Yes", "1", "question_channel"),
        ("channel", "other", "Other", "", "question_channel"),
    ]
    assert [row["text_column"] for row in rows if row["option"] == "other"] == [
        "which--other--text",
        "channel--other--text",
    ] * 2
    assert {row["wording"] for row in rows if row["edition"] == "2"} == {
        "Reworded",
        "What about new?",
    }
    assert next(row["asked_if"] for row in rows if row["question"] == "why") == "sure=no"


@pytest.mark.parametrize("text", ["=1", "'", "''quoted", "plain", "", "not-asked", "'not-asked"])
def test_examples_there_and_back(text: str) -> None:
    assert restore_cell(safe_cell(text)) == text
