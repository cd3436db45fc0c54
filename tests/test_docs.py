"""What the documents claim, held against the code."""

import re
import tomllib
from pathlib import Path

from django.core.management import get_commands

from consult.env import SETTINGS
from responses.dashboard.tallies import FEWEST_SHOWN
from responses.reviewing.coding import LEARN_FROM
from responses.reviewing.reviews import COUNT_CAP, LATELY, MOVES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_every_setting_stands_in_the_readme_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    assert rows == [(setting.name, f"`{setting.default}`" if setting.default else "", setting.meaning) for setting in SETTINGS.values()]


def test_every_runtime_dependency_earns_its_place_in_the_readme() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [re.split(r"[^a-z0-9-]", requirement)[0] for requirement in project["dependencies"]]
    assert sorted(re.findall(r"^- \*\*([a-z0-9-]+)\*\*: ", README, re.MULTILINE)) == sorted(needed)


def test_every_command_of_ours_stands_in_the_readme() -> None:
    ours = {name for name, app in get_commands().items() if app in {"consult", "responses"}}
    assert set(re.findall(r"manage\.py ([a-z_]+)", README)) >= ours


def test_every_make_target_in_the_readme_exists_and_the_other_way_round() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", README)) == targets - {"help"}


def test_every_file_that_documents_point_to_exists() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


def test_every_test_that_a_document_names_exists() -> None:
    there = {
        name for path in (ROOT / "tests").rglob("test_*.py") for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = {
        (document.name, name) for document in (ROOT / "docs").glob("*.md") for name in re.findall(r"`(test_\w+)`", document.read_text())
    }
    assert len(named) > 100
    assert {pair for pair in named if pair[1] not in there} == set()


def test_every_pinned_package_has_a_hash() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
        assert [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_the_moves_and_limits_in_the_reviewers_document_are_the_desks() -> None:
    text = (ROOT / "docs" / "reviewing.md").read_text()
    rows = dict(re.findall(r"^\| ([A-Z][a-z ]+) \| ([A-Z].*?) \|$", text, re.MULTILINE))
    del rows["From"]
    assert rows == {state.label: ", ".join(to.label for to in moves) for state, moves in MOVES.items()}
    words = " ".join(text.split())
    for said in (
        f"in the last {LATELY.total_seconds() / 60:.0f} minutes",
        f"Counts above {COUNT_CAP:,}",
        f"A group of fewer than {FEWEST_SHOWN} is not shown",
        f"from the {LEARN_FROM:,} answers coded last",
    ):
        assert said in words
