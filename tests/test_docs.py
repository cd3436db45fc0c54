"""What the documents claim, compared with the code."""

import re
import tomllib
from pathlib import Path

from django.core.management import get_commands

from consult.env import SETTINGS
from responses.dashboard.tallies import FEWEST_SHOWN
from responses.reviewing.code_suggestions import LEARN_FROM
from responses.reviewing.reading import RECENTLY
from responses.reviewing.reviews import COUNT_CAP, MOVES

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", page("settings.md"), re.MULTILINE)
    assert rows == [
        (setting.name, f"`{setting.default}`" if setting.default else "", setting.meaning)
        for setting in SETTINGS.values()
    ]


def test_every_runtime_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [re.split(r"[^a-z0-9-]", requirement)[0] for requirement in project["dependencies"]]
    assert sorted(
        re.findall(r"^- \*\*([a-z0-9-]+)\*\*: ", page("dependencies.md"), re.MULTILINE)
    ) == sorted(needed)


def test_every_command_of_ours_is_documented() -> None:
    ours = {name for name, app in get_commands().items() if app in {"consult", "responses"}}
    assert set(re.findall(r"^\| `manage\.py ([a-z_]+)", page("commands.md"), re.MULTILINE)) >= ours


def test_every_command_a_document_names_exists() -> None:
    named = {
        (path.name, name)
        for path in DOCUMENTS
        for name in re.findall(r"manage\.py ([a-z_]+)", path.read_text())
    }
    assert {pair for pair in named if pair[1] not in get_commands()} == set()


def test_the_documented_make_targets_are_those_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(
        re.findall(r"^\| `make ([a-z-]+)`", page("commands.md"), re.MULTILINE)
    ) == targets - {"help"}
    named = {
        (path.name, name)
        for path in DOCUMENTS
        for name in re.findall(r"`make ([a-z-]+)", path.read_text())
    }
    assert {pair for pair in named if pair[1] not in targets} == set()


def test_every_file_a_document_links_to_exists() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"


def test_every_section_a_document_links_to_exists() -> None:
    for document in DOCUMENTS:
        for target, section in re.findall(
            r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text()
        ):
            headings = re.findall(
                r"^#+ (.+)$",
                (document.parent / target if target else document).read_text(),
                re.MULTILINE,
            )
            assert section in {
                re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
                for heading in headings
            }, document.name


def test_every_path_a_document_names_exists() -> None:
    ours = r"`((?:consult|responses|templates|tests|docs)/[\w./-]*)`"
    named = {(path.name, name) for path in DOCUMENTS for name in re.findall(ours, path.read_text())}
    assert {pair for pair in named if not (ROOT / pair[1]).exists()} == set()


def test_the_architecture_page_names_every_room() -> None:
    """A folder that nobody could explain in a line should not be there."""
    houses = [ROOT / "consult", ROOT / "responses"]
    there = {
        f"{path.relative_to(ROOT)}/"
        for house in houses
        for path in [house, *house.iterdir()]
        if path.is_dir()
    }
    rows = re.findall(
        r"^\| `((?:consult|responses)/[a-z_/]*)` \| .{10,} \|$",
        page("architecture.md"),
        re.MULTILINE,
    )
    assert sorted(rows) == sorted(there - {"consult/__pycache__/", "responses/__pycache__/"})


def test_the_index_of_decisions_names_each_of_them_by_its_title() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    titles = [path.read_text().splitlines()[0].removeprefix("# ") for path in pages]
    numbers = [
        f"{number}. [{title.partition('. ')[2]}]({path.name})"
        for number, (path, title) in enumerate(zip(pages, titles, strict=True), 1)
    ]
    assert re.findall(r"^\d+\. \[.*\)$", page("decisions/README.md"), re.MULTILINE) == numbers
    for path in pages:
        parts = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert parts == ["Context", "Decision", "Consequences", "What was measured"], path.name


def test_every_test_a_document_names_exists() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    named = {
        (path.name, name)
        for path in DOCUMENTS
        for name in re.findall(r"`(test_\w+)`", path.read_text())
    }
    assert len(named) > 100
    assert {pair for pair in named if pair[1] not in there} == set()


def test_every_pinned_package_has_a_hash() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
        assert [
            entry.split()[0]
            for entry in entries
            if "==" not in entry or "--hash=sha256:" not in entry
        ] == []


def test_the_reviewing_page_states_the_moves_and_limits_in_force() -> None:
    text = page("reviewing.md")
    rows = dict(re.findall(r"^\| ([A-Z][a-z ]+) \| ([A-Z].*?) \|$", text, re.MULTILINE))
    del rows["From"]
    assert rows == {
        state.label: ", ".join(to.label for to in moves) for state, moves in MOVES.items()
    }
    words = " ".join(text.split())
    for said in (
        f"in the last {RECENTLY.total_seconds() / 60:.0f} minutes",
        f"Counts above {COUNT_CAP:,}",
        f"A group of fewer than {FEWEST_SHOWN} is not shown",
        f"from the {LEARN_FROM:,} answers coded last",
    ):
        assert said in words


def test_each_alarm_has_an_incident_card() -> None:
    alarms = re.findall(r"alert: (\w+)", page("alarms.yml"))
    cards = re.findall(r"^## (\w+)$", page("incidents.md"), re.MULTILINE)
    assert len(alarms) > 8
    assert cards == alarms


def test_the_record_of_processing_states_the_periods_in_force() -> None:
    kept = re.search(r"^\| Kept \| (.*?):", page("data-protection.md"), re.MULTILINE)
    assert kept is not None
    stated = re.findall(r"(\w+)(?: \w+)*? (\d+)", kept[1].replace("files of ", ""))
    names = {"answers": "ANSWERS", "drafts": "DRAFTS", "contact": "CONTACTS"} | {
        name: name.upper() for name in ("equality", "letters", "batches")
    }
    periods = {names[word]: days for word, days in stated}
    assert periods == {
        name.removeprefix("KEEP_").removesuffix("_DAYS"): setting.default
        for name, setting in SETTINGS.items()
        if name.startswith("KEEP_")
    }
    assert f"fewer than {SETTINGS['EQUALITY_TOGETHER'].default} are never" in page(
        "data-protection.md"
    ).replace("\n", " ")
