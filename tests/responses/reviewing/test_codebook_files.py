"""A codebook taken out and brought in again is the same, and no file does harm."""

import csv
from collections.abc import Callable
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from consult.models import Consultation, User
from responses.models import Code, CodeVersion
from responses.reviewing.codebook_files import (
    COLUMNS,
    QDA,
    CodebookRefused,
    NotACodebook,
    Taken,
    as_csv,
    as_qda,
    id_of,
    take_codebook,
)
from responses.reviewing.codebooks import change_code, make_code

NVIVO = f"""<?xml version="1.0" encoding="utf-8"?>
<CodeBook origin="NVivo" xmlns="{QDA}"><Codes>
  <Code guid="6a2f" name="Services" isCodable="false">
    <Code guid="6a30" name="Youth clubs" isCodable="true" color="#00ff00">
      <Description>Clubs &amp; workers.</Description>
      <Code guid="6a31" name="Opening hours" isCodable="true"/>
    </Code>
  </Code>
  <Code guid="6a32" name="Lights" isCodable="true"/>
</Codes><Sets/></CodeBook>"""


def nested(depth: int) -> str:
    """A codebook in which each code stands within the one before."""
    opened = "".join(f'<Code name="Code {number}">' for number in range(depth))
    return f'<CodeBook xmlns="{QDA}"><Codes>{opened}{"</Code>" * depth}</Codes></CodeBook>'


@pytest.fixture
def book(consultation: Consultation, reviewer: User) -> list[Code]:
    return [
        make_code(
            consultation=consultation,
            question="missing",
            name=name,
            group=group,
            definition=definition,
            by=reviewer,
        )
        for group, name, definition in (
            ("Services", "Youth clubs", "Clubs, and who works there.\nNot schools."),
            ("Services", "=Buses", ""),
            ("", 'Läden <& "Märkte"', "=1+1"),
        )
    ]


@pytest.fixture
def take(consultation: Consultation, reviewer: User) -> Callable[..., Taken]:
    """Bring a file into the codebook of a question."""

    def take(raw: str | bytes, question: str = "anything-else") -> Taken:
        content = raw.encode() if isinstance(raw, str) else raw
        return take_codebook(consultation=consultation, question=question, raw=content, by=reviewer)

    return take


def words(question: str) -> set[tuple[str, str, str]]:
    codes = Code.objects.filter(question=question)
    return set(codes.values_list("group", "name", "definition"))


@pytest.mark.parametrize("form", [as_csv, as_qda])
def test_what_was_taken_out_can_be_brought_in_as_it_was(
    form: Callable[[list[Code]], str | bytes], book: list[Code], take: Callable[..., Taken]
) -> None:
    assert take(form(book)) == Taken(3, 0)
    assert words("anything-else") == words("missing")
    # The second time there is nothing new, and nothing is changed.
    assert take(form(book)) == Taken(0, 3)
    assert CodeVersion.objects.count() == 6


def test_a_code_keeps_its_id_whatever_it_is_called(book: list[Code], reviewer: User) -> None:
    before = id_of(book[0])
    changed = change_code(
        code=book[0],
        version=1,
        name="Clubs",
        group="Young people",
        definition="",
        retired=True,
        by=reviewer,
    )
    assert id_of(changed) == before
    (row,) = csv.DictReader(StringIO(as_csv([changed])))
    assert (row["id"], row["name"], row["retired"]) == (str(before), "Clubs", "1")
    elements = ET.fromstring(as_qda([changed])).iter(f"{{{QDA}}}Code")  # noqa: S314  # our own
    said = [(one.get("name"), one.get("isCodable")) for one in elements]
    assert said == [("Young people", "false"), ("Clubs", "false")]
    assert len({id_of(code) for code in book}) == 3


def test_no_name_in_the_table_is_run_by_a_spreadsheet(book: list[Code]) -> None:
    rows = list(csv.reader(StringIO(as_csv(book))))
    assert rows[0] == COLUMNS
    assert [row[2] for row in rows[1:]] == ["Youth clubs", "'=Buses", 'Läden <& "Märkte"']


def test_a_codebook_of_another_program_is_brought_in_with_its_groups(
    take: Callable[..., Taken],
) -> None:
    assert take(NVIVO) == Taken(3, 0)
    assert words("anything-else") == {
        ("Services", "Youth clubs", "Clubs & workers."),
        ("Services", "Opening hours", ""),
        ("", "Lights", ""),
    }


def test_codes_however_deep_are_in_the_group_at_the_top(take: Callable[..., Taken]) -> None:
    assert take(nested(50)) == Taken(50, 0)
    within = {("Code 0", f"Code {number}", "") for number in range(1, 50)}
    assert words("anything-else") == {("", "Code 0", ""), *within}


def test_what_is_there_already_stays_as_it_is(book: list[Code], take: Callable[..., Taken]) -> None:
    before = words("missing")
    assert take("name,group\nYOUTH CLUBS,Elsewhere\nNew one,\n", question="missing") == Taken(1, 1)
    assert words("missing") == {*before, ("", "New one", "")}


@pytest.mark.parametrize(
    "raw",
    [
        b"code,meaning\nLights,x\n",
        b"\xff\xfe\x00",
        b"<html></html>",
        b"<CodeBook><Codes><Code name='x'/></Codes></CodeBook>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + NVIVO.split("?>")[1].strip().encode(),
        b"<CodeBook",
        b"%PDF-1.7",
    ],
)
def test_what_is_no_codebook_is_refused(raw: bytes, take: Callable[..., Taken]) -> None:
    with pytest.raises(NotACodebook):
        take(raw)
    assert not Code.objects.exists()


def test_an_empty_file_brings_in_nothing(take: Callable[..., Taken]) -> None:
    assert take(b"") == take("name,group\n") == Taken(0, 0)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("name\nLights\n" + "x" * 81 + "\n", "has 81 characters; 80 fit"),
        ("name,definition\nLights," + "x" * 2001 + "\n", "has 2,001 characters; 2,000 fit"),
        ("name,group\nLights,\n ,Services\n", "has no name"),
        ("name\n" + "".join(f"Code {n}\n" for n in range(1001)), "1,001 codes"),
        ("name\n" + "x" * 2_000_001, "larger than 2 MB"),
        (NVIVO.replace("utf-8", "foo"), "other characters than UTF-8"),
        (NVIVO.replace("utf-8", "gb2312"), "other characters than UTF-8"),
        (nested(3000), "3,000 codes"),
    ],
)
def test_a_file_with_one_code_that_does_not_fit_brings_in_none(
    raw: str, said: str, take: Callable[..., Taken]
) -> None:
    with pytest.raises(CodebookRefused, match=said):
        take(raw)
    assert not Code.objects.exists()


def test_the_pages_hand_it_out_and_take_it_in(
    consultation: Consultation,
    book: list[Code],
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    rosa = sign_in(reviewer)
    for kind, type_ in (("csv", "text/csv"), ("qdc", "application/xml")):
        got = rosa.get(reverse("codebook-file", args=[consultation.slug, "missing", kind]))
        assert got.headers["Content-Type"].startswith(type_)
        assert "attachment" in got.headers["Content-Disposition"]
        assert b"Youth clubs" in got.content
    missing = reverse("codebook-file", args=[consultation.slug, "missing", "doc"])
    assert rosa.get(missing).status_code == 404
    there = reverse("take-codebook", args=[consultation.slug, "anything-else"])

    def bring(raw: bytes | None) -> str:
        file = {"file": SimpleUploadedFile("book.qdc", raw)} if raw is not None else {}
        return rosa.post(there, file, follow=True).content.decode()

    assert "Codes brought in: 3. Already there, and left as they are: 0." in bring(NVIVO.encode())
    assert "Choose a file." in bring(None)
    assert "neither a CSV file" in bring(b"<html></html>")
    assert "has no name" in bring(b"name,group\n,Services\n")
