"""verify_batch.py is its parts in one file: nothing is lost on the way, and nothing comes twice."""

import ast
from pathlib import Path

from responses.exporting.verifying import joining
from responses.exporting.verifying.joining import PARTS, verifying_program


def names_in(text: str) -> list[str]:
    return [
        node.name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]


def test_every_function_of_the_parts_is_in_the_program_once() -> None:
    parts = [
        name
        for part in PARTS
        for name in names_in(Path(str(part.__file__)).read_text(encoding="utf-8"))
    ]
    assert names_in(verifying_program()) == parts
    # Two parts with one name for something would change each other in one file.
    assert len(parts) == len(set(parts))


def test_every_module_of_the_folder_is_a_part_or_the_joiner() -> None:
    folder = Path(str(joining.__file__)).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "joining"}
    assert modules == {part.__name__.rpartition(".")[2] for part in PARTS}


def test_the_program_is_the_same_each_time() -> None:
    assert verifying_program() == verifying_program()
    assert "from responses" not in verifying_program()
