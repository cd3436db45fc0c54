"""responses.sav, read by the library that SPSS's own format is commonly read with in Python."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pyreadstat import read_sav

from consult.clock import LONDON
from consult.models import Consultation
from consult.plans.editions import plan_of
from consult.plans.publishing import publish_edition
from responses.answers import read_answers
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.columns.questions import answer_columns
from responses.exporting.columns.variables import TAKEN, option_codes, variable_name
from responses.exporting.formats.copies import longest_cells
from responses.exporting.formats.sav_file import SavFile, Variable
from responses.exporting.pack import make_files
from responses.models import Response
from responses.responding.amending import withdraw_response
from responses.responding.submitting import Submission, submit_response
from tests.support.batches import seal_and_write, table

Send = Callable[..., Response]
FITS = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
TEXTS = [
    *["None", "N/A", "007", "=1+1", "'quoted'", "not-asked", "  spaces before"],
    *["line\nbreak\ttab", "عربي বাংলা 中文 🙂\u2028end", "a\x1b[31m escape\x85", "."],
]


def read(path: Path, **options: Any) -> tuple[list[dict[str, Any]], Any]:
    frame, about = read_sav(path, **options)
    return frame.to_dict("records"), about


def keyed(consultation: Consultation, text: str) -> Response:
    """A response of any length, as staff key one."""
    consultation.questions.filter(slug="missing").update(max_chars=200_000)
    edition = publish_edition(consultation=consultation, actor=None)
    submission = Submission(
        edition=edition,
        answers=read_answers(plan_of(edition), {"missing": text}),
        contact={"name": "", "email": "", "postcode_district": ""},
        submission_key=uuid4(),
        started_at=timezone.now(),
    )
    return submit_response(submission=submission).response


def test_every_text_is_read_as_it_was_typed(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    sent = {send({"missing": text}).reference: text for text in TEXTS}
    batch = seal_and_write(consultation)
    rows, about = read(exports / folder_of(batch) / "responses.sav")
    assert {row["reference"]: row["missing"] for row in rows} == {
        reference: Response.objects.get(reference=reference).texts["missing"] for reference in sent
    }
    assert about.file_encoding == "UTF-8"


@pytest.mark.parametrize("long", ["x" * 254, "x" * 256, "é" * 3000, "🙂" * 20_000, "z" * 100_000])
def test_long_texts_are_whole_and_leave_their_neighbours_alone(
    consultation: Consultation, exports: Path, long: str
) -> None:
    keyed(consultation, long)
    keyed(consultation, "short")
    batch = seal_and_write(consultation)
    (first, second), _about = read(exports / folder_of(batch) / "responses.sav")
    names = [name for name in first if re.fullmatch(r"missing(_\d_\w{6})?", name)]
    assert "".join(first[name] for name in names) == long
    assert [second[name] for name in names] == ["short", *[""] * (len(names) - 1)]
    assert all(len(first[name].encode()) <= 32_767 for name in names)
    assert (first["act"], second["act"]) == ("sent", "sent")


def test_variables_have_wordings_and_options_have_labels(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    reference = send({"violence-agree": "agree", "top-sections": ["violence"]}).reference
    batch = seal_and_write(consultation)
    here = exports / folder_of(batch)
    rows, about = read(here / "responses.sav", apply_value_formats=True)
    asked = consultation.questions.get(slug="violence-agree")
    assert (
        about.column_names_to_labels["violence_agree"]
        == plan_of(consultation.editions.get()).by_slug["violence-agree"].text
    )
    assert rows[0]["violence_agree"] == asked.options.get(slug="agree").label
    assert (rows[0]["top_sections__violence"], rows[0]["top_sections__trust"]) == ("yes", "no")
    codes, _ = read(here / "responses.sav")
    (entry,) = [
        row
        for row in table(here / "codebook.csv")
        if (row["question"], row["option"]) == ("violence-agree", "agree")
    ]
    assert codes[0][entry["variable"]] == int(entry["code"])
    assert (codes[0]["reference"], codes[0]["row"]) == (reference, 1)


def test_times_are_londons(consultation: Consultation, send: Send, exports: Path) -> None:
    response = send()
    batch = seal_and_write(consultation)
    (row,), about = read(exports / folder_of(batch) / "responses.sav")
    local = response.received_at.astimezone(LONDON).replace(tzinfo=None)
    assert isinstance(row["received_at"], datetime)
    assert abs((row["received_at"] - local).total_seconds()) < 0.001
    assert about.original_variable_types["received_at"].startswith("DATETIME")


def test_not_asked_is_a_declared_missing_value(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    gone = send({"violence-agree": "agree", "missing": "Parks"})
    withdraw_response(earlier=gone, submission_key=uuid4(), started_at=timezone.now())
    batch = seal_and_write(consultation)
    path = exports / folder_of(batch) / "responses.sav"
    (_sent, withdrawn), _about = read(path)
    assert withdrawn["violence_agree"] != withdrawn["violence_agree"]  # NaN
    assert withdrawn["missing"] == ""
    (_sent, withdrawn), _about = read(path, user_missing=True)
    assert (withdrawn["violence_agree"], withdrawn["top_sections__trust"]) == (-1, -1)


def test_an_option_keeps_its_number_whatever_is_added_before_it(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    question = consultation.questions.get(slug="violence-agree")
    first = option_codes([plan_of(consultation.editions.get())])
    send({"violence-agree": "agree"})
    before = seal_and_write(consultation)
    question.options.create(slug="perhaps", label="Perhaps", order=0)
    edition = publish_edition(consultation=consultation, actor=None)
    assert plan_of(edition).by_slug["violence-agree"].options[0].slug == "perhaps"
    send({"violence-agree": "agree"}, edition=edition)
    # Nobody in this batch answered the first edition.
    after = seal_and_write(consultation)
    values = [
        read(exports / folder_of(batch) / "responses.sav")[0][0]["violence_agree"]
        for batch in (before, after)
    ]
    assert values == [first["violence-agree", "agree"]] * 2
    _rows, about = read(exports / folder_of(after) / "responses.sav")
    labels = about.variable_value_labels["violence_agree"]
    assert labels[len(question.options.all())] == "Perhaps"


def test_names_fit_all_three_programs(
    consultation: Consultation, send: Send, exports: Path
) -> None:
    send()
    batch = seal_and_write(consultation)
    here = exports / folder_of(batch)
    _rows, about = read(here / "responses.sav")
    names = about.column_names
    assert all(FITS.fullmatch(name) for name in names)
    assert len({name.lower() for name in names}) == len(names)
    assert not {name.lower() for name in names} & TAKEN
    known = {row["variable"] for row in table(here / "codebook.csv")} - {""}
    assert known <= set(names)


slugs = st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,12}){0,4}", fullmatch=True)


@given(
    st.sets(st.one_of(slugs, st.sampled_from(sorted(TAKEN)), st.just("received-at")), min_size=2)
)
def test_any_slugs_get_names_of_their_own(some: set[str]) -> None:
    names = {slug: variable_name(slug) for slug in some | {"question_version"}}
    assert len(set(names.values())) == len(names)
    for name in names.values():
        assert FITS.fullmatch(name)
        assert name not in TAKEN | {"received_at", "version"}


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=600)


@given(
    st.lists(
        st.tuples(
            texts.map(lambda text: text.rstrip()),
            st.one_of(st.none(), st.integers(-200, 300), st.floats(-1e9, 1e9)),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_cases_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, cases: list[tuple[str, float | None]]
) -> None:
    path = tmp_path_factory.mktemp("sav") / "any.sav"
    width = max(1, *(len(text.encode()) for text, _ in cases))
    variables = [
        Variable("said", "What was said", (1, 0, 0), width),
        Variable("number", "How many"),
    ]
    with path.open("wb") as file:
        sav = SavFile(file, variables, title="Any", made_at=datetime(2027, 1, 2), cases=len(cases))  # noqa: DTZ001
        for case in cases:
            sav.write(case)
        sav.finish()
    frame, _about = read_sav(path)
    assert frame["said"].tolist() == [text for text, _ in cases]
    assert [None if value != value else value for value in frame["number"]] == [
        number for _, number in cases
    ]


def test_the_longest_cell_is_never_shorter_than_what_was_typed(
    consultation: Consultation, send: Send
) -> None:
    said = ["a" + "\x1b" * 90, "'" * 5, "🙂é" * 7]
    columns = answer_columns({one.pk: plan_of(one) for one in consultation.editions.all()})
    missing = [column for column in columns if column.name == "missing"]
    for text in said:
        members = Response.objects.filter(pk=send({"missing": text}).pk)
        assert len(text.encode()) <= longest_cells(members, missing)["missing"] < 300
    assert longest_cells(Response.objects.filter(pk=0), missing) == {"missing": 0}


def test_it_is_the_same_every_time(consultation: Consultation, send: Send, tmp_path: Path) -> None:
    for text in TEXTS:
        send({"missing": text, "violence-agree": "agree"})
    batch = seal_batch(consultation=consultation, actor=None)
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        make_files(batch=batch, folder=tmp_path / name)
    once, again = ((tmp_path / name / "responses.sav").read_bytes() for name in ("once", "again"))
    assert once == again
