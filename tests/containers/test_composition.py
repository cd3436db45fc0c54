"""The image is built, the composition comes up, and a response goes through it.

Run by `make test-containers`.
"""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.walking import Walker

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = 8899
pytestmark = pytest.mark.containers

Compose = Callable[..., str]


def engine() -> list[str]:
    """The command that speaks docker-compose: COMPOSE, or whatever is installed."""
    if os.environ.get("COMPOSE"):
        return shlex.split(os.environ["COMPOSE"])
    for command in (["docker", "compose"], ["podman-compose"]):
        if shutil.which(command[0]):
            return command
    pytest.fail(
        "No container engine is here: install Docker with its compose plugin, or podman-compose, "
        "or name one in COMPOSE."
    )


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    command = engine()
    environment = os.environ | {
        "COMPOSE_PROJECT_NAME": f"consult-test-{uuid4().hex[:8]}",
        "SECRET_KEY": "for-this-test-" + uuid4().hex * 2,
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": f"https://127.0.0.1:{PORT}",
        "POSTGRES_PASSWORD": uuid4().hex,
        "PUBLISH": f"127.0.0.1:{PORT}",
    }

    def run(*arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert not check or done.returncode == 0, (
            f"{arguments}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
        return done.stdout

    try:
        run("build")
        run("up", "-d")
        yield run
    finally:
        run("down", "-v", check=False)


def until(wanted: Callable[[], bool], *, seconds: int) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(1)


@pytest.fixture(scope="module")
def visitor(compose: Compose) -> Walker:
    walker = Walker(
        f"http://127.0.0.1:{PORT}/",
        headers={"X-Forwarded-Proto": "https", "Origin": f"https://127.0.0.1:{PORT}"},
    )

    def ready() -> bool:
        try:
            return walker.go("/health/ready").status == 200
        except OSError:
            return False

    until(ready, seconds=180)
    return walker


def test_a_response_goes_through_the_composition(compose: Compose, visitor: Walker) -> None:
    visitor.go("/").link("Start").link("Continue")
    visitor.go("violence/").fill(
        {"violence-agree": "agree", "violence-comment": "Said in a container."}
    )
    visitor.go("../about-you/").fill({"capacity": "individual", "email": "carl@example.org"})
    visitor.go("../check/").fill({})
    assert "/receipt/" in visitor.url, visitor.words
    assert "Said in a container." in visitor.words

    mail = ("exec", "-T", "worker", "sh", "-c", "cat /var/lib/consult/mail/*.eml")
    until(lambda: "carl@example.org" in compose(*mail, check=False), seconds=60)

    compose("exec", "-T", "web", "python", "manage.py", "export_batch")
    batch = compose(
        "exec", "-T", "web", "sh", "-c", "cat /var/lib/consult/exports/*/batch-0001/responses.csv"
    )
    assert "Said in a container." in batch


def test_the_deployment_check_is_clean_inside(compose: Compose) -> None:
    compose(
        "exec", "-T", "web", "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"
    )


def test_plain_http_from_outside_is_sent_to_https(visitor: Walker) -> None:
    plain = Walker(f"http://127.0.0.1:{PORT}/")
    with pytest.raises(OSError, match=r"SSL|ssl|TLS|refused"):
        plain.go("/")
