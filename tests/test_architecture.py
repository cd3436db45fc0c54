"""The design, kept by reading the code: who imports whom, and where imports stand."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# A module may import its own line and the lines above it.
LAYERS = [
    [
        "consult.models",
        "consult.plan",
        "consult.clock",
        "consult.env",
        "consult.windows",
        "consult.services",
        "consult.durability",
        "consult.hearing_out",
        "consult.patience",
        "consult.refusing",
        "consult.headers",
        "consult.compressing",
        "consult.sessions",
        "consult.logs",
        "consult.visitors",
        "consult.celery",
        "consult.mailfiles",
        "consult.destinations",
    ],
    ["consult.auditing", "consult.limiting", "consult.running"],
    [
        "consult.editions",
        "consult.publishing",
        "consult.plans",
        "consult.loading",
        "consult.staffing",
        "consult.second_factor",
        "consult.signing_in",
    ],
    ["consult.views", "consult.admin", "consult.health", "consult.checks", "consult.management"],
    ["responses.models", "responses.references"],
    [
        "responses.answers",
        "responses.contacts",
        "responses.wording",
        "responses.paper",
        "responses.rows",
        "responses.manifests",
        "responses.likeness",
        "responses.charts",
        "responses.verify_batch",
        "responses.packs",
    ],
    [
        *[
            "responses.ledger",
            "responses.flagging",
            "responses.finding",
            "responses.receipts",
            "responses.submitting",
            "responses.amending",
            "responses.drafting",
            "responses.confirming",
            "responses.printing",
            "responses.typesetting",
            "responses.correcting",
            "responses.retrying",
            "responses.returning",
            "responses.equality",
            "responses.extracting",
            "responses.erasing",
            "responses.signing",
            "responses.packing",
            "responses.progressing",
        ],
        *[
            "responses.clustering",
            "responses.grouping",
            "responses.coding",
            "responses.tallying",
            "responses.transcribing",
            "responses.mailboxes",
            "responses.redacting",
        ],
        *[
            "responses.reviewing",
            "responses.bulk_changing",
            "responses.batching",
            "responses.delivering",
            "responses.filling",
            "responses.reconciling",
            "responses.removing",
            "responses.retention",
            "responses.watching",
            "responses.person",
        ],
    ],
    ["responses.forms", "responses.tasks"],
    ["responses.views", "responses.admin", "responses.management"],
    ["responses.urls"],
    ["consult.urls"],
    ["consult.settings", "consult.wsgi", "consult.apps", "responses.apps"],
]
RULES = LAYERS[1] + LAYERS[2] + LAYERS[6]
NOT_IN_RULES = ["django.http", "django.forms", "django.shortcuts", "crispy_forms", "crispy_forms_gds", "celery"]


def modules() -> list[Path]:
    return sorted(path for app in ("consult", "responses") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


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


def layer_of(name: str) -> int | None:
    found = [number for number, line in enumerate(LAYERS) for module in line if f"{name}.".startswith(f"{module}.")]
    return found[0] if found else None


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_every_module_has_its_place_and_imports_only_what_stands_before_it(path: Path) -> None:
    name = dotted(path)
    if name in {"consult", "responses"}:
        return  # Packages themselves: the Celery application has to be imported with the project.
    mine = layer_of(name)
    assert mine is not None, f"{name} has no place in the design: give it one in LAYERS"
    above = [other for other in imported(path) if (layer_of(other) or 0) > mine]
    assert above == []


@pytest.mark.parametrize(
    "path", [path for path in modules() if any(f"{dotted(path)}.".startswith(f"{rule}.") for rule in RULES)], ids=dotted
)
def test_rules_know_nothing_of_pages_and_jobs(path: Path) -> None:
    assert [name for name in imported(path) if name.startswith(tuple(NOT_IN_RULES))] == []


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_stand_at_the_top(path: Path) -> None:
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
    saves = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "save" and "models" in path.parts]
    broad = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
    ]
    signals = [name for name in imported(path) if name.startswith(("django.dispatch", "django.db.models.signals"))]
    assert (saves, broad, signals) == ([], [], [])
