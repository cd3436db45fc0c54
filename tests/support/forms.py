"""What a browser would send from a form, read from the page."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    """The fields of each form, by the address that it posts to; "" is a form's own page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.fields: dict[str, str] = {}
        self.open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "form":
            self.fields = self.forms.setdefault(said.get("action", ""), {})
        elif tag in {"select", "textarea"}:
            self.open = name
            self.fields[name] = ""
        elif tag == "option" and "selected" in said:
            self.fields[self.open] = said.get("value", "")
        elif (
            tag == "input"
            and name
            and said.get("type") not in {"submit", "button", "file"}
            and (said.get("type") not in {"checkbox", "radio"} or "checked" in said)
        ):
            self.fields[name] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            # A browser leaves out the line break after the tag.
            self.fields[self.open] = self.fields[self.open].removeprefix("\n")
            self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open and self.lasttag == "textarea":
            self.fields[self.open] += data


def fields_on(page: str) -> dict[str, str]:
    """The name and value of every field on a page, as they were delivered."""
    read = _Fields()
    read.feed(page)
    return {name: value for fields in read.forms.values() for name, value in fields.items()}


def fields_to(page: Any, action: str) -> dict[str, str]:
    """The name and value of every field of the form on a page that posts to `action`."""
    read = _Fields()
    read.feed(page.content.decode())
    return read.forms[action]
