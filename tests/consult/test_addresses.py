"""The addresses of the service's parts, as Django and Celery want them."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from consult import addresses
from consult.addresses import (
    DATABASE_CARRIES,
    broker_url,
    database,
    delivery,
    mail,
    own_database_url,
    own_redis_url,
    socket_dir,
)

MAIL_DIR = Path("/somewhere/mail")


def test_a_database_address_is_taken_apart() -> None:
    entry = database("postgresql://app:se%2Fcret@db.example.org:5433/consult?sslmode=require")
    named = {name: entry[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert named == {
        "NAME": "consult",
        "USER": "app",
        "PASSWORD": "se/cret",
        "HOST": "db.example.org",
        "PORT": "5433",
    }
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["connect_timeout"] == 5


def test_a_password_of_its_own_replaces_the_one_in_the_address() -> None:
    entry = database("postgresql://app:old@host/consult", password="n/e#w")
    assert entry["PASSWORD"] == "n/e#w"


def test_a_socket_folder_stands_in_the_query_and_is_no_option() -> None:
    entry = database("postgresql://app@/consult?host=%2Frun%2Fsockets")
    assert (entry["HOST"], entry["PORT"]) == ("/run/sockets", "")
    assert "host" not in entry["OPTIONS"]


def test_an_option_of_the_address_wins_over_ours() -> None:
    entry = database("postgresql://host/consult?connect_timeout=30&keepalives=0")
    assert (entry["OPTIONS"]["connect_timeout"], entry["OPTIONS"]["keepalives"]) == ("30", "0")


def test_connections_are_kept_and_looked_at_before_use() -> None:
    entry = database("postgresql://host/consult")
    assert (entry["CONN_MAX_AGE"], entry["CONN_HEALTH_CHECKS"]) == (60, True)


def test_the_folder_for_sockets_is_short_and_of_one_installation(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 60)
    assert len(str(socket_dir(deep)).encode()) < 80
    assert socket_dir(deep) == socket_dir(deep)
    assert socket_dir(deep) != socket_dir(tmp_path)


def test_our_own_database_is_reached_by_its_socket(tmp_path: Path) -> None:
    entry = database(own_database_url(tmp_path))
    assert (entry["HOST"], entry["USER"], entry["NAME"]) == (
        str(socket_dir(tmp_path)),
        "app",
        "consult",
    )


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("redis://host:6379/2", "redis://host:6379/2"),
        ("rediss://:pw@host/0", "rediss://:pw@host/0"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock?virtual_host=0"),
        (DATABASE_CARRIES, "consult://"),
    ],
)
def test_a_broker_as_celery_writes_it(url: str, celery: str) -> None:
    assert broker_url(url) == celery


def test_without_a_redis_the_database_carries_the_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "redis_program", lambda: None)
    assert own_redis_url(tmp_path) == DATABASE_CARRIES
    monkeypatch.setattr(addresses, "redis_program", lambda: "/usr/bin/redis-server")
    assert own_redis_url(tmp_path) == f"unix://{socket_dir(tmp_path)}/redis.sock?db=0"


def options(url: str) -> tuple[str, dict[str, Any]]:
    entry = delivery(url)
    assert entry is not None
    return entry["BACKEND"].rpartition(".")[2], entry["OPTIONS"]


def test_no_address_is_no_destination() -> None:
    assert delivery("") is None


def test_a_folder_to_deliver_to() -> None:
    assert options("file:///srv/for%20mopac") == ("Folder", {"location": "/srv/for mopac"})


def test_a_bucket_to_deliver_to() -> None:
    name, found = options("s3://KEY:S%2FECRET@s3.example.org:9000/bucket/in/here?region=eu-west-2")
    assert (name, found) == (
        "ObjectStorage",
        {
            "bucket_name": "bucket",
            "location": "in/here",
            "access_key": "KEY",
            "secret_key": "S/ECRET",
            "endpoint_url": "https://s3.example.org:9000",
            "region_name": "eu-west-2",
        },
    )


def test_a_bucket_alone_and_without_tls() -> None:
    _name, found = options("s3+http://KEY:SECRET@host/bucket")
    assert (found["endpoint_url"], found["location"], found["region_name"]) == (
        "http://host",
        "",
        None,
    )


def test_another_machine_to_deliver_to() -> None:
    name, found = options("sftp://me:pw@host/in?key=/k/id&known_hosts=/k/known")
    assert (name, found) == (
        "Sftp",
        {
            "host": "host",
            "port": 22,
            "user": "me",
            "password": "pw",
            "location": "/in",
            "key_file": "/k/id",
            "known_hosts": "/k/known",
        },
    )
    assert options("sftp://me@host:2222/in")[1]["port"] == 2222


def test_each_destination_can_do_what_delivering_needs() -> None:
    for url in ("file:///x", "s3://k:s@h/b", "s3+http://k:s@h/b", "sftp://u@h/x"):
        entry = delivery(url)
        assert entry is not None
        module, _dot, name = entry["BACKEND"].rpartition(".")
        destination = getattr(import_module(module), name)
        for needed in ("aside", "save_once", "put_in_place", "close", "exists", "open", "listdir"):
            assert callable(getattr(destination, needed)), f"{name} cannot {needed}"


def test_without_a_mail_server_emails_become_files() -> None:
    entry = mail("", mail_dir=MAIL_DIR)
    assert (entry["BACKEND"], entry["FILE_PATH"]) == (
        "consult.mailfiles.MailFileBackend",
        MAIL_DIR,
    )


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://host", 25, False, False),
        ("smtp+tls://host", 587, True, False),
        ("smtps://host", 465, False, True),
        ("smtp+tls://host:2525", 2525, True, False),
    ],
)
def test_each_scheme_of_mail_has_its_port_and_its_encryption(
    url: str, port: int, tls: bool, ssl: bool
) -> None:
    entry = mail(url, mail_dir=MAIL_DIR)
    assert (entry["PORT"], entry["USE_TLS"], entry["USE_SSL"]) == (port, tls, ssl)


def test_who_signs_in_at_the_mail_server() -> None:
    entry = mail("smtp+tls://a%40b.c:p%3Aw@host", mail_dir=MAIL_DIR)
    assert (entry["HOST"], entry["USER"], entry["PASSWORD"]) == ("host", "a@b.c", "p:w")
    assert mail("smtp://u:old@h", mail_dir=MAIL_DIR, password="new")["PASSWORD"] == "new"
