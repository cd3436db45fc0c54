"""Joins the modules of this folder into verify_batch.py: one file that a receiver can read from
top to bottom and run with Python alone.
"""

import ast
from pathlib import Path
from types import ModuleType

from responses.exporting.verifying import batch, chain, command, ed25519, places

PROGRAM = "verify_batch.py"
# In the order in which they import one another.
PARTS = (ed25519, places, batch, chain, command)


def verifying_program() -> str:
    """Return the text of verify_batch.py: the command's docstring, every import from the
    standard library, then each part without its docstring and imports.
    """
    imports: set[str] = set()
    bodies = []
    for part in PARTS:
        about, body, needs = _taken_apart(part)
        imports |= needs
        bodies.append(body if part is command else f"# {about}\n\n{body}")
    head = f'#!/usr/bin/env python3\n"""{command.__doc__}"""\n\nfrom __future__ import annotations'
    return (
        "\n\n\n".join([f"{head}\n\n" + "\n".join(sorted(imports, key=_place_of)), *bodies]) + "\n"
    )


def _place_of(line: str) -> tuple[bool, str]:
    return line.startswith("from "), line


def _taken_apart(part: ModuleType) -> tuple[str, str, set[str]]:
    """Return the first line of a part's docstring, its lines below the imports, and its imports
    from the standard library.
    """
    text = Path(str(part.__file__)).read_text(encoding="utf-8")
    imports = [
        node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    body = "\n".join(text.splitlines()[imports[-1].end_lineno :]).strip()
    lines = {ast.unparse(node) for node in imports}
    own = ("from responses.", "from __future__ ")
    return (
        str(part.__doc__).splitlines()[0],
        body,
        {line for line in lines if not line.startswith(own)},
    )
