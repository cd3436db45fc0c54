"""What the image leaves out, the service does without."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "a key for one test, of more than fifty characters, and no other",
    "ALLOWED_HOSTS": "consult.example.org",
    "SITE_URL": "https://consult.example.org",
    # Nothing answers there: a service starts without its database, and says so on each page until
    # it is back.
    "DATABASE_URL": "postgresql://consult@127.0.0.1:1/consult",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}
IMPORT_ALL = """
import pkgutil, django, consult, consult.wsgi, responses
for package in (consult, responses):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        __import__(module.name)
from django.conf import settings
from django.core.mail import get_connection
print(type(get_connection()).__name__)
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as .dockerignore lets it into the image."""
    tree = tmp_path_factory.mktemp("image")
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    left_out = {ROOT / rule for rule in rules if not rule.startswith(("!", "*"))}
    assert rules[0] == "*"
    for name in (rule[1:] for rule in rules if rule.startswith("!")):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, tree / name)
        else:
            shutil.copytree(
                ROOT / name,
                tree / name,
                ignore=lambda folder, names: [
                    name
                    for name in names
                    if name == "__pycache__" or Path(folder) / name in left_out
                ],
            )
    return tree


def run(image: Path, *arguments: str, **settings: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(image / "var"),
        **PRODUCTION,
        **settings,
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=image,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_image_holds_nothing_that_only_this_machine_needs(image: Path) -> None:
    assert not (image / "consult" / "local").exists()
    assert not (image / "consult" / "frontend").exists()
    assert not (image / "tests").exists()
    assert (image / "consult" / "static" / "consult" / "site.css").exists()


def test_the_image_passes_the_checks_for_production(image: Path) -> None:
    run(image, "manage.py", "check", "--deploy", "--fail-level", "WARNING")


@pytest.mark.parametrize(
    ("rehearsal", "url", "backend"),
    [("on", "", "MailFileBackend"), ("off", "smtp://127.0.0.1:1", "EmailBackend")],
    ids=["files", "server"],
)
def test_the_image_imports_every_module_and_can_send_mail(
    image: Path, rehearsal: str, url: str, backend: str
) -> None:
    said = run(image, "-c", IMPORT_ALL, DEBUG=rehearsal, EMAIL_URL=url)
    assert said.strip().endswith(backend)


def test_the_image_gathers_its_static_files_for_a_rehearsal(image: Path, tmp_path: Path) -> None:
    """As the Dockerfile does: without a secret key, which a rehearsal makes up."""
    environment = {"DEBUG": "on", "SECRET_KEY": "", "STATIC_DIR": str(tmp_path / "static")}
    run(image, "manage.py", "collectstatic", "--noinput", "--verbosity", "0", **environment)
    assert list((tmp_path / "static").rglob("site.*.css"))
