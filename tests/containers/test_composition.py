"""The image is built, the composition comes up, and a response goes through it.

Run by `make test-containers`.
"""

import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.walking import Walker

ROOT = Path(__file__).resolve().parent.parent.parent
PORT, PLAIN_PORT = 8899, 8898
HOST = "consult.example.org"
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
        "ALLOWED_HOSTS": HOST,
        "SITE_URL": f"https://{HOST}",
        # Nobody answers there: the receipt says that the email is on its way, and it is.
        "EMAIL_URL": "smtp://mail.invalid",
        "POSTGRES_PASSWORD": "p/a#s?s@w%o:r" + uuid4().hex,
        "HTTP_PORT": f"127.0.0.1:{PLAIN_PORT}",
        "HTTPS_PORT": f"127.0.0.1:{PORT}",
    }

    def run(*arguments: str, check: bool = True, folder: str = "", **changes: str) -> str:
        """Run one command; with `folder`, a line of a shell that has its files there."""
        line = arguments[0].replace("< ", f"< {folder}/").replace("> ", f"> {folder}/")
        shell = ["sh", "-c", f"{shlex.join(command)} {line}"]
        done = subprocess.run(
            shell if folder else [*command, *arguments],
            cwd=ROOT,
            env=environment | changes,
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


class FrontDoor(Walker):
    """A browser that finds the host's name at the test's port, and takes its first certificate."""

    def __init__(self) -> None:
        super().__init__(f"https://{HOST}:{PORT}/", headers={"Origin": f"https://{HOST}:{PORT}"})
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar),
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=trusting),
        )


@pytest.fixture(scope="module")
def visitor(compose: Compose) -> Iterator[Walker]:
    found = socket.getaddrinfo

    def here(host: str, *rest: object, **named: object) -> object:
        return found("127.0.0.1" if host == HOST else host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", here)
        walker = FrontDoor()

        def ready() -> bool:
            try:
                return walker.go("/").status == 200
            except OSError:
                return False

        until(ready, seconds=600)
        yield walker


def answers(compose: Compose, there: dict[str, str]) -> bool:
    ready = ("exec", "-T", "postgres", "pg_isready", "--username", "consult", "--host", "127.0.0.1")
    return "accepting" in compose(*ready, check=False, **there)


HEALTH = {
    "web": "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready')",
    "worker": "celery",
    "beat": "beat",
}


def is_healthy(compose: Compose, part: str) -> bool:
    how = ["-c", HEALTH["web"]] if part == "web" else ["-m", "consult.alive", HEALTH[part]]
    return "well" in compose(
        "exec", "-T", part, "sh", "-c", shlex.join(["python", *how]) + " && echo well", check=False
    )


def test_each_part_is_healthy_whatever_the_host_is_called(
    compose: Compose, visitor: Walker
) -> None:
    for part in HEALTH:
        until(lambda part=part: is_healthy(compose, part), seconds=90)


def test_the_log_of_web_says_how_to_make_the_first_account(
    compose: Compose, visitor: Walker
) -> None:
    command = "python manage.py create_staff admin --role administrator"
    assert command in compose("logs", "web")
    assert "one-time password" in compose("exec", "-T", "web", *command.split(" "))


def test_a_response_goes_through_the_front_door(compose: Compose, visitor: Walker) -> None:
    plan = "consult/plans/police-and-crime-plan-2021-25.yaml"
    compose("exec", "-T", "web", "python", "manage.py", "load_plan", plan)
    visitor.go("/").link("Start").link("Continue")
    visitor.go("violence/").fill(
        {"violence-agree": "agree", "violence-comment": "Said in a container."}
    )
    visitor.go("../about-you/").fill({"capacity": "individual", "email": "carl@example.org"})
    visitor.go("../check/").fill({})
    assert "/receipt/" in visitor.url, visitor.words
    assert "Said in a container." in visitor.words

    compose("exec", "-T", "web", "python", "manage.py", "export_batch")
    batch = compose(
        "exec", "-T", "web", "sh", "-c", "cat /var/lib/consult/exports/*/batch-0001/responses.csv"
    )
    assert "Said in a container." in batch
    # Its address is a key, and is in no log.
    key = visitor.url.partition("/receipt/")[2].strip("/")
    assert key not in compose("logs", "proxy")
    assert key not in compose("logs", "web")


def test_the_deployment_check_is_clean_inside(compose: Compose, visitor: Walker) -> None:
    compose(
        "exec", "-T", "web", "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"
    )


def test_the_service_can_write_nothing_but_its_data(compose: Compose, visitor: Walker) -> None:
    look = "id -u; grep CapEff /proc/self/status; touch /srv/x /opt/x; python -m pip"
    said = compose("exec", "-T", "web", "sh", "-c", f"({look}) 2>&1", check=False)
    assert said.startswith("10001")
    assert "CapEff:\t0000000000000000" in said
    assert said.count("Read-only file system") == 2
    assert "No module named pip" in said


def test_plain_http_is_sent_to_https(visitor: Walker) -> None:
    with closing(HTTPConnection("127.0.0.1", PLAIN_PORT)) as plain:
        plain.request("GET", "/somewhere", headers={"Host": HOST})
        answer = plain.getresponse()
        assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/somewhere")


def test_a_host_is_moved_by_the_documented_commands(
    compose: Compose, visitor: Walker, tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "deployment.md").read_text().partition("## Moving to another host")[2]
    commands = re.findall(r"^    docker compose (.*)$", text.partition("\n## ")[0], re.MULTILINE)
    old, new = commands[:3], commands[3:]
    assert new[0] == "up --detach postgres"
    there = {
        "COMPOSE_PROJECT_NAME": f"consult-new-{uuid4().hex[:8]}",
        "HTTP_PORT": f"127.0.0.1:{PLAIN_PORT - 2}",
        "HTTPS_PORT": f"127.0.0.1:{PORT - 2}",
    }
    count = "from responses.models import Response; print('responses:', Response.objects.count())"
    try:
        for changes, lines in (({}, old), (there, new)):
            for line in lines:
                compose(line, folder=str(tmp_path), **changes)
                if line == "up --detach postgres":
                    until(lambda: answers(compose, there), seconds=120)
        said = compose("exec", "-T", "web", "python", "manage.py", "shell", "-c", count, **there)
        assert "responses: 1" in said
    finally:
        compose("down", "-v", check=False, **there)
