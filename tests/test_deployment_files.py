"""The files that ship for a server: what they must hold, wherever they are used."""

import re
from pathlib import Path

import pytest
import yaml

from consult.env import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
NGINX = (ROOT / "docs" / "deploy" / "nginx" / "consult.conf").read_text()
MASK = r'^ +"~(\*?)(.*)" "\$before\.\.\.\$after";$'
UNITS = sorted((ROOT / "docs" / "deploy" / "systemd").glob("*.service"))


def shown(path: str) -> str:
    """What nginx logs of a path, by the map in its configuration."""
    for flags, pattern in re.findall(MASK, NGINX, re.MULTILINE):
        found = re.search(
            pattern.replace("(?<before>", "(?P<before>").replace("(?<after>", "(?P<after>"),
            path,
            re.IGNORECASE if flags else 0,
        )
        if found:
            return f"{found['before']}...{found['after']}"
    return path


KEY = "Qx7-aB_c9dEfGhIjKlMnOpQrStUvWxYz0123456789a"


@pytest.mark.parametrize(
    "path",
    [
        f"/receipt/{KEY}/",
        f"/Receipt/{KEY}/pdf",
        f"/parks/respond/back/{KEY}/",
        f"/wrongly/typed/{KEY}",
        f"/receipt/{KEY}\n/",
    ],
)
def test_the_front_door_logs_no_key(path: str) -> None:
    assert KEY in path
    assert KEY not in shown(path)
    # The address as it was asked for, and the one that led there, hold keys too.
    log = NGINX[NGINX.index("log_format") :].partition(";")[0]
    assert re.findall(r"\$(request|request_uri|uri|args|http_referer)\b", log) == []


def test_the_front_door_logs_other_pages_by_name() -> None:
    for path in ("/police-and-crime-plan-2021-25/respond/violence/", "/static/consult/site.css"):
        assert shown(path) == path


def test_the_front_door_says_who_a_visitor_is_and_that_it_was_https() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in NGINX
    assert "proxy_set_header X-Forwarded-Proto https;" in NGINX


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_each_unit_is_confined_and_restarts(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    for line in (
        "User=consult",
        "Restart=always",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ):
        assert line in lines


def test_there_is_a_unit_for_each_process() -> None:
    started = {
        unit.stem: re.findall(r"^ExecStart=\S+/bin/(.*)$", unit.read_text(), re.MULTILINE)
        for unit in UNITS
    }
    assert [commands[0].split(" --")[0] for commands in started.values()] == [
        "celery -A consult beat",
        "python -m consult.web.server",
        "celery -A consult worker",
    ]


def test_the_example_environment_names_all_that_must_be_set() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    composition = (ROOT / "docker-compose.yml").read_text()
    assert [
        name for name in named if name not in SETTINGS and f"${{{name}:" not in composition
    ] == []
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", composition))
    assert needed - set(named) == set()


def test_every_part_of_the_composition_restarts_and_keeps_its_log_small() -> None:
    parts = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {name: part for name, part in parts.items() if "profiles" not in part}
    assert sorted(ours) == ["beat", "postgres", "proxy", "redis", "web", "worker"]
    for part in ours.values():
        assert part["restart"] == "unless-stopped"
        assert part["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    for name in ("beat", "proxy", "web", "worker"):
        assert (ours[name]["read_only"], ours[name]["cap_drop"]) == (True, ["ALL"])
    for name in ("beat", "proxy", "redis", "web", "worker"):
        assert ours[name]["mem_limit"]
        assert ours[name]["pids_limit"] <= 512
    # Nothing but the front door can be reached from outside.
    assert [name for name, part in parts.items() if "ports" in part] == ["proxy"]


def test_the_image_may_copy_all_that_it_copies() -> None:
    """What .dockerignore leaves out cannot be copied, and the image cannot be built."""
    let_in = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    copied = re.findall(
        r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    names = {name.rstrip("/") for line in copied for name in line.split()}
    assert "locale" in names
    assert names - set(let_in) == set()
