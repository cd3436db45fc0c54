"""Files that came with responses, from the person who sent them to the folder of a batch."""

import json
import re
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from consult.models import Consultation, User
from responses.exporting.acknowledging import acknowledge
from responses.exporting.attached import AT_ONCE
from responses.exporting.batches import folder_of
from responses.exporting.rewriting import WouldDiffer, rewrite_batch
from responses.exporting.verifying.command import main as verify
from responses.exporting.writing import write_batch
from responses.file_removals import remove_due_files
from responses.governance.erasing import erase_response
from responses.models import Attachment, Response, Transcription
from responses.reviewing.attachments import attach_file
from tests.support.acting import on_the_trail
from tests.support.batches import seal_and_write, table
from tests.support.folders import content_of

Send = Callable[..., Response]
SCAN = b"%PDF-1.7 the letter of Rita Respondent"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hands_over(consultation: Consultation) -> Consultation:
    """The consultation, set to hand over the originals of letters."""
    Consultation.objects.update(batches_include_letters=True)
    consultation.refresh_from_db()
    return consultation


@pytest.fixture
def letter(consultation: Consultation, send: Send, reviewer: User) -> Response:
    """Rita's letter, keyed by Rosa."""
    response = send(channel="post")
    with on_the_trail():
        Transcription.objects.create(
            response=response, received_on=timezone.localdate(), keyed_by=reviewer
        )
    return response


def keep(response: Response, reviewer: User, content: bytes, name: str = "scan.pdf") -> Attachment:
    file = BytesIO(content)
    file.name = name
    return attach_file(transcription=response.transcription, shown=response, file=file, by=reviewer)


def complaints(place: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the receiver's program finds wrong. None of these batches is signed."""
    verify([str(place)])
    said = re.findall(r"DOES NOT HOLD: (.*)", capsys.readouterr().out)
    return [words for words in said if "not signed" not in words]


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "attachments").glob("*"))}


def test_the_original_of_a_letter_goes_with_it_and_the_receiver_can_tell(
    hands_over: Consultation,
    letter: Response,
    reviewer: User,
    exports: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = keep(letter, reviewer, SCAN, "../=cmd|' /C calc'!A0.pdf")
    batch = seal_and_write(hands_over)
    folder = exports / folder_of(batch)
    (row,) = table(folder / "attachments.csv")
    assert (row["reference"], row["version"], row["from"]) == (letter.reference, "1", "staff")
    assert (folder / row["file"]).read_bytes() == SCAN
    assert (row["bytes"], row["sha256"], row["scan"]) == (
        str(len(SCAN)),
        kept.sha256,
        "not-scanned",
    )
    # Without the folders that it came with.
    assert row["name"] == "C calc'!A0.pdf"
    manifest = json.loads((folder / "manifest.json").read_text())
    (entry,) = [one for one in manifest["files"] if one["name"] == row["file"]]
    assert (entry["sha256"], entry["bytes"]) == (kept.sha256, len(SCAN))
    assert complaints(folder, capsys) == []
    assert "See attachments.csv" in (folder / "README.txt").read_text()


def test_originals_stay_here_unless_the_consultation_hands_them_over(
    consultation: Consultation, letter: Response, reviewer: User, exports: Path
) -> None:
    keep(letter, reviewer, SCAN)
    folder = exports / folder_of(seal_and_write(consultation))
    assert not (folder / "attachments").exists()
    assert not (folder / "attachments.csv").exists()
    Consultation.objects.update(batches_include_letters=True)
    consultation.refresh_from_db()
    # From then on, in a batch that no response came for.
    late = exports / folder_of(seal_and_write(consultation))
    assert list(files_in(late).values()) == [SCAN]
    assert table(late / "attachments.csv")[0]["reference"] == letter.reference
    assert "has no rows" in (late / "README.txt").read_text()


def test_each_file_is_in_one_batch_and_the_same_every_time(
    hands_over: Consultation, letter: Response, reviewer: User, exports: Path
) -> None:
    keep(letter, reviewer, SCAN)
    first = seal_and_write(hands_over)
    keep(letter, reviewer, SCAN + b" page 2")
    second, third = seal_and_write(hands_over), seal_and_write(hands_over)
    found = [list(files_in(exports / folder_of(one)).values()) for one in (first, second, third)]
    assert found == [[SCAN], [SCAN + b" page 2"], []]
    before = content_of(exports)
    shutil.rmtree(exports / folder_of(first) / "attachments")
    rewrite_batch(batch=first)
    assert content_of(exports) == before


def test_more_files_than_a_step_copies_all_come(
    hands_over: Consultation, letter: Response, reviewer: User, exports: Path
) -> None:
    contents = {b"%%PDF- page %d" % number for number in range(AT_ONCE + 3)}
    for content in contents:
        keep(letter, reviewer, content)
    batch = seal_and_write(hands_over)
    assert set(files_in(exports / folder_of(batch)).values()) == contents
    # Copied a few at a time, and no longer in the folder in which they were made.
    assert len(table(exports / folder_of(batch) / "attachments.csv")) == len(contents)


@pytest.mark.parametrize("name", ["answers.csv", "more.jsonl", "manifest.json", "x.tar.gz", ""])
def test_a_file_of_any_name_is_no_table_of_ours(
    hands_over: Consultation,
    letter: Response,
    reviewer: User,
    exports: Path,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(letter, reviewer, b'a,b\n1,2\n"open', name)
    folder = exports / folder_of(seal_and_write(hands_over))
    assert complaints(folder, capsys) == []


def test_a_lost_file_holds_up_no_batch_and_its_row_says_so(
    hands_over: Consultation,
    letter: Response,
    reviewer: User,
    exports: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lost, damaged = keep(letter, reviewer, SCAN), keep(letter, reviewer, SCAN + b"2")
    default_storage.delete(lost.file)
    Path(default_storage.path(damaged.file)).write_bytes(b"%PDF-")
    folder = exports / folder_of(seal_and_write(hands_over))
    assert [row["file"] for row in table(folder / "attachments.csv")] == ["", ""]
    assert files_in(folder) == {}
    assert complaints(folder, capsys) == []


def test_the_receivers_program_finds_what_was_done_to_attachments(
    hands_over: Consultation,
    letter: Response,
    reviewer: User,
    exports: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(letter, reviewer, SCAN)
    folder = exports / folder_of(seal_and_write(hands_over))
    (path,) = (folder / "attachments").iterdir()

    def said() -> str:
        return " ".join(complaints(folder, capsys))

    path.write_bytes(SCAN.replace(b"Rita", b"Rosa"))
    assert f"attachments/{path.name} was altered" in said()
    path.write_bytes(SCAN)
    (folder / "attachments/another.pdf").write_bytes(SCAN)
    assert "attachments/another.pdf is there, but the manifest does not list it" in said()
    (folder / "attachments/another.pdf").unlink()
    # By someone who can write a manifest, too.
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = [one for one in manifest["files"] if one["name"] != "attachments.csv"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "attachments.csv").unlink()
    assert f"{path.name} is there, but attachments.csv does not say whose it is" in said()


def test_an_erasure_takes_files_out_of_batches_not_handed_over(
    hands_over: Consultation,
    letter: Response,
    send: Send,
    reviewer: User,
    exports: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = seal_and_write(hands_over)
    kept = keep(letter, reviewer, SCAN)
    other = send()
    # The file is in a later batch than the letter itself.
    second = seal_and_write(hands_over)
    assert len(files_in(exports / folder_of(second))) == 1
    erase_response(reference=letter.reference, actor=None, why="asked")
    assert not default_storage.exists(kept.file)
    for batch in (first, second):
        batch.refresh_from_db()
        write_batch(batch=batch)
    folder = exports / folder_of(second)
    assert not (folder / "attachments").exists()
    assert not (folder / "attachments.csv").exists()
    assert [row["reference"] for row in table(folder / "responses.csv")] == [other.reference]
    assert not any(SCAN in path.read_bytes() for path in exports.rglob("*") if path.is_file())
    assert complaints(folder.parent, capsys) == []


def test_what_was_handed_over_is_not_written_otherwise_after_an_erasure(
    hands_over: Consultation, letter: Response, reviewer: User, exports: Path
) -> None:
    keep(letter, reviewer, SCAN)
    batch = seal_and_write(hands_over)
    acknowledge(batch=batch, actor=reviewer)
    erase_response(reference=letter.reference, actor=None, why="asked")
    shutil.rmtree(exports / folder_of(batch))
    with pytest.raises(WouldDiffer, match="attachments"):
        rewrite_batch(batch=batch)


def test_a_file_goes_with_the_last_row_that_names_it(letter: Response, reviewer: User) -> None:
    """However the row is deleted, and not before."""
    kept = keep(letter, reviewer, SCAN)
    with on_the_trail():
        again = Attachment.objects.create(
            transcription=letter.transcription,
            file=kept.file,
            kind=kept.kind,
            bytes=1,
            sha256="0" * 64,
        )
        again.delete()
    remove_due_files()
    assert default_storage.exists(kept.file)
    with on_the_trail(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM responses_attachment WHERE id = %s", [kept.pk])
    remove_due_files()
    assert not default_storage.exists(kept.file)
