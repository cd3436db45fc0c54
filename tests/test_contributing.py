"""What CONTRIBUTING.md says to touch for a change is what has to be touched.

Each of these fails when someone follows only half of the list.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from consult.addresses import delivery
from consult.env.exporting import DELIVERY_SCHEMES
from consult.models import Right, User
from consult.models.people import RIGHTS
from consult.plans.kinds import KINDS
from consult.staff.views.accounts import what_roles_may
from tests import conftest
from tests.test_permissions import EVERYBODY_IN

ROOT = Path(__file__).resolve().parent.parent
MARKED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}
# What respondents are told by these is written in Python: every word of it can be translated.
READ_BY_RESPONDENTS = [
    *sorted((ROOT / "consult" / "plans" / "kinds").glob("*.py")),
    ROOT / "consult" / "plans" / "window.py",
    ROOT / "consult" / "clock.py",
    ROOT / "responses" / "contacts.py",
    *sorted((ROOT / "responses" / "responding" / "views").glob("*.py")),
    ROOT / "responses" / "responding" / "forms.py",
    ROOT / "responses" / "responding" / "resending.py",
]
# Their words are for editors, for files in English or for logs.
NOT_READ_BY_RESPONDENTS = {
    *("check", "limits", "band", "parse_day", "parse_closing", "parse_opening"),
    *("_in_range", "_instant", "_clock_time", "happened", "samples"),
}


def page(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("role", User.Role.values)
def test_a_role_is_known_wherever_the_list_says(role: str) -> None:
    assert RIGHTS[User.Role(role)] <= set(Right)
    name = User.Role(role).name.lower()
    assert name in EVERYBODY_IN, "tests/test_permissions.py has no column for it"
    assert hasattr(conftest, name), "tests/conftest.py has nobody with it"
    assert what_roles_may()[User.Role(role)], "consult/staff/views/accounts.py does not describe it"
    (head,) = re.findall(r"^\| \| (.*) \|$", page("docs/security.md"), re.MULTILINE)
    assert User.Role(role).label in head.split(" | "), "docs/security.md has no column for it"
    assert name in page("tests/journeys/test_roles.py"), "its day's work is not in the journeys"


def test_every_right_is_somebodys() -> None:
    assert set().union(*RIGHTS.values()) == set(Right)


@pytest.mark.parametrize("scheme", DELIVERY_SCHEMES)
def test_a_delivery_target_is_known_wherever_the_list_says(scheme: str) -> None:
    plain = scheme.partition("+")[0]
    assert delivery(f"{scheme}://user:password@host/folder") is not None
    assert f"`{plain}://" in page("docs/batches.md"), "docs/batches.md has no row for it"
    assert plain in page("tests/faults/test_delivery.py"), "no real server was cut off with it"


@pytest.mark.parametrize("limit", settings.LIMITS)
def test_a_limit_is_counted_somewhere(limit: str) -> None:
    code = "".join(
        path.read_text()
        for room in ("consult", "responses")
        for path in (ROOT / room).rglob("*.py")
        if path.name != "settings.py"
    )
    assert f'"{limit}"' in code, "nothing counts it"


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_of_question_says_everything_that_pages_ask_of_it(name: str) -> None:
    kind = KINDS[name]
    assert (kind.name, bool(kind.words), bool(kind.look)) == (name, True, True)
    template = ROOT / "templates" / "gds" / f"{kind.look}.html"
    branches = page("templates/gds/field.html")
    drawn = template.exists() if kind.partial else f'"{kind.look}"' in branches
    # The last branch is for everything that is typed on one line.
    assert drawn or kind.look == "input", "no template draws it"
    for document in ("docs/plan-files.md", "docs/batches.md"):
        assert f"`{name}`" in page(document), f"{document} does not name it"


def left_out(tree: ast.AST) -> set[ast.AST]:
    """What is marked already, says something to nobody but us, or explains the code."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            passed = called.rpartition(".")[2] in MARKED or called.startswith(("log.", "re."))
        elif isinstance(node, ast.FunctionDef):
            passed = node.name in NOT_READ_BY_RESPONDENTS
        elif isinstance(node, ast.ClassDef):
            # How the codebook, in English, describes a kind.
            found.update(*(ast.walk(one) for one in node.body if isinstance(one, ast.Assign)))
            passed = False
        else:
            document = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            passed = document or isinstance(node, ast.Raise)
        if passed:
            found.update(ast.walk(node))
    return found


def words_unmarked(path: Path) -> Iterator[str]:
    """Return each sentence, or part of one, that no translation would reach, with its line."""
    tree = ast.parse(path.read_text())
    passed = left_out(tree)
    joined = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    within = {part for node in joined for part in node.values}
    for node in ast.walk(tree):
        if node in passed or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        words = re.findall(r"[A-Za-z]{2,}", node.value)
        a_sentence = node in within or node.value[:1].isupper()
        if a_sentence and len(words) >= 3 and not re.search("[;=/]", node.value):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"


@pytest.mark.parametrize("path", READ_BY_RESPONDENTS, ids=lambda path: path.stem)
def test_what_respondents_are_told_can_be_translated(path: Path) -> None:
    assert list(words_unmarked(path)) == []
