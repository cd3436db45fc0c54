"""The design, kept by reading the code: who imports whom, and where imports stand."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Where pages, forms and jobs stand; every other module is a rule, or what rules stand on.
PAGES = {
    "views",
    "forms",
    "tasks",
    "urls",
    "management",
    "admin",
    "checks",
    "settings",
    "wsgi",
    "celery",
    # What Celery runs inside its own processes.
    "heartbeat_step",
    "scheduling",
    "postgres_broker",
    "apps",
    "web",
    "local",
    "models",
    "idle_sessions",
    "keeping_typed",
    "access",
    "requests",
    "nudging",
    "templatetags",
}
NOT_IN_RULES = [
    "django.http",
    "django.forms",
    "django.shortcuts",
    "crispy_forms",
    "crispy_forms_gds",
    "celery",
]


def modules() -> list[Path]:
    return sorted(
        path
        for app in ("consult", "responses")
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
    )


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


@pytest.mark.parametrize(
    "path", [path for path in modules() if not PAGES & set(dotted(path).split("."))], ids=dotted
)
def test_rules_know_nothing_of_pages_and_jobs(path: Path) -> None:
    assert [name for name in imported(path) if name.startswith(tuple(NOT_IN_RULES))] == []


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_are_at_the_top(path: Path) -> None:
    inner = [
        node.lineno
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inner == []


# Where whatever one row raises is written down on that row, once, and the others go on.
ROWS_IN_TURN = {"responses.responding.outbox"}


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_no_signals_no_save_overrides_and_no_broad_excepts(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    saves = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "save" and "models" in path.parts
    ]
    broad = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    if dotted(path) in ROWS_IN_TURN:
        broad = broad[1:]
    signals = [
        name
        for name in imported(path)
        if name.startswith(("django.dispatch", "django.db.models.signals"))
    ]
    assert (saves, broad, signals) == ([], [], [])


def test_no_python_file_is_too_long_or_too_wide() -> None:
    long, wide = set(), []
    for path in modules():
        lines = path.read_text().splitlines()
        if len(lines) > 250:
            long.add(str(path.relative_to(ROOT)))
        wide += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(lines, 1)
            # A note to the linter or the type checker has to stay on its line.
            if len(re.split(r"  # (?:type: ignore|noqa)", line)[0]) > 100
        ]
    assert long == set()
    assert wide == []


def lines_of_functions() -> dict[str, int]:
    return {
        f"{dotted(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_function_is_too_long() -> None:
    lines = lines_of_functions()
    assert {name for name, length in lines.items() if length > 60} == set()
    # Nineteen in twenty fit on half a screen.
    assert sorted(lines.values())[len(lines) * 95 // 100] <= 40


def test_no_template_is_too_wide() -> None:
    wide = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.*")
        if any(len(line) > 160 for line in path.read_text().splitlines())
    }
    assert wide == set()


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=dotted)
def test_names_of_tests_have_fewer_than_70_characters(path: Path) -> None:
    names = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert [name for name in names if len(name) >= 70] == []
    # A second test of one name would replace the first, which then never runs.
    assert len(names) == len(set(names))


def test_no_variable_or_tag_of_a_template_spans_lines() -> None:
    # Django takes it for text then, and the reader sees the braces.
    broken = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "templates").rglob("*.*"))
        if re.search(r"\{\{[^{}]*\n[^{}]*\}\}|\{%[^{}%]*\n[^{}%]*%\}", path.read_text())
    ]
    assert broken == []
