"""The files of a pack, each with its description, in the order of the cover note."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PackFile:
    """One file or folder of a pack, and whether it may hold contact details."""

    name: str
    meaning: str
    contacts: bool = False


PACK_FILES = [
    PackFile("README.txt", "this note"),
    PackFile("codebook.html", "every question as it was worded; opens in a browser"),
    PackFile("responses.xlsx", "the responses as a spreadsheet"),
    PackFile("responses.csv", "one row for each response"),
    PackFile("answers.csv", "one row for each answer"),
    PackFile("responses.jsonl", "every response with everything, for programs"),
    PackFile("responses.parquet", "the same for analysts' tools"),
    PackFile("responses.sav", "the same with labels for SPSS, Stata and R"),
    PackFile("codebook.csv", "the codebook as a table"),
    PackFile("attachments.csv", "the files that came with responses, and whose they are"),
    PackFile("attachments/", "these files, as they came: open them with care"),
    PackFile("codes.csv", "what the codes that reviewers gave to answers mean"),
    PackFile("contacts.csv", "who sent each response: keep it apart from the rest", contacts=True),
    PackFile("equality.csv", "what people said about themselves; no key leads to a response"),
    PackFile("equality-stopped.csv", "equality answers that must not be used any more"),
    PackFile("datapackage.json", "the tables described for programs (Data Package 2)"),
    PackFile("themefinder/", "the input of i.AI's Consult and ThemeFinder"),
    PackFile("manifest.json", "what is in here: counts, sizes, SHA-256 of every file"),
    PackFile("manifest.sig", "the signature of the manifest"),
    PackFile("verify_batch.py", "the program that checks all of this"),
    PackFile("extract.json", "what is in here: counts, sizes, SHA-256 of every file"),
]
# Any other file of a batch with contact details may contain some.
WITHOUT_CONTACTS = {file.name for file in PACK_FILES if not file.contacts}
