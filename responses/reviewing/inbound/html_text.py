"""The text of an HTML email: what a browser shows of it.

Pure. After https://html.spec.whatwg.org/#rendered-text-collection-steps, with a mark before each
list item. Nothing is fetched: a remote image is replaced by its name.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

NEVER_SHOWN = {
    "audio", "canvas", "datalist", "head", "iframe", "meta", "noframes", "object", "script",
    "style", "template", "title", "video",
}  # fmt: skip
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "legend", "li", "main", "menu", "nav",
    "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr",
    "ul",
}  # fmt: skip
CELLS = {"td", "th"}
AS_TYPED = {"pre", "textarea", "listing", "xmp", "plaintext"}
HIDDEN = re.compile(r"(?:^|;)\s*display\s*:\s*none\b", re.IGNORECASE)
KEEPS_SPACE = re.compile(r"(?:^|;)\s*white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
TYPED_INPUTS = {"", "text", "email", "tel", "number", "date", "submit", "button", "reset", "url"}
SPACES = re.compile("[ \t\n\r\f]+")


class _Page:
    """Text as it is laid out, line by line."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.owed = 0
        self.space = self.marked = False

    def breaks(self, number: int) -> None:
        """Make sure of at least this many line breaks between what came before
        and what comes next.
        """
        self.owed = 0 if self.marked else max(self.owed, number)
        self.space = False

    def line(self) -> None:
        """A line break that the writer made."""
        self.space = False
        self._settle()
        self.pieces.append("\n")

    def point(self, mark: str) -> None:
        """The mark of a list item stays on its line, whatever block follows."""
        self._settle()
        self.pieces.append(mark)
        self.marked = True

    def tab(self) -> None:
        """Between two cells of a row; none if the first ended in a block."""
        if not self.owed and self.pieces:
            self.pieces.append("\t")
            self.space = False

    def words(self, text: str, *, as_typed: bool) -> None:
        if as_typed:
            self._settle()
            self.pieces.append(text)
            return
        text = SPACES.sub(" ", text)
        if text.startswith(" "):
            self.space, text = True, text[1:]
        if not text:
            return
        self._settle()
        ends_in_space = text.endswith(" ")
        self.pieces.append(text[:-1] if ends_in_space else text)
        self.space = ends_in_space

    def _settle(self) -> None:
        if self.owed and self.pieces:
            self.pieces.append("\n" * self.owed)
        elif self.space and self.pieces and not self.pieces[-1].endswith(("\n", "\t")):
            self.pieces.append(" ")
        self.owed, self.space, self.marked = 0, False, False


def text_of_html(markup: str) -> str:
    """Return what a browser shows of `markup`, as lines of text."""
    root = LexborHTMLParser(markup.replace("\0", "\ufffd")).root
    page = _Page()
    if root is not None:
        for step in _walk(root):
            _lay_out(page, step)
    return "".join(page.pieces).replace("\xa0", " ").strip("\n")


@dataclass(frozen=True)
class _Step:
    """A node as it begins or ends; whether its spaces are kept, and its number among siblings of
    the same name.
    """

    node: LexborNode
    begins: bool
    as_typed: bool
    number: int


def _walk(root: LexborNode) -> Iterator[_Step]:
    """Yield every node that is shown, with a stack of our own, for emails that quote one another a
    thousand levels deep.
    """
    waiting = [_Step(root, True, False, 1)]
    while waiting:
        step = waiting.pop()
        yield step
        node = step.node
        if not step.begins or node.is_text_node:
            continue
        waiting.append(replace(step, begins=False))
        style = node.attributes.get("style") or "" if node.is_element_node else ""
        as_typed = step.as_typed or node.tag in AS_TYPED or bool(KEEPS_SPACE.search(style))
        numbers: Counter[str] = Counter()
        children = []
        child = node.child
        while child is not None:
            if not _is_hidden(child):
                numbers[child.tag or ""] += 1
                children.append(_Step(child, True, as_typed, numbers[child.tag or ""]))
            child = child.next
        waiting.extend(reversed(children))


def _is_hidden(node: LexborNode) -> bool:
    if not node.is_element_node:
        return not node.is_text_node
    given = node.attributes
    return (
        node.tag in NEVER_SHOWN
        or "hidden" in given
        or bool(HIDDEN.search(given.get("style") or ""))
    )


def _lay_out(page: _Page, step: _Step) -> None:
    node, tag = step.node, step.node.tag
    if node.is_text_node:
        page.words(node.text_content or "", as_typed=step.as_typed)
    elif tag in BLOCKS:
        page.breaks(2 if tag == "p" else 1)
        if tag == "li" and step.begins:
            page.point(_mark(step))
    elif tag in CELLS and step.begins and step.number > 1:
        page.tab()
    elif tag == "br" and step.begins:
        page.line()
    elif step.begins and tag in {"img", "input"}:
        page.words(_in_its_place(node), as_typed=False)


def _mark(point: _Step) -> str:
    """Return what goes before a list item: its number, or a dot."""
    holder = point.node.parent
    if holder is None or holder.tag != "ol":
        return "• "
    start = holder.attributes.get("start") or "1"
    return f"{point.number + (int(start) if start.isdecimal() else 1) - 1}. "


def _in_its_place(node: LexborNode) -> str:
    """Return the name of a remote image, or what was typed into a field."""
    given = node.attributes
    if node.tag == "img":
        here = (given.get("src") or "").lower().startswith(("cid:", "data:"))
        return "" if here else given.get("alt") or ""
    typed = (given.get("type") or "").lower() in TYPED_INPUTS
    return given.get("value") or "" if typed else ""
