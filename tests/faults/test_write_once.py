"""Where batches are kept: a manifest that another worker puts there at the same moment stays."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from pytest_django.fixtures import Settings

from consult.addresses import delivery as place_at
from responses.exporting import storing
from responses.exporting.destinations import ObjectStorage
from responses.exporting.manifests import FileEntry
from responses.exporting.storing import HandedOverAlready, store
from tests.support.destinations import SshServer, Wire, sftp_url

NAME, THEIRS, OURS = "plan/batch-0001/manifest.json", b'{"batch": "theirs"}', b'{"batch": "ours"}'


@pytest.fixture
def s3(s3_port: int) -> dict[str, Any] | None:
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{s3_port}",
        region_name="eu-west-2",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    where = {"LocationConstraint": "eu-west-2"}
    client.create_bucket(Bucket="ours", CreateBucketConfiguration=where)
    return place_at(f"s3+http://key:secret@127.0.0.1:{s3_port}/ours?region=eu-west-2")


@pytest.fixture
def sftp(
    ssh_server: SshServer, wire: Callable[[int], Wire], tmp_path: Path
) -> dict[str, Any] | None:
    return place_at(sftp_url(ssh_server, wire(ssh_server.port), tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, Any]:
    options = {"location": tmp_path / "exports", "allow_overwrite": True}
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}


@pytest.fixture
def any_other() -> dict[str, Any]:
    return {"BACKEND": "django.core.files.storage.InMemoryStorage"}


@pytest.fixture(params=["folder", "s3", "sftp", "any_other"])
def exports_anywhere(request: pytest.FixtureRequest, settings: Settings) -> None:
    place = request.getfixturevalue(request.param)
    settings.STORAGES = {**settings.STORAGES, "exports": place}


@pytest.fixture
def theirs_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker puts its own there just after ours has looked."""
    looks = storing.stored

    def look_too_early(name: str) -> Any:
        monkeypatch.setattr(storing, "stored", looks)
        found = looks(name)
        storages["exports"].save(name, ContentFile(THEIRS))
        return found

    monkeypatch.setattr(storing, "stored", look_too_early)


def entry(content: bytes) -> FileEntry:
    return FileEntry("manifest.json", len(content), None, hashlib.sha256(content).hexdigest())


@pytest.mark.usefixtures("exports_anywhere", "theirs_comes_first")
def test_a_manifest_that_comes_first_is_not_written_over(tmp_path: Path) -> None:
    ours = tmp_path / "ours.json"
    ours.write_bytes(OURS)
    with pytest.raises(HandedOverAlready):
        store(ours, NAME, entry(OURS), once=True)
    assert storages["exports"].open(NAME).read() == THEIRS


@pytest.mark.usefixtures("theirs_comes_first")
def test_object_storage_itself_refuses_the_second_of_two_manifests(
    s3: dict[str, Any], tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STORAGES = {**settings.STORAGES, "exports": s3}
    # However late anyone looks before writing, it is too early.
    monkeypatch.setattr(ObjectStorage, "exists", lambda _self, _name: False)
    ours = tmp_path / "ours.json"
    ours.write_bytes(OURS)
    with pytest.raises(HandedOverAlready):
        store(ours, NAME, entry(OURS), once=True)
    assert storages["exports"].open(NAME).read() == THEIRS


@pytest.mark.usefixtures("exports_anywhere", "theirs_comes_first")
def test_the_same_manifest_that_comes_first_is_as_good(tmp_path: Path) -> None:
    same = tmp_path / "same.json"
    same.write_bytes(THEIRS)
    store(same, NAME, entry(THEIRS), once=True)
    assert storages["exports"].open(NAME).read() == THEIRS
