"""Every address of the site, met with what no browser would send: an answer in words each time, and
never a fault of ours.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from consult.models import Consultation, User
from responses.answers import AnswersRefused
from responses.contacts import read_contact
from responses.models import Code, Extract, Response
from responses.receipt_tokens import receipt_token

SLUG = "police-and-crime-plan-2021-25"
HOSTILE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff lone",
    "\u202eleft",
    "../../../etc/passwd",
    "%00",
    "%ff%fe",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "{{ 7|add:7 }}",
    "9" * 400,
    "-1",
    "1e309",
    "𝔘🙂" * 50,
    "\r\nSet-Cookie: x=y",
    "null",
    "[]",
    '{"a":' * 500 + "1" + "}" * 500,
]
LATER = {"question": "violence-comment", "pk": "1", "chart": "x", "kind": "csv"}
# Fields that some form has, so that a value lands where one is looked for.
FIELDS = [
    *[
        "violence-agree",
        "violence-comment",
        "connection",
        "capacity",
        "email",
        "name",
        "postcode",
        "submission_key",
        "replacing",
    ],
    *[
        "state",
        "channel",
        "kind",
        "since",
        "until",
        "word",
        "before",
        "after",
        "version",
        "to_state",
        "note",
        "consultation",
        "number",
    ],
    *[
        "username",
        "password",
        "new_password",
        "new_password_again",
        "next",
        "return",
        "o",
        "p",
        "q",
        "action",
        "_selected_action",
    ],
    *[
        "query",
        "words",
        "definition",
        "group",
        "do",
        "code",
        "passage",
        "reference",
        "reason",
        "step",
        "draft",
        "size",
        "act",
        "key",
        "why",
    ],
]


def addresses(response: Response) -> Iterator[str]:
    """Every address of the URLconf, with arguments that exist and with others that do not."""
    known = {
        "consultation": SLUG,
        "section": "violence",
        "recommendation": "zero-murders",
        "part": "violence",
        "token": receipt_token(response),
        "reference": response.reference,
        "number": "1",
        "name": "responses.csv",
        **LATER,
    }
    for pattern in patterns(get_resolver().url_patterns):
        yield "/" + fill(pattern, known)
        for value in (
            "a%00b",
            "%ED%A0%80",
            "%FF",
            "x" * 300,
            "..%2f..%2f",
            "%F0%9F%99%82",
            "0",
            "99999999999999999999",
        ):
            yield "/" + fill(pattern, dict.fromkeys(known, value))


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in found:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, route)
        # That static files were not gathered, as here, is what the page of readiness is for.
        elif "^" not in route and "(?P" not in route and route != "health/ready":
            yield route


def fill(route: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        for kind in ("str", "slug", "int", "path", "uuid"):
            route = route.replace(f"<{kind}:{name}>", value)
    return (
        route.replace("<path:object_id>", values["number"])
        .replace("<int:content_type_id>", "1")
        .replace("<path:url>", "x")
    )


def encoded(value: str) -> bytes:
    """As a browser that knows no better would encode it."""
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogatepass")).encode()


@pytest.fixture
def visitors(administrator: User, sign_in: Callable[[User], Client]) -> list[Client]:
    """A respondent and someone who may do everything; both take an error of ours for a page, as a
    browser does.
    """
    respondent, staff = Client(), sign_in(administrator)
    for client in (respondent, staff):
        client.raise_request_exception = False
    respondent.post(f"/{SLUG}/respond/violence/", {"violence-comment": "A draft."})
    return [respondent, staff]


def test_no_url_answers_a_hostile_get_with_a_server_error(
    send: Callable[..., Response], visitors: list[Client]
) -> None:
    response = send()
    faults = []
    for address in addresses(response):
        for client in visitors:
            page = client.get(address)
            if page.status_code >= 500:
                faults.append((address, page.status_code))
    assert faults == []


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_field_or_filter_answers_hostile_input_with_a_server_error(
    send: Callable[..., Response], visitors: list[Client], value: str
) -> None:
    response = send()
    body = b"&".join(name.encode() + b"=" + encoded(value) for name in FIELDS)
    faults = []
    # A PDF takes a second to set, and its address has no fields.
    for route in [
        route for route in patterns(get_resolver().url_patterns) if not route.endswith(".pdf")
    ]:
        known = {
            "consultation": SLUG,
            "section": "violence",
            "recommendation": "zero-murders",
            "part": "violence",
        }
        address = "/" + fill(
            route,
            known
            | {
                "token": receipt_token(response),
                "reference": response.reference,
                "number": "1",
                "name": "x",
            }
            | LATER,
        )
        for client in visitors:
            posted = client.post(address, body, content_type="application/x-www-form-urlencoded")
            looked = client.get(f"{address}?{body.decode()}")
            faults += [
                (address, page.status_code) for page in (posted, looked) if page.status_code >= 500
            ]
    assert faults == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"a=%ED%A0%80", "application/x-www-form-urlencoded; charset=utf-16"),
        (b"a=1", "application/x-www-form-urlencoded; charset=no-such-thing"),
        (b"no boundary here", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="../b"\r\n\r\n1',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b'{"a": 1}', "application/json"),
        (b"a=1&" * 1000, "application/x-www-form-urlencoded"),
        (b"violence-comment=" + b"x" * 3_000_000, "application/x-www-form-urlencoded"),
    ],
    ids=range(9),
)
def test_a_body_that_is_not_a_form_is_refused_in_words(
    send: Callable[..., Response], visitors: list[Client], body: bytes, kind: str
) -> None:
    for address in (
        f"/{SLUG}/respond/violence/",
        f"/{SLUG}/respond/send/",
        "/staff/sign-in/",
        "/staff/batches/now/",
    ):
        for client in visitors:
            page = client.generic("POST", address, body, content_type=kind)
            assert page.status_code < 500, address
            assert b"<h1" in page.content or page.status_code in {302, 303}


@pytest.mark.usefixtures("consultation")
@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ".",
        "x" * 4000,
        "\x00",
        "a.b.c.d.e.f.g.h",
        "../../",
        "%00",
        '"',
        "é".encode().decode("latin-1"),
    ],
)
def test_a_forged_cookie_is_ignored(cookie: str) -> None:
    client = Client(raise_request_exception=False)
    for name in ("draft-1", "opened-1", "session", "csrf"):
        client.cookies[name] = cookie
    for address in (f"/{SLUG}/respond/", f"/{SLUG}/respond/check/", "/staff/responses/"):
        assert client.get(address).status_code in {200, 302}


@pytest.mark.usefixtures("consultation")
def test_an_unknown_host_is_refused_and_no_redirect_leaves_the_site() -> None:
    client = Client(raise_request_exception=False)
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"x-forwarded-host": "evil.example"})["Location"] == f"/{SLUG}/"
    for address in (
        "//evil.example/",
        "/%5cevil.example/",
        f"/{SLUG}//evil.example/",
        "/\\evil.example",
    ):
        page = client.get(address)
        assert "evil.example" not in page.get("Location", "").split("/")[2:3]


def test_typed_text_cannot_become_an_email_header() -> None:
    for email in (
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nb@example.org",
        "a@example.org, b@example.org",
        "<a@example.org>",
    ):
        try:
            kept = read_contact({"name": "x", "email": email})["email"]
        except AnswersRefused:
            continue
        assert kept.count("@") == 1
        assert "\n" not in kept
        assert "," not in kept


@pytest.mark.usefixtures("consultation")
def test_someone_elses_submission_key_opens_nothing() -> None:
    page = Client().post(f"/{SLUG}/respond/send/", {"submission_key": str(uuid4())})
    assert page.status_code == 404


@pytest.mark.parametrize(
    ("address", "field"),
    [
        (f"/staff/codes/{SLUG}/violence-comment/", "name"),
        ("/staff/extracts/ask/", "query"),
        ("/staff/people/", "words"),
    ],
)
def test_staff_input_the_database_cannot_store_is_refused_in_words(
    consultation: Consultation,
    administrator: User,
    sign_in: Callable[[User], Client],
    address: str,
    field: str,
) -> None:
    desk = sign_in(administrator)
    for value in ("\x00", "words=a\x00b"):
        page = desk.post(address, {"consultation": SLUG, field: value})
        assert (
            page.status_code,
            "We cannot store one of the characters" in page.content.decode(),
        ) == (
            400,
            True,
        )
    assert not Code.objects.exists()
    assert not Extract.objects.exists()
