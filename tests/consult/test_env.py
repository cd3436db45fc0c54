"""Settings from the environment: each is checked at start, and what cannot be is said in a
sentence.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from consult.env import SETTINGS, BadSetting, read

ROOT = Path(__file__).resolve().parent.parent.parent
SAFE = {
    "SECRET_KEY": "k3y-of-fifty-and-more-characters-that-nobody-guesses-1234567890",
    "ALLOWED_HOSTS": "consult.example.org",
    "SITE_URL": "https://consult.example.org",
    "DATABASE_URL": "postgresql://consult@database.invalid/consult",
    "REDIS_URL": "redis://redis.invalid/0",
    "TRUSTED_PROXY": "on",
    "OPERATOR": "The Consultation Office",
    "CONTACT_EMAIL": "help@example.org",
    "SECURITY_CONTACT": "mailto:security@example.org",
}


def check(tmp_path: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check --deploy` in production mode, with the environment of a safe installation
    and `changes` to it.
    """
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in SETTINGS and not name.startswith("DJANGO_")
    }
    environment = clean | SAFE | {"VAR_DIR": str(tmp_path)} | changes
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_composition_passes_on_every_setting_it_does_not_fix() -> None:
    composition = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    given = composition["x-consult"]["environment"]
    # The image has its own folders, and the composition its own address inside.
    assert set(SETTINGS) - set(given) == {"DEBUG", "HOST", "PORT", "VAR_DIR", "STATIC_DIR"}
    assert [name for name, value in given.items() if not value.startswith(f"${{{name}:")] == [
        "DATABASE_URL",
        "REDIS_URL",
    ]


def test_a_safe_installation_passes_djangos_deployment_check(tmp_path: Path) -> None:
    done = check(tmp_path)
    # The one thing it says: whether the plans lack words cannot be told here, where no database
    # answers.
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("?: ")]
    assert done.returncode == 0
    assert said == [
        "?: (consult.I002) The plans' own texts could not be read: the database does not answer."
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing or weak"),
        ({"SECRET_KEY": "django-insecure-" + "abcdefghij" * 5}, "SECRET_KEY is missing or weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is missing or weak"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is missing"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS has a wildcard"),
        ({"ALLOWED_HOSTS": ".example.org"}, "ALLOWED_HOSTS has a wildcard"),
        (
            {"SITE_URL": "http://consult.example.org"},
            "SITE_URL is “http://consult.example.org”: write the https address",
        ),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"REDIS_URL": ""}, "REDIS_URL is missing"),
        ({"DEBUG": "perhaps"}, "DEBUG is “perhaps”: write on or off."),
    ],
)
def test_an_unsafe_installation_refuses_to_start_and_says_why(
    tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    done = check(tmp_path, **changes)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Cannot start: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PORT", "eighty", "write a whole number from 1 to 65535"),
        ("PORT", "0", "write a whole number from 1 to 65535"),
        ("PORT", "٨٠", "write a whole number from 1 to 65535"),
        (
            "DATABASE_URL",
            "mysql://x/y",
            "write an address that starts with postgres: or postgresql:",
        ),
        (
            "REDIS_URL",
            "localhost:6379",
            "write an address that starts with redis: or rediss: or unix:",
        ),
        ("EMAIL_URL", "imap://x", "write an address that starts with smtp:"),
        ("SITE_URL", "https://example.org/path", "write only the scheme and host"),
        ("SITE_URL", "example.org", "write only the scheme and host"),
    ],
)
def test_a_bad_setting_is_named_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"{name} is “{value}”: {why}"):
        read(name)


def test_a_setting_that_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    assert (read("DEBUG"), read("PORT"), read("ALLOWED_HOSTS"), read("DATABASE_URL")) == (
        False,
        8000,
        [],
        "",
    )
