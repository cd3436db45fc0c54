"""Files that respondents attach: from the page to the receipt and the batch."""

import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings as in_force
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import Consultation, User
from consult.plans.publishing import publish_edition
from consult.web.bodies import MOST_FILE_BODY_BYTES
from responses.exporting.batches import folder_of
from responses.file_removals import remove_due_files
from responses.governance.erasing import erase_response
from responses.governance.erasing_unsent import erase_unsent
from responses.governance.reconciling import reconcile
from responses.governance.subject_access import held_under, make_pack
from responses.models import Attachment, Draft, DraftFile, Response
from responses.receipt_tokens import receipt_token
from responses.responding.drafting import discard_draft
from responses.stored_files import FOLDER
from tests.support.acting import on_the_trail
from tests.support.batches import seal_and_write, table
from tests.support.forms import fields_to

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.7 a petition of my street"
PNG = b"\x89PNG\r\n\x1a\n a dark corner"
HEIC = b"\0\0\0\x18ftypheic\0\0 the same corner"
TEXT = "Lamps, please. Büsche, 灯".encode()


def zipped(**files: bytes) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w") as file:
        for name, content in files.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


DOCX = zipped(word__document_xml=b"<w/>")
ODT = zipped(mimetype=b"application/vnd.oasis.opendocument.text", content_xml=b"<o/>")
DOC = b"\xd0\xcf\x11\xe0" + b"\0" * 40 + "WordDocument".encode("utf-16-le")


@pytest.fixture
def takes_files(consultation: Consultation) -> Consultation:
    """The consultation, whose plan lets people attach three files."""
    kinds = ["pdf", "word", "opendocument", "image", "text"]
    with on_the_trail():
        Consultation.objects.update(attachments={"most": 3, "types": kinds, "megabytes": 1})
    publish_edition(consultation=consultation, actor=None)
    consultation.refresh_from_db()
    return consultation


def attach(client: Client, content: bytes, name: str = "petition.pdf") -> HttpResponse:
    """Choose a file on the page and press the button."""
    address = reverse("files", args=["police-and-crime-plan-2021-25"])
    hidden = fields_to(client.get(address), "")
    return client.post(address, hidden | {"file": SimpleUploadedFile(name, content)}, follow=True)


def write(client: Client, **typed: str) -> None:
    address = reverse("part", args=["police-and-crime-plan-2021-25", "general"])
    client.post(address, fields_to(client.get(address), "") | typed)


def check(client: Client) -> HttpResponse:
    return client.get(reverse("check", args=["police-and-crime-plan-2021-25"]))


def send_checked(client: Client, page: HttpResponse) -> HttpResponse:
    address = reverse("send", args=["police-and-crime-plan-2021-25"])
    return client.post(address, fields_to(page, address), follow=True)


def kept_files() -> list[bytes]:
    """What the storage holds."""
    with suppress(FileNotFoundError):
        names = default_storage.listdir(FOLDER)[1]
        return sorted(default_storage.open(f"{FOLDER}/{name}").read() for name in names)
    return []


def test_files_go_with_the_response_from_the_page_to_the_batch(
    takes_files: Consultation, client: Client, exports: Path
) -> None:
    write(client, missing="See my petition.")
    sent = {"petition <b>.pdf": PDF, "corner.HEIC": HEIC, "Brief.docx": DOCX}
    for name, content in sent.items():
        page = attach(client, content, name)
        assert page.redirect_chain[-1][1] == 303
    checked = check(client)
    receipt = send_checked(client, checked)
    response = Response.objects.get()
    digests = {hashlib.sha256(content).hexdigest() for content in sent.values()}
    assert {one.sha256 for one in response.attachments.all()} == digests
    text = client.get(reverse("receipt-text", args=[receipt_token(response)])).content.decode()
    for words in (checked.content.decode(), receipt.content.decode(), text):
        assert all(digest in words for digest in digests)
        assert "not scanned" in words
    assert "petition &lt;b&gt;.pdf" in receipt.content.decode()
    assert not Draft.objects.exists()
    folder = exports / folder_of(seal_and_write(takes_files))
    rows = table(folder / "attachments.csv")
    assert {row["name"]: (folder / row["file"]).read_bytes() for row in rows} == sent
    assert {(row["reference"], row["from"]) for row in rows} == {(response.reference, "respondent")}
    assert reconcile().differences == []


@pytest.mark.parametrize(
    ("name", "content", "kind", "ending"),
    [
        ("a.exe", PDF, "application/pdf", ".pdf"),
        ("a", PNG, "image/png", ".png"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg", ".jpg"),
        ("a.HEIC", HEIC, "image/heic", ".heic"),
        (
            "a.zip",
            DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ".docx",
        ),
        ("a.doc", DOC, "application/msword", ".doc"),
        ("a.odt", ODT, "application/vnd.oasis.opendocument.text", ".odt"),
        ("a.rtf", b"{\\rtf1 a}", "application/rtf", ".rtf"),
        ("a.TXT", TEXT, "text/plain", ".txt"),
    ],
)
def test_a_files_content_decides_what_it_is(
    takes_files: Consultation, client: Client, name: str, content: bytes, kind: str, ending: str
) -> None:
    attach(client, content, name)
    kept = DraftFile.objects.get()
    assert (kept.kind, kept.name, Path(kept.file).suffix) == (kind, name, ending)
    assert kept_files() == [content]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"<script>alert(1)</script>"),
        ("a.pdf", b"MZ\x90\0 a program"),
        ("a.svg", b"<svg onload=alert(1)>"),
        ("a.html", b"<p>words</p>"),
        ("a.docx", b"PK\x03\x04 word/ but no zip"),
        ("a.docx", zipped(word__other_xml=b"")),
        ("a.docm", zipped(word__document_xml=b"", **{"word__vbaProject.bin": b""})),
        ("a.xlsx", zipped(xl__workbook_xml=b"")),
        ("a.zip", zipped(letter_xml=b"")),
        ("a.txt", b"\xff\xfe\0 not UTF-8"),
        ("a.txt", b"\x1b[2J"),
        ("a.txt", b"\0"),
        ("a.msg", b"\xd0\xcf\x11\xe0 not from Word"),
    ],
)
def test_anything_else_is_refused_in_words_and_not_kept(
    takes_files: Consultation, client: Client, name: str, content: bytes
) -> None:
    write(client, missing="My words.")
    page = attach(client, content, name)
    assert "The file must be one of these" in page.content.decode()
    assert kept_files() == []
    assert Draft.objects.get().answers == {"missing": "My words."}


def test_each_reason_for_refusing_a_file_has_its_words(
    takes_files: Consultation, client: Client
) -> None:
    write(client, missing="My words.")
    address = reverse("files", args=[takes_files.slug])
    hidden = fields_to(client.get(address), "")
    assert "Choose a file." in client.post(address, hidden).content.decode()
    assert "The file is empty" in attach(client, b"").content.decode()
    large = attach(client, PDF + b"x" * 1_000_000).content.decode()
    assert "must be 1 MB or smaller" in large
    assert 'href="#file"' in large
    for number in range(3):
        attach(client, PDF + b"%d" % number)
    assert "as many files as you can" in client.get(address).content.decode()
    over = client.post(address, hidden | {"file": SimpleUploadedFile("x.pdf", PDF)})
    assert "You can attach 3 files" in over.content.decode()
    assert len(kept_files()) == 3
    # The same one again is there already.
    again = client.post(address, hidden | {"file": SimpleUploadedFile("y.pdf", PDF + b"0")})
    assert again.status_code == 303
    remove_due_files()
    assert len(kept_files()) == DraftFile.objects.count() == 3
    assert Draft.objects.get().answers == {"missing": "My words."}


def test_a_file_alone_is_a_response(takes_files: Consultation, client: Client) -> None:
    attach(client, PDF)
    send_checked(client, check(client))
    assert Response.objects.get().texts == {}
    assert Attachment.objects.get().of == Response.objects.get()


def test_nothing_is_sent_with_a_file_that_was_not_checked(
    takes_files: Consultation, client: Client
) -> None:
    write(client, missing="My words.")
    checked = check(client)
    attach(client, PDF)
    again = send_checked(client, checked)
    assert again.status_code == 409
    assert not Response.objects.exists()
    assert hashlib.sha256(PDF).hexdigest() in again.content.decode()
    # Nor without one that was.
    checked = check(client)
    files = client.get(reverse("files", args=[takes_files.slug]))
    address = reverse("remove-file", args=[takes_files.slug])
    client.post(address, fields_to(files, address))
    assert send_checked(client, checked).status_code == 409
    remove_due_files()
    assert kept_files() == []
    send_checked(client, check(client))
    assert not Attachment.objects.exists()


def test_a_change_keeps_adds_and_removes_files(
    takes_files: Consultation, client: Client, exports: Path
) -> None:
    attach(client, PDF)
    attach(client, PNG, "corner.png")
    send_checked(client, check(client))
    first = Response.objects.get()
    client.post(reverse("amend", args=[receipt_token(first)]))
    files = client.get(reverse("files", args=[takes_files.slug]))
    address = reverse("remove-file", args=[takes_files.slug])
    gone = DraftFile.objects.get(name="corner.png")
    client.post(address, fields_to(files, address) | {"file": gone.pk})
    attach(client, TEXT, "why.txt")
    send_checked(client, check(client))
    second = Response.objects.get(version=2)
    assert {one.name for one in second.attachments.all()} == {"petition.pdf", "why.txt"}
    assert {one.name for one in first.attachments.all()} == {"petition.pdf", "corner.png"}
    remove_due_files()
    # One file for both versions.
    assert kept_files() == sorted([PDF, PNG, TEXT])
    rows = table(exports / folder_of(seal_and_write(takes_files)) / "attachments.csv")
    assert [(row["version"], row["name"]) for row in rows] == [
        ("1", "petition.pdf"),
        ("1", "corner.png"),
        ("2", "petition.pdf"),
        ("2", "why.txt"),
    ]
    assert len({row["file"] for row in rows}) == 3


def test_a_change_of_nothing_but_files_is_a_change(
    takes_files: Consultation, client: Client
) -> None:
    write(client, missing="My words.")
    send_checked(client, check(client))
    first = Response.objects.get()
    client.post(reverse("amend", args=[receipt_token(first)]))
    send_checked(client, check(client))
    assert Response.objects.count() == 1
    client.post(reverse("amend", args=[receipt_token(first)]))
    attach(client, PDF)
    send_checked(client, check(client))
    assert Response.objects.get(version=2).attachments.get().name == "petition.pdf"


@pytest.mark.parametrize("way", ["discarded", "erased", "by SQL"])
def test_files_go_when_their_draft_goes(
    takes_files: Consultation, client: Client, reviewer: User, way: str
) -> None:
    attach(client, PDF)
    draft = Draft.objects.get()
    if way == "discarded":
        discard_draft(draft=draft)
    elif way == "erased":
        erase_unsent(drafts=[draft.pk], letters=[], actor=None, why="asked")
    else:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM responses_draftfile")
    remove_due_files()
    assert kept_files() == []


def test_an_erasure_removes_what_was_attached_in_every_version(
    takes_files: Consultation, client: Client, exports: Path
) -> None:
    attach(client, PDF)
    send_checked(client, check(client))
    first = Response.objects.get()
    client.post(reverse("amend", args=[receipt_token(first)]))
    attach(client, PNG)
    # And in a draft that would change it.
    erase_response(reference=first.reference, actor=None, why="asked")
    remove_due_files()
    assert kept_files() == []
    assert not Attachment.objects.exists()
    assert reconcile().differences == []


def test_people_get_their_files_with_what_is_held_about_them(
    takes_files: Consultation, client: Client, administrator: User
) -> None:
    attach(client, PDF)
    send_checked(client, check(client))
    mine = Response.objects.get()
    attach(Client(), PNG)
    held = held_under(references=[mine.reference], drafts=[Draft.objects.get().pk], letters=[])
    with ZipFile(BytesIO(make_pack(held=held, actor=administrator))) as pack:
        files = {name: pack.read(name) for name in pack.namelist() if name.startswith("files/")}
    assert sorted(files.values()) == sorted([PDF, PNG])


def test_reviewers_save_a_file_and_no_browser_shows_it(
    takes_files: Consultation,
    client: Client,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    attach(client, PDF, "petition <img>.pdf")
    send_checked(client, check(client))
    response, rosa = Response.objects.get(), sign_in(reviewer)
    page = rosa.get(reverse("review-one", args=[response.reference])).content.decode()
    address = reverse("attached-file", args=[Attachment.objects.get().pk])
    assert address in page
    assert "petition &lt;img&gt;.pdf" in page
    file: Any = rosa.get(address)
    assert b"".join(file) == PDF
    assert file["Content-Disposition"].startswith("attachment")
    assert file["Content-Security-Policy"].startswith("sandbox")
    assert file["X-Content-Type-Options"] == "nosniff"
    assert client.get(address).status_code == 302


def test_a_plan_without_attachments_asks_for_none(
    consultation: Consultation, client: Client
) -> None:
    write(client, missing="My words.")
    for name in ("tasks", "check"):
        assert "Attach" not in client.get(reverse(name, args=[consultation.slug])).content.decode()
    page = client.get(reverse("files", args=[consultation.slug]))
    assert page["Location"] == reverse("tasks", args=[consultation.slug])
    file = SimpleUploadedFile("x.pdf", PDF)
    client.post(reverse("files", args=[consultation.slug]), {"file": file})
    assert kept_files() == []


def test_only_the_page_for_files_takes_large_bodies(
    takes_files: Consultation, client: Client
) -> None:
    large = in_force.MOST_BODY_BYTES + 1
    file = SimpleUploadedFile("x.pdf", PDF + b"x" * large)
    page = client.post(reverse("files", args=[takes_files.slug]), {"file": file})
    assert "must be 1 MB or smaller" in page.content.decode()
    refused = client.post(reverse("check", args=[takes_files.slug]), {"x": "y" * large})
    assert refused.status_code == 413
    too_large = {"CONTENT_LENGTH": str(MOST_FILE_BODY_BYTES + 1)}
    over = client.post(reverse("files", args=[takes_files.slug]), **too_large)
    assert over.status_code == 413
    assert "The file is too large" in over.content.decode()


def test_a_draft_that_was_sent_meanwhile_takes_no_more_files(
    takes_files: Consultation, client: Client
) -> None:
    write(client, missing="My words.")
    address = reverse("files", args=[takes_files.slug])
    hidden = fields_to(client.get(address), "")
    send_checked(client, check(client))
    late = client.post(address, hidden | {"file": SimpleUploadedFile("x.pdf", PDF)})
    assert late.status_code in {200, 404, 409, 410}
    assert kept_files() == []
    assert not Attachment.objects.exists()


def test_nobody_removes_a_file_of_someone_elses_draft(
    takes_files: Consultation, client: Client
) -> None:
    attach(client, PDF)
    theirs, mallory = DraftFile.objects.get(), Client()
    attach(mallory, PNG)
    address = reverse("remove-file", args=[takes_files.slug])
    page = mallory.get(reverse("files", args=[takes_files.slug]))
    mallory.post(address, fields_to(page, address) | {"file": theirs.pk})
    assert DraftFile.objects.filter(pk=theirs.pk).exists()


# The virus scanner


class Clamd:
    """As clamd speaks: it finds the test virus, and nothing else."""

    def __init__(self, *, says: str = "") -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.says, self.heard = says, b""
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                asking, _ = self.listener.accept()
                with asking, asking.makefile("rb") as file:
                    assert file.read(10) == b"zINSTREAM\0"
                    self.heard = b""
                    while size := struct.unpack(">I", file.read(4))[0]:
                        self.heard += file.read(size)
                    found = "stream: Eicar-Test FOUND" if b"EICAR" in self.heard else "stream: OK"
                    asking.sendall(f"{self.says or found}\0".encode())


@pytest.fixture
def clamd(settings: Settings) -> Iterator[Clamd]:
    scanner = Clamd()
    settings.CLAMD_URL = scanner.url
    yield scanner
    scanner.listener.close()


def test_a_scanned_file_says_so_everywhere(
    takes_files: Consultation, client: Client, exports: Path, clamd: Clamd
) -> None:
    large = PDF + b"x" * 200_000
    page = attach(client, large)
    assert clamd.heard == large
    assert "no virus found" in page.content.decode()
    send_checked(client, check(client))
    rows = table(exports / folder_of(seal_and_write(takes_files)) / "attachments.csv")
    assert [row["scan"] for row in rows] == ["clean"]


def test_a_virus_is_refused_and_not_kept(
    takes_files: Consultation, client: Client, clamd: Clamd
) -> None:
    write(client, missing="My words.")
    page = attach(client, PDF + b"EICAR")
    assert "The file has a virus" in page.content.decode()
    assert kept_files() == []
    assert Draft.objects.get().answers == {"missing": "My words."}


@pytest.mark.parametrize("trouble", ["away", "broken"])
def test_a_scanner_that_says_nothing_holds_nobody_up(
    takes_files: Consultation, client: Client, settings: Settings, trouble: str
) -> None:
    scanner = Clamd(says="INSTREAM size limit exceeded. ERROR")
    settings.CLAMD_URL = scanner.url
    if trouble == "away":
        scanner.listener.close()
    page = attach(client, PDF)
    assert "not scanned" in page.content.decode()
    assert DraftFile.objects.get().scan == "not-scanned"
    scanner.listener.close()
