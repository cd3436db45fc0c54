"""The design, kept by reading the code: who imports whom, and where imports stand."""

import ast
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
    "apps",
    "web",
    "local",
    "models",
    "idle_sessions",
    "access",
    "requests",
    "nudging",
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
    signals = [
        name
        for name in imported(path)
        if name.startswith(("django.dispatch", "django.db.models.signals"))
    ]
    assert (saves, broad, signals) == ([], [], [])


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
