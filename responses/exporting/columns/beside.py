"""The columns of the tables beside the responses: codes, contacts and equality answers."""

from responses.exporting.columns.column import Column, Kind

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
