"""Reads a plan file as YAML, or says what stops it from being read."""

from typing import Any

import yaml

from consult.plans.shapes import Problem

MAX_BYTES = 500_000
MAX_DEPTH = 20


class PlanProblems(Exception):
    """A plan file that cannot be loaded.

    `problems` says everything that is wrong with it, in the order of its lines.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class PlanLoader(yaml.SafeLoader):
    """YAML without two things that no plan needs and a hostile file could use: aliases, with which
    a few lines become millions, and endless nesting.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(
                problem="an alias: write the text out", problem_mark=self.peek_event().start_mark
            )
        if self.depth == MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem="nested too deeply", problem_mark=self.peek_event().start_mark
            )
        self.depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(content: str | bytes) -> yaml.Node:
    if len(content) > MAX_BYTES:
        raise PlanProblems([Problem(1, "file", f"is larger than {MAX_BYTES:,} bytes")])
    try:
        decoded = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        node = yaml.compose(decoded, Loader=PlanLoader)
    except UnicodeDecodeError as reason:
        line = content[: reason.start].count(b"\n") + 1 if isinstance(content, bytes) else 1
        raise PlanProblems([Problem(line, "file", "is not UTF-8 text")]) from reason
    except yaml.MarkedYAMLError as reason:
        mark = reason.problem_mark or reason.context_mark
        why = ": ".join(filter(None, [reason.context, reason.problem]))
        raise PlanProblems(
            [Problem(mark.line + 1 if mark else 1, "file", f"cannot be read as YAML: {why}")]
        ) from reason
    except yaml.reader.ReaderError as reason:
        line = decoded[: reason.position].count("\n") + 1
        why = f"has the character U+{reason.character:04X}, which YAML does not allow"
        raise PlanProblems([Problem(line, "file", why)]) from reason
    if node is None:
        raise PlanProblems([Problem(1, "file", "is empty")])
    return node
