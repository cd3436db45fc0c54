"""Many at once: a letter's senders, sheets of paper and another system's file become responses,
each its own, all or none, and are undone as one act.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from threading import Barrier
from uuid import UUID, uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Action, AuditEntry, Consultation, Edition, User
from consult.plans.document import Plan
from consult.plans.publishing import publish_edition
from responses.answers import Answers
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.models import Bundle, Confirmation, Message, Response, Transcription
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission
from responses.reviewing.bundles import loading, mails, receiving, tables
from responses.reviewing.bundles.cells import channel_of, day_of, value_of
from responses.reviewing.bundles.loading import LoadedBefore, RowsRefused, load_table
from responses.reviewing.bundles.receiving import (
    CannotBeUndone,
    receive_due_bundles,
    sample_of,
    undo_bundle,
)
from responses.reviewing.bundles.rows import Terms, check_table, columns_for
from responses.reviewing.bundles.tables import NotATable, TooLarge, TooManyRows, read_table
from responses.reviewing.bundles.template import template_for
from responses.reviewing.mailboxes import load_mailbox
from responses.reviewing.tasks import receive_bundles
from responses.reviewing.transcribing import ReasonMissing, set_message_aside
from tests.conftest import make_person
from tests.support.forms import fields_on

Load = Callable[..., Bundle]
Mails = list[Message]
SignIn = Callable[[User], Client]
TODAY = date(2026, 11, 20)
HEAD = ["sheet", "received_on", "channel", "name", "email", "postcode", "missing"]
ANN = ["C-1", "2026-11-19", "post", "Ann Heron", "ann@example.org", "N1 1AA", "Buses at night."]
BEN = ["C-2", "19/11/2026", "Post", "Ben Crane", "", "", "Trams.\nAnd trains."]
LETTER = (
    "We, the users of the night bus, ask you to keep all of its stops, to light each of them until "
    "the morning, and to have officers at the ones where people wait alone."
)


def as_csv(*rows: list[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


@pytest.fixture
def load(consultation: Consultation, edition: Edition, reviewer: User) -> Load:
    """Load a table; whatever is not said is filled in."""

    def load(*rows: list[str], receive: bool = True, **overrides: object) -> Bundle:
        values: dict[str, object] = {
            "edition": edition,
            "kind": Bundle.Kind.SHEETS,
            "name": "The Camden sheets",
            "key": uuid4(),
            "content": as_csv(HEAD, *rows),
            "letter": {},
            "today": timezone.localdate(),
            "by": reviewer,
        }
        made = load_table(**(values | overrides))
        if receive:
            receive_due_bundles()
            made.refresh_from_db()
        return made

    return load


@pytest.fixture
def terms(plan: Plan) -> Terms:
    """By what a table of sheets is checked on TODAY, a day before closing."""
    return Terms(Bundle.Kind.SHEETS, plan, TODAY, TODAY + timedelta(days=1))


def wrong(terms: Terms, *rows: list[str], head: list[str] | None = None) -> list[tuple[int, str]]:
    _rows, problems = check_table([head or HEAD, *rows], terms)
    return [(one.number, one.column) for one in problems]


# Tables


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_whichever_way_its_program_separates_cells(delimiter: str) -> None:
    assert read_table(as_csv(HEAD, ANN, BEN, delimiter=delimiter)) == [HEAD, ANN, BEN]


def test_a_table_keeps_its_accents_whatever_its_encoding() -> None:
    row = ["C-3", "2026-11-19", "post", "Zoë Müller", "", "", "More cafés."]
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        content = as_csv(HEAD, row).decode().encode(encoding)
        assert read_table(content) == [HEAD, row]


def test_a_workbook_reads_as_what_was_typed_into_it() -> None:
    book = openpyxl.Workbook()
    book.active.append(["sheet", "received_on", "missing", "number"])
    book.active.append(["C-1", date(2026, 11, 19), "=1+1 is not run", 7.0])
    content = io.BytesIO()
    book.save(content)
    assert read_table(content.getvalue())[1][:2] == ["C-1", "2026-11-19"]
    assert read_table(content.getvalue())[1][3] == "7"


@pytest.mark.parametrize(
    "content", [b"", b"only,a,heading\n", b"PK\x03\x04broken", b"\x00\x01", b"%PDF-1.4"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(NotATable):
        read_table(content)


def test_a_table_that_is_too_long_is_refused() -> None:
    with pytest.raises(TooManyRows):
        read_table(b"a,b\n" * 50_002)


def workbook(*rows: list[str]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def with_member(content: bytes, name: str, said: bytes) -> bytes:
    """A workbook of which one member says something else."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", 8) as new:
        for member in old.namelist():
            new.writestr(member, said if member == name else old.read(member))
    return made.getvalue()


@pytest.mark.parametrize(
    "member",
    [
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "[Content_Types].xml",
    ],
)
@pytest.mark.parametrize("said", [b"", b"<sheetData><row", b"<a/>", b"\x00\xff", b"<a><b></a>"])
def test_a_workbook_with_a_damaged_part_is_refused_in_words(member: str, said: bytes) -> None:
    with pytest.raises(NotATable):
        read_table(with_member(workbook(HEAD, ANN), member, said))


def test_a_workbook_damaged_at_any_place_is_read_or_refused() -> None:
    content = workbook(HEAD, ANN)
    for at in range(0, len(content), 41):
        for damaged in (content[:at], content[:at] + b"\xee\xee\xee" + content[at + 3 :]):
            try:
                read_table(damaged)
            except (NotATable, TooLarge):
                continue


def test_a_workbook_that_swells_when_opened_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook(HEAD, [*ANN[:-1], "night bus " * 3_000])
    assert read_table(content)[0] == HEAD
    monkeypatch.setattr(tables, "INFLATED_MAX_BYTES", 30_000)
    assert len(content) < 30_000
    with pytest.raises(TooLarge):
        read_table(content)


def test_few_words_far_to_the_right_do_not_make_a_million_cells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="XFD{n}" t="n"><v>7</v></c></row>' for n in range(1, 5)
    ).encode()
    name = "xl/worksheets/sheet1.xml"
    content = workbook(HEAD)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = re.sub(rb"<row.*</row>", rows, archive.read(name))
    sheet = re.sub(rb"<dimension[^>]*>", b"", sheet)
    content = with_member(content, name, sheet)
    monkeypatch.setattr(tables, "MOST_CELLS", 50_000)
    with pytest.raises(TooLarge):
        read_table(content)


def test_the_page_says_that_a_file_is_damaged_or_swells(
    consultation: Consultation,
    reviewer: User,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rosa = sign_in(reviewer)
    address = reverse("bundle-list", args=[consultation.slug])
    fields = fields_on(rosa.get(address).content.decode()) | {"kind": "sheets", "name": "Camden"}

    def said_of(content: bytes) -> str:
        typed = fields | {"file": SimpleUploadedFile("sheets.xlsx", content)}
        return rosa.post(address, typed).content.decode()

    broken = with_member(workbook(HEAD, ANN), "xl/worksheets/sheet1.xml", b"<sheetData><row")
    assert "No table was found in the file." in said_of(broken)
    monkeypatch.setattr(tables, "INFLATED_MAX_BYTES", 100)
    page = said_of(workbook(HEAD, ANN))
    assert "There is more in the file than can be read. Load it in parts." in page
    assert 'value="Camden"' in page


def test_a_letter_longer_than_any_cell_of_excel_is_read_from_csv() -> None:
    long = "word " * 40_000
    assert read_table(as_csv(["missing"], [long]))[1] == [long]


# Rows


def test_good_rows_have_no_problems(terms: Terms) -> None:
    rows, problems = check_table([HEAD, ANN, BEN], terms)
    assert problems == []
    assert [row.sheet for row in rows] == ["C-1", "C-2"]
    assert [row.received_on for row in rows] == [date(2026, 11, 19)] * 2
    assert rows[1].fields["missing"] == "Trams.\nAnd trains."


@pytest.mark.parametrize(
    ("column", "cell", "where"),
    [
        ("received_on", "yesterday", "received_on"),
        ("received_on", "", "received_on"),
        ("received_on", "31/02/2026", "received_on"),
        ("received_on", "2026-11-21", "received_on"),
        ("channel", "by pigeon", "channel"),
        ("channel", "online", "channel"),
        ("email", "not an address", "email"),
        ("postcode", "nowhere", "postcode"),
        ("missing", " ", ""),
        ("missing", "x" * 300_000, "missing"),
    ],
)
def test_each_wrong_cell_is_named_with_its_row(
    terms: Terms, column: str, cell: str, where: str
) -> None:
    row = list(ANN)
    row[HEAD.index(column)] = cell
    assert wrong(terms, BEN, row) == [(3, where)]


def test_what_came_after_closing_needs_a_reason(plan: Plan) -> None:
    late = Terms(Bundle.Kind.SHEETS, plan, TODAY, TODAY - timedelta(days=5))
    assert wrong(late, ANN) == [(2, "why_late")]
    rows, problems = check_table([[*HEAD, "why_late"], [*ANN, "A postal strike"]], late)
    assert problems == []
    assert rows[0].late_reason == "A postal strike"


def test_a_column_that_nobody_knows_is_refused_and_not_dropped(terms: Terms) -> None:
    assert wrong(terms, [*ANN, "Words"], head=[*HEAD, "opinion"]) == [(1, "opinion")]
    assert wrong(terms, [*ANN, "Words"], head=[*HEAD, ""]) == [(1, "column 8")]
    assert wrong(terms, [*ANN, "Words"], head=[*HEAD, "missing"]) == [(1, "missing")]
    assert wrong(terms, [*ANN, ""], head=[*HEAD, ""]) == []


def test_words_beyond_the_heading_are_named_and_not_dropped(terms: Terms) -> None:
    head = ",".join(HEAD).encode()
    typed = b"C-1,2026-11-19,post,Ann,,,Keep the buses, but not at night"
    heading, row = read_table(head + b"\n" + typed + b"\n")
    _rows, problems = check_table([heading, row], terms)
    assert [(one.number, one.column) for one in problems] == [(2, "column 8")]
    assert "unquoted comma" in problems[0].words
    assert wrong(terms, [*ANN, "", " ", "Words"]) == [(2, "column 10")]
    # A spreadsheet ends its rows with as many empty cells as it likes.
    assert wrong(terms, [*ANN, "", " "]) == []


def test_a_column_can_have_the_questions_words_for_its_name(terms: Terms, plan: Plan) -> None:
    head = [plan.by_slug["missing"].text.upper() if name == "missing" else name for name in HEAD]
    rows, problems = check_table([head, ANN], terms)
    assert problems == []
    assert rows[0].fields["missing"] == "Buses at night."


def test_an_answer_that_is_not_asked_is_named_and_not_dropped(terms: Terms) -> None:
    head = [*HEAD, "capacity", "organisation-name"]
    assert wrong(terms, [*ANN, "individual", "Bus users"], head=head) == [(2, "organisation-name")]
    assert wrong(terms, [*ANN, "For an organisation or group", "Bus users"], head=head) == []


def test_an_option_goes_by_its_label_or_its_name(plan: Plan) -> None:
    agree = plan.by_slug["violence-agree"]
    for cell in ("strongly-agree", "Strongly agree", " STRONGLY AGREE "):
        assert value_of(agree, cell) == "strongly-agree"
    assert value_of(agree, "Perhaps") == "Perhaps"


def test_an_unknown_option_is_a_problem_of_its_column(terms: Terms) -> None:
    head = [*HEAD, "violence-agree"]
    assert wrong(terms, [*ANN, "Perhaps"], head=head) == [(2, "violence-agree")]


def test_the_same_row_twice_and_one_number_twice_are_named(terms: Terms) -> None:
    assert wrong(terms, ANN, BEN, list(ANN)) == [(4, ""), (4, "sheet")]
    assert wrong(terms, ANN, [ANN[0], *BEN[1:]]) == [(3, "sheet")]
    nameless = ["", *ANN[1:]], ["", *BEN[1:]]
    assert wrong(terms, *nameless) == []


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-19", date(2026, 11, 19)),
        ("2026-11-19 00:00:00", date(2026, 11, 19)),
        ("19/11/2026", date(2026, 11, 19)),
        ("1.2.2026", date(2026, 2, 1)),
        ("11/19/2026", None),
        ("19 November", None),
    ],
)
def test_days_are_read_as_people_in_london_write_them(cell: str, day: date | None) -> None:
    assert day_of(cell) == day


def test_ways_to_come_are_read_by_both_their_names() -> None:
    assert channel_of("By post", Bundle.Kind.SHEETS) == "post"
    assert channel_of("EMAIL", Bundle.Kind.SHEETS) == "email"
    assert channel_of("", Bundle.Kind.IMPORTED) == "imported"


@pytest.mark.parametrize("kind", Bundle.Kind.values)
def test_the_template_is_taken_back_as_it_was_made(kind: str, plan: Plan) -> None:
    content = template_for(kind, plan)
    table = read_table(content)
    assert table[0] == [name for name, _words in columns_for(kind, plan)]
    assert check_table(table, Terms(kind, plan, TODAY, TODAY)) == ([], [])
    answers = openpyxl.load_workbook(io.BytesIO(content))["Answers"]
    assert len(answers.data_validations.dataValidation) > 5


# Loading and receiving


def test_each_row_becomes_a_response_of_its_own_with_a_confirmation(
    load: Load, reviewer: User
) -> None:
    made = load(ANN, BEN)
    assert made.state == Bundle.State.DONE
    ann, ben = (row.response for row in made.rows.select_related("response__contact"))
    assert ann and ben  # noqa: PT018  # for mypy
    assert (ann.channel, ann.timing, ann.texts) == ("post", "in-time", {"missing": ANN[-1]})
    assert (ann.contact.name, ann.contact.postcode_district) == ("Ann Heron", "N1")
    assert ann.confirmation.state == Confirmation.State.WAITING
    assert ben.confirmation.state == Confirmation.State.NOT_WANTED
    assert ann.transcription.received_on == date(2026, 11, 19)
    assert ann.transcription.keyed_by == reviewer
    assert AuditEntry.objects.get(action=Action.BUNDLE_LOADED).details["rows"] == 2


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_after_many_came_at_once_and_were_undone(
    load: Load, reviewer: User
) -> None:
    made = load(ANN, BEN)
    assert reconcile().differences == []
    undo_bundle(bundle=made, reason="The wrong box", by=reviewer)
    receive_bundles()
    assert reconcile().differences == []


def test_one_wrong_row_leaves_nothing_loaded(load: Load) -> None:
    with pytest.raises(RowsRefused) as refused:
        load(ANN, [*BEN[:1], "", *BEN[2:]])
    assert [(one.number, one.column) for one in refused.value.problems] == [(3, "received_on")]
    assert not Bundle.objects.exists()
    assert not Response.objects.exists()


def test_pressing_twice_makes_one_bundle_and_each_response_once(load: Load) -> None:
    key = uuid4()
    first = load(ANN, BEN, key=key)
    assert load(ANN, BEN, key=key) == first
    assert Response.objects.count() == 2


def test_the_same_file_again_is_refused_until_the_first_is_undone(
    load: Load, reviewer: User
) -> None:
    first = load(ANN)
    with pytest.raises(LoadedBefore) as refused:
        load(ANN)
    assert refused.value.bundle == first
    undo_bundle(bundle=first, reason="A mistake", by=reviewer)
    receive_due_bundles()
    assert load(ANN).rows.count() == 1


def at_once(load: Load, monkeypatch: pytest.MonkeyPatch, *given: dict[str, object]) -> list[object]:
    """What two loadings come to that have both looked for an earlier one before either writes."""
    together = Barrier(2)

    def check_together(*args: object) -> object:
        together.wait(30)
        return check_table(*args)  # type: ignore[arg-type]  # as it was called

    def in_a_thread(values: dict[str, object]) -> object:
        try:
            return load(receive=False, **values)
        except (LoadedBefore, RowsRefused) as refused:
            return refused
        finally:
            connection.close()

    monkeypatch.setattr(loading, "check_table", check_together)
    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(in_a_thread, given), key=lambda one: not isinstance(one, Bundle))


@pytest.mark.django_db(transaction=True)
def test_two_people_with_one_file_at_once_load_it_once(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = as_csv(HEAD, ANN, BEN)
    made, refused = at_once(load, monkeypatch, {"content": content}, {"content": content})
    assert isinstance(refused, LoadedBefore)
    assert refused.bundle == made == Bundle.objects.get()
    receive_due_bundles()
    assert Response.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_number_in_two_files_at_once_is_imported_once(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = ["sheet", "received_on", "missing"]
    files = [as_csv(head, ["OLD-7", "2026-11-19", words]) for words in ("Buses.", "Buses!")]
    kind = Bundle.Kind.IMPORTED
    _made, refused = at_once(load, monkeypatch, *({"kind": kind, "content": one} for one in files))
    assert isinstance(refused, RowsRefused)
    assert [(one.number, one.column) for one in refused.problems] == [(2, "sheet")]
    assert Bundle.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_page_pressed_twice_at_once_makes_one_bundle(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"content": as_csv(HEAD, ANN), "key": uuid4()}
    first, second = at_once(load, monkeypatch, given, given)
    assert first == second == Bundle.objects.get()


def test_what_a_row_said_is_nowhere_else_once_it_is_received(load: Load) -> None:
    made = load(ANN, receive=False)
    assert made.rows.get().fields["raw"]["name"] == "Ann Heron"
    receive_due_bundles()
    row = made.rows.get()
    assert row.fields == {}
    assert row.response
    erase_response(reference=row.response.reference, actor=None, why="asked for it")
    assert "Ann" not in str(list(made.rows.values()))


def test_a_worker_that_stopped_goes_on_where_it_was(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "AT_ONCE", 1)
    monkeypatch.setattr(receiving, "RUN_FOR_SECONDS", 0)
    made = load(ANN, BEN)
    assert not Response.objects.exists()
    receiving._do_a_lot()
    assert Response.objects.count() == 1
    monkeypatch.undo()
    receive_due_bundles()
    assert Response.objects.count() == made.rows.exclude(response=None).count() == 2


def test_one_row_that_raises_stops_no_other(load: Load) -> None:
    made = load(ANN, BEN, receive=False)
    row = made.rows.first()
    assert row
    row.fields["channel"] = {"not": "text"}
    row.save(update_fields=["fields"])
    receive_due_bundles()
    made.refresh_from_db()
    assert made.state == Bundle.State.DONE
    assert Response.objects.count() == 1
    assert [one.why[:22] for one in made.rows.all()] == ["It could not be taken:", ""]


# Undoing


def test_a_bundle_is_undone_as_one_act_and_nothing_is_deleted(load: Load, reviewer: User) -> None:
    made = load(ANN, BEN)
    undo_bundle(bundle=made, reason="The wrong consultation", by=reviewer)
    receive_due_bundles()
    made.refresh_from_db()
    assert made.state == Bundle.State.UNDONE
    acts = list(Response.objects.order_by("reference", "version").values_list("act", flat=True))
    assert acts == ["sent", "withdrawn"] * 2
    # Ann, who has an address, is told; Ben cannot be.
    told = Confirmation.objects.filter(response__act="withdrawn").values_list("state", flat=True)
    assert sorted(told) == ["not-wanted", "waiting"]


def test_what_a_sender_changed_since_stays_when_the_bundle_is_undone(
    load: Load, reviewer: User, edition: Edition
) -> None:
    made = load(ANN, BEN)
    ann = made.rows.select_related("response__edition")[0].response
    assert ann
    changed = Submission(
        edition=edition,
        submission_key=uuid4(),
        answers=Answers(texts={"missing": "Only trams."}),
        contact={"name": "", "email": "", "postcode_district": ""},
        started_at=timezone.now(),
    )
    amend_response(earlier=ann, submission=changed)
    undo_bundle(bundle=made, reason="The wrong box", by=reviewer)
    receive_due_bundles()
    newest = Response.objects.filter(reference=ann.reference).latest("version")
    assert newest.act == Response.Act.AMENDED
    assert "stays as they left it" in made.rows.all()[0].why
    assert made.rows.filter(undone=True).count() == 1


def test_undoing_needs_a_reason_and_happens_once(load: Load, reviewer: User) -> None:
    made = load(ANN)
    with pytest.raises(ReasonMissing):
        undo_bundle(bundle=made, reason=" ", by=reviewer)
    undo_bundle(bundle=made, reason="A mistake", by=reviewer)
    with pytest.raises(CannotBeUndone):
        undo_bundle(bundle=made, reason="A mistake", by=reviewer)


# Another system's file


def test_an_imported_file_is_a_channel_of_its_own_without_emails(load: Load) -> None:
    head = ["sheet", "received_on", "name", "email", "missing"]
    content = as_csv(head, ["OLD-7", "2026-11-19", "Ann", "ann@example.org", "Buses."])
    made = load(kind=Bundle.Kind.IMPORTED, content=content)
    response = made.rows.get().response
    assert response
    assert response.channel == Response.Channel.IMPORTED
    assert response.confirmation.state == Confirmation.State.NOT_WANTED


def test_undoing_an_import_writes_to_nobody(load: Load, reviewer: User) -> None:
    head = ["sheet", "received_on", "email", "missing"]
    content = as_csv(head, ["OLD-7", "2026-11-19", "ann@example.org", "Buses."])
    made = load(kind=Bundle.Kind.IMPORTED, content=content)
    undo_bundle(bundle=made, reason="An old copy", by=reviewer)
    receive_due_bundles()
    states = Confirmation.objects.values_list("state", flat=True)
    assert list(states) == [Confirmation.State.NOT_WANTED] * 2


def test_a_number_of_the_other_system_is_imported_once(load: Load) -> None:
    head = ["sheet", "received_on", "missing"]
    load(kind=Bundle.Kind.IMPORTED, content=as_csv(head, ["OLD-7", "2026-11-19", "Buses."]))
    more = as_csv(head, ["OLD-7", "2026-11-19", "Buses."], ["OLD-8", "2026-11-19", "Trams."])
    with pytest.raises(RowsRefused) as refused:
        load(kind=Bundle.Kind.IMPORTED, content=more)
    assert [one.number for one in refused.value.problems] == [2]


# A standard letter


def test_a_letters_senders_each_respond_and_what_each_changed_is_kept(load: Load) -> None:
    head = ["received_on", "channel", "name", "own_words", "violence-agree"]
    content = as_csv(
        head,
        ["2026-11-19", "post", "Ann", "", ""],
        ["2026-11-19", "post", "Ben", "I was attacked there.", "Disagree"],
    )
    letter = {"anything-else": LETTER, "violence-agree": "agree"}
    made = load(kind=Bundle.Kind.LETTER, content=content, letter=letter)
    ann, ben = (row.response for row in made.rows.select_related("response"))
    assert ann and ben  # noqa: PT018  # for mypy
    assert ann.texts["anything-else"] == LETTER
    assert ann.choices["violence-agree"] == "agree"
    assert ben.texts["anything-else"] == f"I was attacked there.\n\n{LETTER}"
    assert ben.choices["violence-agree"] == "disagree"


def letter_mail(name: str, words: str) -> bytes:
    return (
        f"From {name}@example.org Thu Nov 19 10:00:00 2026\n"
        f"From: {name} <{name}@example.org>\nSubject: Night bus\n"
        f"Date: Thu, 19 Nov 2026 10:00:00 +0000\nMessage-ID: <{name}@example.org>\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{words}\n\n"
    ).encode()


@pytest.fixture
def mailbox(consultation: Consultation, reviewer: User, tmp_path: Path, files: Path) -> Mails:
    """Two copies of the letter, one of them changed, and a mail about something else."""
    path = tmp_path / "in.mbox"
    path.write_bytes(
        letter_mail("ann", LETTER)
        + letter_mail("ben", f"I was attacked there. {LETTER}")
        + letter_mail("cem", "When does the consultation close? I would like to answer in time.")
    )
    load_mailbox(consultation=consultation, path=path, by=reviewer)
    return list(consultation.messages.order_by("pk"))


def press(client: Client, consultation: Consultation, **typed: object) -> str:
    address = reverse("bundle-letter", args=[consultation.slug])
    fields = fields_on(client.get(address).content.decode())
    page = client.post(address, {**fields, "name": "Night bus", **typed}, follow=True)
    return page.content.decode()


def test_the_mails_that_carry_a_letter_are_received_together(
    consultation: Consultation,
    mailbox: Mails,
    reviewer: User,
    sign_in: SignIn,
) -> None:
    rosa = sign_in(reviewer)
    typed = {"senders": "mails", "anything-else": LETTER}
    shown = press(rosa, consultation, **typed)
    assert "2 messages that wait carry the letter." in shown
    assert "1 in words of its own." in shown
    assert not Bundle.objects.exists()
    chosen = ",".join(str(one.pk) for one in mailbox[:2])
    assert "Night bus" in press(rosa, consultation, **typed, messages=chosen)
    receive_due_bundles()
    ann, ben = Response.objects.order_by("pk")
    assert ann.texts == {"anything-else": LETTER}
    assert ben.texts == {"anything-else": f"I was attacked there. {LETTER}"}
    assert ben.contact.email == "ben@example.org"
    assert [one.state for one in consultation.messages.order_by("pk")] == [
        *("response", "response", "waiting")
    ]


def test_every_message_is_looked_through_a_page_at_a_time(
    consultation: Consultation,
    mailbox: Mails,
    reviewer: User,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mails, "LOOKED_AT", 1)
    rosa = sign_in(reviewer)
    typed = {"senders": "mails", "anything-else": LETTER}
    after, found = "0", []
    for number in (1, 2, 3):
        page = press(rosa, consultation, **typed, after=after)
        assert "Looked through 1 of the messages that wait (3)." in page
        found += re.findall(r'name="messages"\s+value="([\d,]+)"', page)
        going_on = re.search(r'name="after" value="(\d+)"', page)
        assert (going_on is None) == (number == 3)
        after = going_on[1] if going_on else ""
    assert found == [str(one.pk) for one in mailbox[:2]]


def test_what_is_received_is_what_the_page_showed_wherever_it_stood(
    consultation: Consultation,
    mailbox: Mails,
    reviewer: User,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mails, "LOOKED_AT", 1)
    typed = {"senders": "mails", "anything-else": LETTER}
    press(sign_in(reviewer), consultation, **typed, messages=str(mailbox[1].pk))
    assert [row.message for row in Bundle.objects.get().rows.all()] == [mailbox[1]]


def test_a_letter_keyed_to_other_words_is_checked_again_before_it_counts(
    consultation: Consultation, mailbox: Mails, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    address = reverse("bundle-letter", args=[consultation.slug])
    opened = fields_on(rosa.get(address).content.decode())
    typed = {"senders": "mails", "name": "Night bus", "anything-else": LETTER}
    typed["messages"] = str(mailbox[0].pk)
    consultation.questions.filter(slug="anything-else").update(text="Anything against it?")
    newest = publish_edition(consultation=consultation, actor=None)
    page = rosa.post(address, opened | typed).content.decode()
    assert "Questions were changed since you opened this page" in page
    assert "Anything against it?" in page
    assert LETTER in unescape(page)
    assert not Bundle.objects.exists()
    rosa.post(address, fields_on(page) | typed)
    assert Bundle.objects.get().edition == newest


def test_undoing_a_letters_mails_lets_them_wait_again(
    consultation: Consultation,
    mailbox: Mails,
    reviewer: User,
    sign_in: SignIn,
) -> None:
    chosen = str(mailbox[0].pk)
    press(
        sign_in(reviewer),
        consultation,
        **{"senders": "mails", "anything-else": LETTER, "messages": chosen},
    )
    receive_due_bundles()
    undo_bundle(bundle=Bundle.objects.get(), reason="Two letters in one", by=reviewer)
    receive_due_bundles()
    again = Message.objects.get(pk=mailbox[0].pk)
    assert (again.state, again.reason) == (Message.State.WAITING, "Two letters in one")
    assert not Transcription.objects.filter(message=again).exists()


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_after_mails_were_undone(
    consultation: Consultation, mailbox: Mails, reviewer: User, sign_in: SignIn
) -> None:
    chosen = str(mailbox[0].pk)
    press(
        sign_in(reviewer),
        consultation,
        **{"senders": "mails", "anything-else": LETTER, "messages": chosen},
    )
    receive_due_bundles()
    assert reconcile().differences == []
    undo_bundle(bundle=Bundle.objects.get(), reason="Two letters in one", by=reviewer)
    receive_due_bundles()
    assert reconcile().differences == []


def test_a_mail_that_someone_decided_on_meanwhile_is_left_and_named(
    consultation: Consultation,
    mailbox: Mails,
    reviewer: User,
    sign_in: SignIn,
) -> None:
    chosen = ",".join(str(one.pk) for one in mailbox[:2])
    press(
        sign_in(reviewer),
        consultation,
        **{"senders": "mails", "anything-else": LETTER, "messages": chosen},
    )
    set_message_aside(message=mailbox[0], reason="Sent twice", by=reviewer)
    receive_due_bundles()
    assert Response.objects.count() == 1
    assert [one.why for one in Bundle.objects.get().rows.all()] == [
        "Someone has decided on its message meanwhile.",
        "",
    ]


# Pages


def test_a_table_with_mistakes_is_answered_by_each_of_them(
    consultation: Consultation, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    address = reverse("bundle-list", args=[consultation.slug])
    fields = fields_on(rosa.get(address).content.decode()) | {"kind": "sheets", "name": "Camden"}
    file = SimpleUploadedFile("sheets.csv", as_csv(HEAD, [*ANN[:1], "soon", *ANN[2:]]))
    page = rosa.post(address, fields | {"file": file}).content.decode()
    assert "Nothing was loaded: 1 thing is wrong" in page
    assert "Row 2" in page
    assert 'value="Camden"' in page
    assert not Bundle.objects.exists()
    page = rosa.post(address, fields).content.decode()
    assert "Choose the file with the rows" in page
    page = rosa.post(address, fields | {"file": SimpleUploadedFile("a.csv", b"x")}).content.decode()
    assert "No table was found in the file." in page


def test_a_bundle_page_shows_how_far_it_is_and_is_undone_from_there(
    load: Load, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    made = load(ANN, BEN, receive=False)
    address = reverse("bundle", args=[made.pk])
    assert "2 rows, of which 0 are received." in rosa.get(address).content.decode()
    receive_due_bundles()
    assert "2 rows, of which 2 are received." in rosa.get(address).content.decode()
    undo = reverse("bundle-undo", args=[made.pk])
    page = rosa.post(undo, {"reason": " "}, follow=True).content.decode()
    assert "Write why it is undone." in page
    rosa.post(undo, {"reason": "The wrong box"})
    receive_due_bundles()
    page = rosa.get(address).content.decode()
    assert "rosa had it undone: The wrong box." in page
    assert "2 responses were withdrawn" in page


def test_a_sample_is_drawn_for_a_second_person_and_stays_the_same(
    load: Load, sign_in: SignIn
) -> None:
    rows = [
        [f"C-{n}", "2026-11-19", "post", f"Person {n}", "", "", f"Words {n}"] for n in range(45)
    ]
    made = load(*rows)
    drawn = sample_of(made)
    assert len(drawn) == 3
    assert [one.pk for one in sample_of(made)] == [one.pk for one in drawn]
    made.key = UUID(int=7)
    assert [one.pk for one in sample_of(made)] != [one.pk for one in drawn]
    ravi = sign_in(make_person("ravi", User.Role.REVIEWER))
    page = ravi.get(reverse("bundle", args=[made.pk])).content.decode()
    for row in drawn:
        assert row.response
        assert reverse("key-again", args=[row.response.reference]) in page


def test_a_template_is_downloaded_and_an_unknown_kind_is_not_found(
    consultation: Consultation, reviewer: User, sign_in: SignIn
) -> None:
    rosa = sign_in(reviewer)
    page = rosa.get(reverse("bundle-template", args=[consultation.slug, "sheets"]))
    assert b"".join(page).startswith(b"PK")
    assert rosa.get(reverse("bundle-template", args=[consultation.slug, "x"])).status_code == 404
