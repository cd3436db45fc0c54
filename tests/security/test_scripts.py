"""What the scripts of our pages never do."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SCRIPTS = sorted((Path(settings.BASE_DIR) / "consult" / "frontend").glob("*.mjs"))
# Writing under a name that comes from outside, or merging objects, is how a value called
# “__proto__” changes every object of a page.
WAYS_IN = re.compile(
    r"\w\[[^\]'\"\d]+\]\s*=[^=]|__proto__|Object\.(?:assign|defineProperty|fromEntries|setProto)"
    r"|Reflect\.|structuredClone|\bmerge\b|\bextend\("
)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_writes_under_a_name_that_comes_from_outside(script: Path) -> None:
    assert WAYS_IN.findall(script.read_text()) == []


@pytest.mark.parametrize(
    "line",
    ["kept[name] = value", "Object.assign(kept, sent)", "a.__proto__.x = 1", "merge(kept, sent)"],
)
def test_each_way_to_change_every_object_would_be_seen(line: str) -> None:
    assert WAYS_IN.search(line)
