"""What a batch's files are: made from the database in one pass, described in a manifest, and put
together as one zip.

The bytes are a function of what the batch holds. Nothing is kept in memory but a few responses at a
time.
"""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files import File
from django.db import connection, models
from django.db.models import Exists, F, Func, OuterRef, Subquery, Value
from django.db.models.functions import JSONArray

from consult.clock import in_words
from consult.models import Consultation, Edition
from consult.plans.document import Plan
from consult.plans.editions import current_edition, plan_of
from consult.plans.kinds.choosing import write_in_name
from responses.exporting import verify_batch
from responses.exporting.columns import (
    CODE_COLUMNS,
    CODEBOOK_COLUMNS,
    CONTACT_COLUMNS,
    EQUALITY_COLUMNS,
    Column,
    Marks,
    Place,
    answer_columns,
    code_row,
    codebook_rows,
    contact_row,
    equality_columns,
    equality_row,
    response_row,
)
from responses.exporting.formats.copies import ANSWERS, RESPONSES, copy_answers, copy_responses
from responses.exporting.formats.cover_note import (
    CODEBOOK_PAGE,
    COVER_NOTE,
    About,
    codebook_page,
    cover_note,
)
from responses.exporting.formats.describing import DESCRIPTION, build_description
from responses.exporting.formats.entries import Entry, Rows
from responses.exporting.formats.spreadsheet import CELL_CHARACTERS, workbook
from responses.exporting.formats.tables import response_lines, write_table
from responses.exporting.formats.themes import theme_files
from responses.exporting.manifests import (
    MANIFEST,
    Counts,
    FileEntry,
    build_extract_note,
    build_manifest,
)
from responses.models import (
    Batch,
    BatchMember,
    CampaignMember,
    Code,
    Coding,
    Contact,
    EqualityAnswers,
    Extract,
    Response,
)

# By the name in `texts`, how many UTF-16 units the longest text has: characters outside of the
# basic plane count twice.
LONGEST = r"""
    SELECT said.key, max(length(said.value) + length(regexp_replace(said.value,
        E'[^\U00010000-\U0010FFFF]', '', 'g')))
    FROM responses_response AS response CROSS JOIN jsonb_each_text(response.texts) AS said
    WHERE response.id IN (MEMBERS) AND length(said.value) > %s
    GROUP BY said.key
"""
RESPONSES_AT_ONCE = 200
EXTRACT = "extract.json"
CHUNK_BYTES = 1 << 20
CONTACTS = "contacts.csv"
CODEBOOK = "codebook.csv"
CODES = "codes.csv"
PROGRAM = Path(verify_batch.__file__).name
PRESSED_ALREADY = (".xlsx", ".parquet")


@dataclass(frozen=True)
class Pack:
    """What is to be put into files.

    `members` has with each response its `row`, where the version before it stands, whether a later
    version of it is here too, and what reviewers made of it. Equality answers come with a batch
    alone.
    """

    members: models.QuerySet[Any]
    editions: Sequence[Edition]
    made_at: datetime
    name: str
    heading: str
    told: Sequence[str]
    includes_contacts: bool
    codes: Sequence[dict[str, Any]]
    batch: Batch | None = None


def make_files(
    *, batch: Batch, folder: Path, tick: Callable[[int], None] | None = None
) -> list[FileEntry]:
    """Make the files of a sealed batch in `folder`, its manifest last.

    The same batch always gives the same bytes.

    Rows come from the database and go to the disk a few at a time, however many there are. `tick`
    is told how many are written.
    """
    editions = _editions_of(batch)
    pack = Pack(
        members=_members_of_batch(batch),
        editions=editions,
        made_at=batch.sealed_at,
        name=f"{batch.consultation.slug}-batch-{batch.number:04}",
        heading=f"Batch {batch.number}",
        told=_told_of_batch(batch),
        includes_contacts=batch.includes_contacts,
        codes=batch.codes or (),
        batch=batch,
    )
    made, counts = _make(pack, folder, beside=[MANIFEST, PROGRAM], tick=tick)
    manifest = build_manifest(
        consultation=batch.consultation.slug,
        batch=batch.number,
        sealed_at=batch.sealed_at,
        previous_manifest_sha256=_previous_manifest(batch),
        editions=[edition.number for edition in editions],
        includes_contacts=batch.includes_contacts,
        counts=counts,
        files=made,
    )
    return [*made, _write(folder, MANIFEST, manifest)]


def make_extract(*, extract: Extract, folder: Path, tick: Callable[[int], None]) -> list[FileEntry]:
    """Make the files of an extract in `folder`.

    `tick` is told every now and then how many responses are written.
    """
    members = _members_of_extract(extract)
    editions = _answered(extract.consultation, members) or [current_edition(extract.consultation)]
    taken_at = extract.taken_at or extract.asked_at
    pack = Pack(
        members=members,
        editions=editions,
        made_at=taken_at,
        name=f"{extract.consultation.slug}-extract-{extract.pk}",
        heading=f"Extract {extract.pk}",
        told=_told_of_extract(extract, taken_at),
        includes_contacts=extract.includes_contacts,
        codes=codes_of(extract.consultation),
    )
    made, counts = _make(pack, folder, beside=[EXTRACT], tick=tick)
    said = build_extract_note(
        consultation=extract.consultation.slug,
        extract=extract.pk,
        kind=extract.kind,
        query=extract.query,
        made_at=taken_at,
        editions=[edition.number for edition in editions],
        includes_contacts=extract.includes_contacts,
        counts=counts,
        files=made,
    )
    return [*made, _write(folder, EXTRACT, said)]


def _make(
    pack: Pack, folder: Path, *, beside: Sequence[str], tick: Callable[[int], None] | None = None
) -> tuple[list[FileEntry], Counts]:
    """Every file of a pack but the one that names the others.

    `beside` are the names of what comes after.
    """
    plans = {edition.number: plan_of(edition) for edition in pack.editions}
    columns = answer_columns(list(plans.values()))
    equality = pack.batch is not None and EqualityAnswers.objects.filter(batch=pack.batch).exists()
    made, counts = _write_responses(
        pack, folder, plans=plans, columns=columns, equality=equality, tick=tick
    )
    made += _write_beside_them(pack, folder, plans=plans, equality=equality)
    # The title as the questions' edition has it: that is never changed afterwards.
    about = About(list(plans.values())[-1].title, pack.heading, pack.told)
    made.append(
        _write(folder, CODEBOOK_PAGE, codebook_page(plans, about=about, equality=equality).encode())
    )
    description = build_description(
        name=pack.name,
        title=f"{about.title}: {about.heading}",
        made_at=pack.made_at,
        files=made,
        plans=list(plans.values()),
        columns=columns,
        equality=equality_columns(list(plans.values())),
    )
    made.append(_write(folder, DESCRIPTION, description))
    note = cover_note(
        about=about,
        counts=counts,
        names=[*(file.name for file in made), *beside],
        checked=pack.batch is not None,
    )
    made.append(_write(folder, COVER_NOTE, note.encode()))
    return made, counts


def _write_responses(
    pack: Pack,
    folder: Path,
    *,
    plans: dict[int, Plan],
    columns: Sequence[Column],
    equality: bool,
    tick: Callable[[int], None] | None,
) -> tuple[list[FileEntry], Counts]:
    """The responses in each format, and how many they are of which kind."""
    # Here and not above: a worker that makes packs carries pyarrow's 60 MB; a web process, which
    # only opens them, does not.
    parquet = import_module("responses.exporting.formats.parquet")
    numbers = {edition.pk: edition.number for edition in pack.editions}
    by_edition = {pk: plans[number] for pk, number in numbers.items()}
    counts = Counts()
    # PostgreSQL writes these two itself. The other files are made of what streams past here, row by
    # row.
    rows: Rows = {
        RESPONSES: copy_responses(
            folder / RESPONSES,
            members=pack.members,
            plans=by_edition,
            numbers=numbers,
            columns=columns,
        ),
        ANSWERS: copy_answers(
            folder / ANSWERS, members=pack.members, plans=by_edition, numbers=numbers
        ),
    }
    book = workbook(
        folder,
        rows,
        columns=columns,
        widest=_widest(pack.members, columns),
        codebook=codebook_rows(plans, equality=equality),
        made_at=pack.made_at,
    )
    with ExitStack() as makers:
        # They close from the last to the first, and each enters its files when it closes.
        themes = makers.enter_context(theme_files(folder, rows, plans=list(plans.values())))
        lines = makers.enter_context(response_lines(folder, rows))
        table = makers.enter_context(parquet.parquet_table(folder, rows, columns=columns))
        sheets = makers.enter_context(book)
        for entry in _entries(pack.members, plans, numbers, columns):
            for take in (themes, lines, table, sheets):
                take(entry)
            counts.add(entry.response)
            if tick:
                tick(entry.row)
    return [describe(folder, name, rows=number) for name, number in rows.items()], counts


def _write_beside_them(
    pack: Pack, folder: Path, *, plans: dict[int, Plan], equality: bool
) -> list[FileEntry]:
    """The tables that explain the responses, or are kept apart from them."""
    lines = write_table(
        folder / CODEBOOK, CODEBOOK_COLUMNS, codebook_rows(plans, equality=equality)
    )
    made = [describe(folder, CODEBOOK, rows=lines)]
    if pack.codes:
        lines = write_table(folder / CODES, CODE_COLUMNS, map(code_row, pack.codes))
        made.append(describe(folder, CODES, rows=lines))
    if pack.batch:
        made += _write_equality(
            pack.batch, folder, plans, {edition.pk: edition.number for edition in pack.editions}
        )
    if pack.includes_contacts:
        # Rows stand in the order of arrival, which is that of the ids.
        people = Contact.objects.filter(response__in=pack.members.values("pk")).order_by(
            "response_id"
        )
        found = people.select_related("response").only(
            "response__reference", "response__version", "name", "email", "postcode_district"
        )
        who = (
            contact_row(one.response.reference, one.response.version, one)
            for one in found.iterator(chunk_size=RESPONSES_AT_ONCE)
        )
        made.append(
            describe(folder, CONTACTS, rows=write_table(folder / CONTACTS, CONTACT_COLUMNS, who))
        )
    return made


def codes_of(consultation: Consultation) -> list[dict[str, Any]]:
    """The codes that a consultation has at this moment, with their meaning; those that are not
    given any more too.
    """
    found = Code.objects.filter(consultation=consultation).order_by("question", "group", "name")
    told = ("question", "group", "name", "definition", "version", "retired")
    return [{name: getattr(code, name) for name in told} for code in found]


def copy_program(folder: Path) -> None:
    """Put the program with which a receiver checks the batch beside its files."""
    (folder / PROGRAM).write_bytes(Path(verify_batch.__file__).read_bytes())


def zip_chunks(files: Sequence[FileEntry], *, open_one: Callable[[str], File]) -> Iterator[bytes]:
    """One zip of `files`, a piece at a time, as they are read: it stands nowhere as a whole.

    The same files give the same bytes.
    """
    sink = _Sink()
    with ZipFile(sink, "w") as made:
        for file in files:
            # A fixed date: when it was made is no part of what it holds.
            entry = ZipInfo(file.name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = (
                ZIP_STORED if file.name.endswith(PRESSED_ALREADY) else ZIP_DEFLATED
            )
            entry.external_attr = 0o644 << 16
            entry.file_size = file.bytes
            with open_one(file.name) as source, made.open(entry, "w") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    yield sink.take()
    yield sink.take()


class _Sink(io.RawIOBase):
    """Where a zip is written to: it gives away what came, and cannot go back."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # ZipFile writes bytes alone
        self._held.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._held = b"".join(self._held), []
        return taken


def _told_of_batch(batch: Batch) -> list[str]:
    before = Batch.objects.filter(consultation=batch.consultation, number=batch.number - 1).first()
    sealed = in_words(batch.sealed_at)
    since = (
        f"since batch {before.number}, which was sealed at {in_words(before.sealed_at)}"
        if before
        else "since it opened"
    )
    told = [
        f"This is batch {batch.number} of what was sent in answer to this consultation. It was",
        f"sealed at {sealed}, and holds everything that came",
        f"{since}.",
    ]
    if not batch.size:
        told += ["", "NOTHING CAME in that time: this batch is a nil return, and has no rows."]
    if before:
        told += [
            "",
            "Take the batches in their order. A row may take the place of a row in an",
            "earlier batch, or withdraw it.",
        ]
    return told


def _told_of_extract(extract: Extract, taken_at: datetime) -> list[str]:
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


def describe(folder: Path, name: str, *, rows: int | None) -> FileEntry:
    """A file's entry in the manifest, by its name in the folder."""
    path = folder / name
    with path.open("rb") as file:
        return FileEntry(
            name, path.stat().st_size, rows, hashlib.file_digest(file, "sha256").hexdigest()
        )


def _write(folder: Path, name: str, content: bytes) -> FileEntry:
    (folder / name).write_bytes(content)
    return describe(folder, name, rows=None)


def _write_equality(
    batch: Batch, folder: Path, plans: dict[int, Plan], numbers: dict[int, int]
) -> list[FileEntry]:
    """The equality answers that the batch takes, and the ids of earlier ones that are out of use;
    each where there are any.
    """
    made = []
    # By their random id: an order that says nothing about who answered when.
    said = EqualityAnswers.objects.filter(batch=batch, stopped=False).order_by("pk")
    if EqualityAnswers.objects.filter(batch=batch).exists():
        columns = equality_columns(list(plans.values()))
        rows = (
            equality_row(
                row,
                edition=numbers[row.edition_id],
                plan=plans[numbers[row.edition_id]],
                columns=columns,
            )
            for row in said.iterator(chunk_size=RESPONSES_AT_ONCE)
        )
        path = folder / "equality.csv"
        header = EQUALITY_COLUMNS + [column.name for column in columns]
        made.append(describe(folder, path.name, rows=write_table(path, header, rows)))
    if batch.equality_recalls.exists():
        path = folder / "equality-stopped.csv"
        stopped = (
            [str(pk)] for pk in batch.equality_recalls.order_by("pk").values_list("pk", flat=True)
        )
        made.append(describe(folder, path.name, rows=write_table(path, ["id"], stopped)))
    return made


def _widest(members: models.QuerySet[Any], columns: Sequence[Column]) -> dict[str, int]:
    """How many cells of a sheet the longest text of a column takes, where it takes more
    than one.
    """
    which, with_values = members.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(LONGEST.replace("MEMBERS", which), [*with_values, CELL_CHARACTERS // 2])
        longest = dict(cursor.fetchall())
    names = {
        column.name: write_in_name(column.question, column.option)
        if column.text
        else column.question
        for column in columns
    }
    # A cell may end one unit early, rather than between the two halves of a character.
    return {
        column: -(-longest[name] // (CELL_CHARACTERS - 1))
        for column, name in names.items()
        if name in longest
    }


def _members_of_batch(batch: Batch) -> models.QuerySet[Any]:
    same = BatchMember.objects.filter(response__reference=OuterRef("reference"))
    # An earlier version was there before this one could be written, so that it is in an earlier
    # batch or on an earlier row.
    before, after = (
        same.filter(response__version=OuterRef("version") - 1),
        same.filter(response__version=OuterRef("version") + 1),
    )
    return Response.objects.filter(membership__batch=batch).annotate(
        row=F("membership__row"),
        before_batch=Subquery(before.values("batch__number")[:1]),
        before_row=Subquery(before.values("row")[:1]),
        newest=~Exists(after.filter(batch=batch)),
        campaigns=F("membership__marks__campaigns"),
        codes=F("membership__marks__codes"),
    )


def _members_of_extract(extract: Extract) -> models.QuerySet[Any]:
    """An extract's rows take the place of no others, and what reviewers made of them is read as it
    is now.
    """
    after = extract.members.filter(
        response__reference=OuterRef("reference"), response__version=OuterRef("version") + 1
    )
    named = CampaignMember.objects.filter(response=OuterRef("pk"), campaign__ended=False).order_by(
        "campaign__name"
    )
    pair = JSONArray("question", "code__name")
    given = (
        Coding.objects.filter(response=OuterRef("pk"), removed_at=None)
        .order_by("question", "code__name")
        .values(pair=pair)
    )
    return Response.objects.filter(extract_members__extract=extract).annotate(
        row=F("extract_members__row"),
        before_batch=Value(None, output_field=models.IntegerField(null=True)),
        before_row=Value(None, output_field=models.IntegerField(null=True)),
        newest=~Exists(after),
        campaigns=ArraySubquery(named.values("campaign__name")),
        codes=Func(ArraySubquery(given), function="to_jsonb", output_field=models.JSONField()),
    )


def _entries(
    members: models.QuerySet[Any],
    plans: dict[int, Plan],
    numbers: dict[int, int],
    columns: Sequence[Column],
) -> Iterator[Entry]:
    """Each member with what is to be known of it, a few at a time however many there are."""
    last = 0
    while some := list(members.filter(row__gt=last).order_by("row")[:RESPONSES_AT_ONCE]):
        for response in some:
            replaces = (
                Place(response.before_batch, response.before_row) if response.before_batch else None
            )
            edition, last = numbers[response.edition_id], response.row
            plan = plans[edition]
            # Two reviewers may have given the same code.
            codes = dict.fromkeys((question, code) for question, code in response.codes or ())
            marks = Marks(response.campaigns or (), list(codes))
            cells = response_row(
                response,
                row=last,
                replaces=replaces,
                edition=edition,
                plan=plan,
                columns=columns,
                marks=marks,
            )
            yield Entry(response, last, replaces, edition, plan, response.newest, marks, cells)


def _answered(consultation: Consultation, members: models.QuerySet[Any]) -> list[Edition]:
    """The editions that members answered, in order."""
    editions = Edition.objects.filter(consultation=consultation).defer("content").order_by("number")
    return list(editions.filter(pk__in=members.order_by().values("edition")))


def _editions_of(batch: Batch) -> list[Edition]:
    """The editions that the batch's responses answered, in order; for a nil return the one that was
    current when it was sealed.
    """
    editions = (
        Edition.objects.filter(consultation=batch.consultation).defer("content").order_by("number")
    )
    answered = models.Q(
        pk__in=Response.objects.filter(membership__batch=batch).order_by().values("edition")
    )
    taken = models.Q(pk__in=EqualityAnswers.objects.filter(batch=batch).values("edition"))
    return (
        list(editions.filter(answered | taken))
        or list(editions.filter(published_at__lte=batch.sealed_at))[-1:]
        or list(editions[:1])
    )


def _previous_manifest(batch: Batch) -> str | None:
    if batch.number == 1:
        return None
    return Batch.objects.values_list("manifest_sha256", flat=True).get(
        consultation=batch.consultation, number=batch.number - 1
    )
