"""A browser without JavaScript, small enough to read: follows links and redirects, keeps cookies,
fills in forms.
"""

import http.cookiejar
import urllib.error
import urllib.parse
import urllib.request
from xml.etree.ElementTree import Element

import html5lib


class Walker:
    """One person's browser.

    `headers` come with every request, as from a proxy in front of the service.
    """

    def __init__(self, base: str, *, headers: dict[str, str] | None = None) -> None:
        self.base = base
        # The service sets its cookies for https where it runs for real; the wire here is plain.
        self.jar = http.cookiejar.CookieJar(
            http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        )
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar), urllib.request.ProxyHandler({})
        )
        self.headers = headers or {}
        self.url, self.status, self.text = base, 0, ""

    def go(self, path: str, data: list[tuple[str, str]] | None = None) -> "Walker":
        """Open `path`, or post `data` to it, and come to rest where the redirects lead."""
        self.url = urllib.parse.urljoin(self.url, path)
        body = urllib.parse.urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(
            self.url, data=body, headers={"Referer": self.url, **self.headers}
        )
        try:
            with self.opener.open(request, timeout=30) as answer:
                self.url, self.status, self.text = answer.url, answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            self.url, self.status, self.text = answer.url, answer.code, answer.read().decode()
        return self

    @property
    def page(self) -> Element:
        return html5lib.parse(self.text, namespaceHTMLElements=False)

    @property
    def words(self) -> str:
        """Everything there is to read on the page, with its white space folded."""
        return " ".join(" ".join(self.page.find("body").itertext()).split())

    def link(self, words: str) -> "Walker":
        """Follow the first link whose text holds `words`."""
        found = [
            link
            for link in self.page.iter("a")
            if words in " ".join(" ".join(link.itertext()).split())
        ]
        assert found, f"no link “{words}” on {self.url}: {self.words[:2000]}"
        return self.go(found[0].attrib["href"])

    def fill(self, values: dict[str, str | list[str]], *, form: str = "main") -> "Walker":
        """Fill in the first form inside `main` (or the one of that id) and press its button, as a
        browser would.
        """
        where = next(
            found
            for found in self.page.iter("form" if form != "main" else "main")
            if form in {"main", found.get("id")}
        )
        element = where if where.tag == "form" else next(where.iter("form"))
        fields: list[tuple[str, str]] = []
        for field in element.iter():
            name = field.get("name", "")
            given = values.get(name)
            if field.tag == "textarea":
                fields.append((name, given if isinstance(given, str) else (field.text or "")))
            elif field.tag == "select":
                kept = [
                    option.get("value", "")
                    for option in field.iter("option")
                    if "selected" in option.attrib
                ]
                fields.append((name, given if isinstance(given, str) else (kept or [""])[0]))
            elif field.tag == "input" and field.get("type") in {"radio", "checkbox"}:
                wanted = given if isinstance(given, list) else [given]
                if field.get("value") in wanted if given is not None else "checked" in field.attrib:
                    fields.append((name, field.get("value", "on")))
            elif field.tag == "input" and name and field.get("type") not in {"submit", "button"}:
                fields.append((name, given if isinstance(given, str) else field.get("value", "")))
        unknown = set(values) - {field.get("name") for field in element.iter()}
        assert not unknown, f"no field {unknown} on {self.url}: {self.words[:2000]}"
        return self.go(element.get("action") or self.url, fields)
