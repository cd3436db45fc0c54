"""A release is refused while something that its users need is missing."""

import pytest

from tests.support.release import problems

READY = {
    "version": "1.2.0",
    "changelog": "# What has changed\n\n## 1.2.0 (1 March 2027)\n\n- Something.\n",
    "tags": {"v1.1.0"},
    "changed": "",
}


def test_a_release_with_everything_is_ready() -> None:
    assert problems(**READY) == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"version": "1.2"}, "not of the form"),
        ({"version": "1.2.0.dev1"}, "not of the form"),
        ({"tags": {"v1.1.0", "v1.2.0"}}, "was released before"),
        ({"changelog": "## Not released yet\n\n## 1.2.0\n"}, "in place of"),
        ({"changelog": "## 1.1.0 (1 January 2027)\n"}, "put “## 1.2.0”"),
        ({"changelog": "## 1.2.01\n"}, "put “## 1.2.0”"),
        ({"changed": " M consult/settings.py"}, "consult/settings.py"),
    ],
    ids=["short", "odd", "twice", "unreleased", "no heading", "other heading", "changes"],
)
def test_what_a_release_lacks_is_named(missing: dict[str, object], said: str) -> None:
    assert said in " ".join(problems(**READY | missing))
