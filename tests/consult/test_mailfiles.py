"""Without a mail server each message is a file that a mail program opens."""

import errno
import os
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from pytest_django.fixtures import Settings


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.EMAIL_BACKEND = "consult.mailfiles.MailFileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "not" / "there" / "mail"
    return settings.EMAIL_FILE_PATH


def a_message(message_id: str = "<17634.22.8@example.org>") -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        "Grüße", "Text “here”\n", to=["rita@example.org"], headers={"Message-ID": message_id}
    )
    email.attach_alternative("<p>Text “here”</p>", "text/html")
    return email


def test_a_message_is_one_whole_file_that_reads_back(folder: Path) -> None:
    assert get_connection().send_messages([a_message()]) == 1
    (path,) = folder.iterdir()
    content = path.read_bytes()
    assert path.name.endswith("Z-17634.22.8.eml")
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = message_from_bytes(content, policy=policy.default)
    assert (message["Subject"], message["To"], message["Message-ID"]) == (
        "Grüße",
        "rita@example.org",
        "<17634.22.8@example.org>",
    )
    assert message.get_body(("plain",)).get_content().strip() == "Text “here”"
    assert message.get_body(("html",)).get_content().strip() == "<p>Text “here”</p>"


def test_only_its_owner_can_read_a_mail_file(folder: Path) -> None:
    get_connection().send_messages([a_message()])
    (path,) = folder.iterdir()
    assert (oct(folder.stat().st_mode)[-3:], oct(path.stat().st_mode)[-3:]) == ("700", "600")


def test_mail_file_names_sort_by_sending_order_and_repeats_are_kept_too(folder: Path) -> None:
    for message_id in ("<b@example.org>", "<a@example.org>", "<a@example.org>"):
        get_connection().send_messages([a_message(message_id)])
    assert [path.name.partition("Z-")[2] for path in sorted(folder.iterdir())] == [
        "b.eml",
        "a.eml",
        "a.eml",
    ]


def test_no_message_id_leads_out_of_the_folder(folder: Path) -> None:
    get_connection().send_messages([a_message("<../../../up/and/away@example.org>")])
    (path,) = folder.iterdir()
    assert path.name.endswith("Z-up-and-away.eml")


def test_a_full_disk_raises_and_leaves_no_partial_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        get_connection().send_messages([a_message()])
    assert list(folder.iterdir()) == []
