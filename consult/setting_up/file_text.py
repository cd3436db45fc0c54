"""A plan file's text as plain values that pages can change, and back.

Pure. Each scalar is the text that was written, as the shapes of `consult.plans.shapes` read it:
nothing becomes a number or a date on the way.
"""

from typing import Any

import yaml

from consult.plans.reading import read_yaml

Values = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that people can read the file."""

    def ignore_aliases(self, data: Any) -> bool:
        # A plan file must not contain any: two values that are one object are written out twice.
        return True


def _as_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _as_text)


def values_of(text: str) -> Values:
    """Return what a plan file says.

    Raises PlanProblems if it is no YAML. What is not even keys with values reads as saying nothing.
    """
    values = _plain(read_yaml(text))
    return values if isinstance(values, dict) else {}


def text_of(values: Values) -> str:
    """Return the text of a plan file that says `values`."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(name.value): _plain(value) for name, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    return "" if node.tag == "tag:yaml.org,2002:null" else node.value
