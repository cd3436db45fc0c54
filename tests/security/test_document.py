"""The security document: every requirement once, and nothing claimed by a test that is
not there.
"""

import ast
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ROWS = re.findall(
    r"^\| ([\d., ]+) \| (.+?) \| (met|partly|not met|written|operator|none here) \| (.*?) ?\|$",
    (ROOT / "docs" / "security.md").read_text(),
    re.MULTILINE,
)
# OWASP ASVS 5.0.0: the sections, each with how many requirements of levels 1 and 2 it begins with.
# OAuth and WebRTC are not here.
SECTIONS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
}


def test_every_requirement_of_levels_1_and_2_is_listed_once() -> None:
    named = [number for numbers, _, _, _ in ROWS for number in numbers.split(", ")]
    assert sorted(named) == sorted(
        f"{section}.{number}" for section, last in SECTIONS.items() for number in range(1, last + 1)
    )


def test_each_requirement_not_met_has_its_reason_in_the_record() -> None:
    record = (ROOT / "docs" / "decisions" / "0026-what-we-do-not-meet.md").read_text()
    reasons = set(re.findall(r"\d+\.\d+\.\d+", record.partition("## Consequences")[0]))
    open_ones = {
        number
        for numbers, _, state, _ in ROWS
        if state in {"partly", "not met"}
        for number in numbers.split(", ")
    }
    assert len(open_ones) > 10
    assert reasons == open_ones


def test_each_requirement_met_names_a_test_that_exists() -> None:
    there = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    named = {numbers: set(re.findall(r"`(test_\w+)`", how)) for numbers, _, _, how in ROWS}
    assert {name for names in named.values() for name in names} - there == set()
    assert [numbers for numbers, _, state, _ in ROWS if state == "met" and not named[numbers]] == []
    assert [
        numbers for numbers, _, state, how in ROWS if state == "written" and "](" not in how
    ] == []
    assert [
        numbers
        for numbers, _, state, how in ROWS
        if state in {"partly", "not met"} and len(how) < 20
    ] == []
