"""Settings from the environment: each is checked at start, and what cannot be is said in a
sentence.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from django.test import RequestFactory

from consult import addresses
from consult.env import SETTINGS, BadSetting, read
from consult.web import client_address, troubles
from consult.web.client_address import address_of

ROOT = Path(__file__).resolve().parent.parent.parent
SAFE = {
    "SECRET_KEY": "k3y-of-fifty-and-more-characters-that-nobody-guesses-1234567890",
    "ALLOWED_HOSTS": "consult.example.org",
    "SITE_URL": "https://consult.example.org",
    "DATABASE_URL": "postgresql://consult@database.invalid/consult",
    "REDIS_URL": "redis://redis.invalid/0",
    "EMAIL_URL": "smtp://mail.invalid",
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
        "DATABASE_PASSWORD",
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
        ({"EMAIL_URL": ""}, "EMAIL_URL is missing"),
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
    shown = "makes no sense" if SETTINGS[name].secret else f"is “{value}”"
    with pytest.raises(BadSetting, match=f"{name} {shown}: {why}"):
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


# Characters that mean something in an address, and each other thing a generator may use.
PASSWORD = "p/a#s?s@w%o:r d&=+é'\"\\"


@pytest.mark.parametrize("name", ["DATABASE", "EMAIL"])
def test_any_password_reaches_its_server_as_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    monkeypatch.setenv(f"{name}_PASSWORD_FILE", str(secret))
    monkeypatch.setenv(f"{name}_PASSWORD", "")
    assert read(f"{name}_PASSWORD") == PASSWORD
    database = addresses.database("postgresql://consult:other@host/name", password=PASSWORD)
    assert database["PASSWORD"] == PASSWORD
    mail = addresses.mail("smtp://office@host", mail_dir=tmp_path, password=PASSWORD)
    assert mail["PASSWORD"] == PASSWORD


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DELIVERY_URL"])
@pytest.mark.parametrize("character", ["/", "#", "?", "@", "%"])
def test_a_password_that_breaks_an_address_is_refused_and_never_shown(
    name: str, character: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis", "EMAIL_URL": "smtp"}
    monkeypatch.setenv(name, f"{scheme.get(name, 'sftp')}://me:hush{character}word@host/in")
    with pytest.raises(BadSetting, match="has to be written as %2F") as refused:
        read(name)
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None
    # Written as it asks, it comes through.
    monkeypatch.setenv(
        name, f"{scheme.get(name, 'sftp')}://me:hush{quote(character, safe='')}word@host/in"
    )
    assert "hush" in read(name)


def test_every_setting_that_can_hold_a_password_is_a_secret() -> None:
    assert {name for name, each in SETTINGS.items() if each.secret} == {
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "DATABASE_URL",
        "DATABASE_PASSWORD",
        "REDIS_URL",
        "EMAIL_URL",
        "EMAIL_PASSWORD",
        "BOUNCE_MAILBOX_URL",
        "INBOUND_MAILBOX_URL",
        "METRICS_TOKEN",
        "DELIVERY_URL",
    }


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting_can_come_from_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = tmp_path / "held"
    held.write_text("hush\n")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(held))
    monkeypatch.setitem(SETTINGS, name, replace(SETTINGS[name], parse=str))
    assert read(name) == "hush"
    held.unlink()
    with pytest.raises(BadSetting, match=f"{name}_FILE: .* cannot be read"):
        read(name)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        ("off", "192.0.2.1", "10.0.0.1"),
        ("on", "203.0.113.9, 192.0.2.1", "192.0.2.1"),
        ("2", "203.0.113.9, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("2", "192.0.2.1", "10.0.0.1"),
    ],
)
def test_an_address_is_taken_from_as_many_proxies_as_are_ours(
    proxies: str,
    forwarded: str,
    address: str,
    settings: Any,
    rf: RequestFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRUSTED_PROXY", proxies)
    settings.TRUSTED_PROXIES = read("TRUSTED_PROXY")
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", headers={"x-forwarded-for": forwarded})
    assert address_of(request) == address


@pytest.mark.django_db
def test_a_proxy_that_hides_its_visitors_is_named_by_the_doctor(
    settings: Any, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client_address._note, "next", 0.0)
    settings.TRUSTED_PROXIES = 1
    address_of(rf.get("/", headers={"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https"}))
    # A scraper of metrics, say, that comes past the proxy.
    address_of(rf.get("/"))
    assert list(troubles.proxy()) == []
    address_of(rf.get("/", headers={"x-forwarded-proto": "https"}))
    assert ["one address" in what for what, _ in troubles.proxy()] == [True]
