"""What a new version needs is there, or readiness, the doctor and the pages say so in words."""

import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.management import call_command
from django.test import Client, RequestFactory

from consult.models import Consultation, PlanFile, User
from consult.views import errors
from consult.web import preparedness, troubles
from consult.web.static_files import StaticFiles, ungathered_files


@pytest.fixture
def nothing_gathered(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The storage of production, in a folder where `manage.py prepare` has not been."""
    gathered = tmp_path / "static"
    gathered.mkdir()
    settings.STATIC_ROOT = gathered
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "consult.web.static_files.StaticFiles"}
    }
    # To compress each takes long, and changes nothing here.
    monkeypatch.setattr(StaticFiles, "post_process", ManifestStaticFilesStorage.post_process)
    return gathered


@pytest.fixture(autouse=True)
def looks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(preparedness._found, "everything", False)


@pytest.mark.usefixtures("nothing_gathered")
def test_pages_without_style_sheets_are_plain_and_can_be_read(consultation: Consultation) -> None:
    page = Client().get(f"/{consultation.slug}/")
    assert page.status_code == 200
    assert b'href="/static/consult/site.css"' in page.content


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_gathered")
def test_readiness_says_that_nothing_was_gathered() -> None:
    page = Client().get("/health/ready", headers={"host": "any.example"})
    assert page.status_code == 503
    assert page.json()["because"] == "style sheets and scripts have not been gathered"


@pytest.mark.django_db
def test_readiness_says_that_the_database_is_older(
    monkeypatch: pytest.MonkeyPatch, nothing_gathered: Path
) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    assert Client().get("/health/ready").json() == {"status": "ready"}
    monkeypatch.setitem(preparedness._found, "everything", False)
    monkeypatch.setattr(
        "django.db.migrations.recorder.MigrationRecorder.applied_migrations", lambda _: {}
    )
    assert Client().get("/health/ready").json()["because"] == "the database is older than the code"


def test_a_file_of_another_version_is_noticed_and_prepare_gathers_it(
    nothing_gathered: Path,
) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    assert ungathered_files() == []
    sheet = nothing_gathered / "consult" / "site.css"
    sheet.write_text("of an earlier version")
    assert ungathered_files() == ["consult/site.css"]
    # As a copy that was unpacked carelessly might: the name is known, and the file is not there.
    call_command("collectstatic", interactive=False, verbosity=0)
    (nothing_gathered / staticfiles_storage.stored_name("consult/site.css")).unlink()
    assert ungathered_files() == ["consult/site.css"]
    shutil.rmtree(nothing_gathered)
    assert len(ungathered_files()) > 1


@pytest.mark.usefixtures("nothing_gathered")
def test_the_doctor_names_missing_style_sheets_and_what_to_do() -> None:
    assert [remedy for _, remedy in troubles.static_files()] == [
        "Run `manage.py prepare`, and start the web server again."
    ]


@pytest.mark.django_db
def test_an_error_whose_page_fails_too_still_says_something(
    monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(errors, "render", fails)
    page = errors.server_error(rf.get("/"))
    assert page.status_code == 500
    assert b"<h1>Sorry, there is a problem</h1>" in page.content
    assert b"counted once" in page.content
    assert b"/static/" not in page.content


@pytest.mark.django_db(transaction=True)
def test_prepare_gathers_what_is_missing_and_names_the_first_command(
    nothing_gathered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consult.management.commands.prepare.refuse_unsafe_database", lambda: None)
    said = StringIO()
    call_command("prepare", stdout=said)
    assert (nothing_gathered / "staticfiles.json").exists()
    assert "manage.py create_staff admin --role administrator" in said.getvalue()
    assert not User.objects.exists()
    # The command that it names works, and then nothing more is said.
    call_command("create_staff", "admin", role="administrator", stdout=StringIO())
    again = StringIO()
    call_command("prepare", stdout=again)
    assert again.getvalue() == ""


@pytest.mark.django_db
def test_the_doctor_misses_worker_and_beat() -> None:
    assert [what for what, _ in troubles.processes()] == [
        "no worker has taken a task for a minute",
        "beat has not ticked for a minute",
    ]


@pytest.mark.django_db(transaction=True)
def test_production_begins_with_nothing_public(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("consult.management.commands.prepare.refuse_unsafe_database", lambda: None)
    # The deployment check has tests of its own, and these settings are not for production.
    monkeypatch.setattr("consult.management.commands.prepare.call_command", lambda *_, **__: None)
    settings.PRODUCTION = True
    for _ in range(2):
        call_command("prepare", stdout=StringIO())
        assert not Consultation.objects.exists()
        assert [file.published_at for file in PlanFile.objects.all()] == [None]
    home = Client().get("/")
    assert (home.status_code, b"No consultation is published" in home.content) == (200, True)
    settings.PRODUCTION = False
    PlanFile.objects.all().delete()
    call_command("prepare", stdout=StringIO())
    assert Consultation.objects.get().published_at
