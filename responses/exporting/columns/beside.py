"""The columns of the tables beside the responses: attachments, codes, contacts and equality
answers.
"""

from responses.exporting.columns.column import Column, Kind
from responses.models import Scan

ATTACHMENTS = [
    Column("reference", Kind.SLUG, "The response.", lambda one: one.row.of.reference, always=True),
    Column("version", Kind.NUMBER, "Its version.", lambda one: one.row.of.version, always=True),
    Column(
        "file",
        Kind.SLUG,
        "Where the file is in this batch. Empty if it was lost before it could be handed over.",
        lambda one: one.path,
    ),
    Column("name", Kind.TYPED, "What its owner called it.", lambda one: one.row.name),
    Column(
        "kind", Kind.SLUG, "Its media type, by its content.", lambda one: one.row.kind, always=True
    ),
    Column("bytes", Kind.NUMBER, "Its size.", lambda one: one.row.bytes, always=True),
    Column("sha256", Kind.SLUG, "Its SHA-256.", lambda one: one.row.sha256, always=True),
    Column(
        "from",
        Kind.SLUG,
        "`respondent` if they attached it, `staff` if it is the original of what was keyed.",
        lambda one: "respondent" if one.row.response_id else "staff",
        always=True,
        one_of=("respondent", "staff"),
    ),
    Column(
        "scan",
        Kind.SLUG,
        "`clean` if a virus scanner found nothing in it, or `not-scanned`.",
        lambda one: one.row.scan,
        always=True,
        one_of=Scan.values,
    ),
]
CODES = [
    Column(
        "question",
        Kind.SLUG,
        "The question that the code is for.",
        lambda code: code["question"],
        always=True,
    ),
    Column("group", Kind.TYPED, "The group that it is in.", lambda code: code["group"]),
    Column(
        "code",
        Kind.TYPED,
        "Its name, as in `codes` of the other tables.",
        # Names are separated by semicolons there, so no name may contain one.
        lambda code: code["name"].replace(";", ","),
        always=True,
    ),
    Column(
        "definition",
        Kind.TYPED,
        "When to use it, and when not to.",
        lambda code: code["definition"],
    ),
    Column(
        "version",
        Kind.NUMBER,
        "How often it was changed, from 1.",
        lambda code: code["version"],
        always=True,
    ),
    Column(
        "retired",
        Kind.YES_NO,
        "1 if it is no longer in use. Answers that have it keep it.",
        lambda code: code["retired"],
    ),
]
CONTACTS = [
    Column(
        "reference",
        Kind.SLUG,
        "The response.",
        lambda contact: contact.response.reference,
        always=True,
    ),
    Column(
        "version",
        Kind.NUMBER,
        "Its version.",
        lambda contact: contact.response.version,
        always=True,
    ),
    Column("name", Kind.TYPED, "The name as given.", lambda contact: contact.name),
    Column(
        "email",
        Kind.TYPED,
        "The address as given, even if its owner corrected it afterwards to get the confirmation.",
        lambda contact: contact.email,
    ),
    Column(
        "postcode_district",
        Kind.TYPED,
        "The first half of the postcode, as written.",
        lambda contact: contact.postcode_district,
    ),
]
EQUALITY = [
    Column(
        "id",
        Kind.SLUG,
        "A random id, used only in `equality-stopped.csv`. It appears nowhere else.",
        lambda entry: str(entry.said.pk),
        always=True,
    ),
    Column(
        "edition",
        Kind.NUMBER,
        "The first edition with these equality questions.",
        lambda entry: entry.edition,
        always=True,
    ),
]
STOPPED = [
    Column(
        "id",
        Kind.SLUG,
        "The id of a row of `equality.csv` in an earlier batch.",
        lambda said: str(said.pk),
        always=True,
    )
]
