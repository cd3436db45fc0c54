"""The paragraphs that every cover note has: how to read, check and keep what is in the pack."""

CELLS = """\
In the CSV files a cell that begins with an apostrophe was kept from running
as a formula, or from being made a number, a date or nothing (“None”, “N/A”):
take one apostrophe from its front to have the text back. An empty cell was
not answered; “not-asked” was not put to that person.
"""
READING = """\
WITH PANDAS

Unzip every batch into one folder. This takes the apostrophes off, keeps the
newest version of each response, leaves out what was withdrawn or erased, and
counts the answers to each question with options to choose from:

    import pandas as pd
    from pathlib import Path
    read = lambda file: pd.read_csv(file, dtype=str, na_filter=False)
    tables = lambda name: pd.concat(map(read, sorted(Path(".").rglob(name))))
    answers = tables("answers.csv").map(lambda cell: cell.removeprefix("'"))
    rows = tables("responses.csv").sort_values("version", key=pd.to_numeric)
    newest = rows.drop_duplicates("reference", keep="last")
    newest = newest[~newest["act"].isin(["withdrawn", "erased"])]
    counted = answers.merge(newest[["reference", "version"]])
    print(counted.groupby(["question", "option"]).size().to_string())

WITH OTHER TOOLS

Most tools guess the type of a column. One line keeps every text as it is;
then take the apostrophes off as above.

    R:       read.csv("responses.csv", na.strings = "", colClasses = "character")
    polars:  pl.read_csv("responses.csv", infer_schema=False)
    DuckDB:  FROM read_csv('responses.csv', all_varchar = true)
    SPSS:    GET FILE='responses.sav'.
    Stata:   import spss using responses.sav
    R:       haven::read_sav("responses.sav")

In responses.sav options are numbers with labels, and no text has an apostrophe.
Excel users open responses.xlsx: it has the questions in full above the answers.

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
