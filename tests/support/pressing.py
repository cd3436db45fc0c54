"""Sending a form as its page has it: with every hidden field, and what someone types over it."""

from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from django.http import HttpResponse
from django.test import Client

# What a form says of what its page showed.
SHOWN = {
    "shown",
    "said",
    "seen",
    "version",
    "edition",
    "codes",
    "suggested",
    "sending",
    "number",
    "step",
}


def forms_of(page: HttpResponse, within: str = "") -> list[Element]:
    """The forms of a page that change something, without the way out at its top; or those in the
    element with the id `within`.
    """
    tree = html5lib.parse(page.content.decode(), namespaceHTMLElements=False)
    return [
        form
        for main in tree.iter("main")
        for part in main.iter()
        if (part.get("id") == within if within else part is main)
        for form in part.iter("form")
        if form.get("method") == "post"
    ]


def fields_of(form: Element) -> dict[str, str]:
    """What a form would send as it stands, its first button pressed."""
    values: dict[str, str] = {}
    for field in form.iter():
        name, kind = field.get("name"), field.get("type", "")
        if not name or name == "csrfmiddlewaretoken" or name in values:
            continue
        if field.tag == "textarea":
            values[name] = (field.text or "").removeprefix("\n")
        elif field.tag == "select":
            chosen = [one for one in field.iter("option") if one.get("selected") is not None]
            values[name] = ((chosen or list(field.iter("option")))[0]).get("value", "")
        elif field.tag == "button" or (
            field.tag == "input"
            and (kind not in {"checkbox", "radio", "file"} or field.get("checked") is not None)
        ):
            values[name] = field.get("value", "")
    return values


def press(
    client: Client,
    address: str,
    typed: dict[str, Any] | None = None,
    within: str = "",
    **named: Any,
) -> HttpResponse:
    """Open a page, and send what is `typed` with the hidden fields of its forms."""
    return client.post(address, hidden_in(client.get(address), within) | (typed or {}), **named)


def hidden_in(page: HttpResponse, within: str = "") -> dict[str, str]:
    """What the forms of a page say that it showed."""
    hidden: dict[str, str] = {}
    for form in forms_of(page, within):
        for field in form.iter("input"):
            name = field.get("name", "")
            if field.get("type") == "hidden" and name in SHOWN:
                hidden[name] = field.get("value", "")
    return hidden
