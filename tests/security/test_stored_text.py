"""What people write is words in every browser that reads it, though it was written to be more."""

import re
from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from consult.models import Consultation, User
from consult.web.controls import CONTROL, in_symbols
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.models import Campaign, Cluster, Code, Message, Response
from responses.receipt_tokens import receipt_token
from responses.recognised import cookie_of
from responses.reviewing.reviews import move_review
from tests.journeys.test_accessibility import Visit, sign_in
from tests.support.recognising import sent_from
from tests.test_permissions import POSTED, STAFF, arguments

# Each would leave an element or an attribute that the page can be asked for, also where the policy
# keeps its script from running.
PLANTED = """
<script data-planted>alert(1)</script>
"><img data-planted src=x onerror=alert(1)>
'><svg data-planted onload=alert(1)>
</textarea></title></style></script><b data-planted>
" data-planted onfocus="alert(1)" autofocus x="
<!--
<a data-planted href=javascript:alert(1)>a</a>
{% now 'Y' %}{{ 7|add:7 }}
\u202e<b data-planted>\u2028
"""
SHORT = "\"><b data-planted>'"
# What comes from them is a file, or the way to another page.
NOT_LOOKED_AT = {
    *POSTED,
    "batch-file",
    "bundle-template",
    "codebook-file",
    "extract-file",
    "pack-file",
    "plan-file-download",
    "report-file",
    "trail-file",
    "chart-file",
    "attached-file",
    "key-again",
    "message",
    "message-original",
    "message-part",
}


@pytest.mark.django_db(transaction=True)
def test_stored_text_runs_in_nobodys_browser(
    browser: Browser,
    live_server: LiveServer,
    consultation: Consultation,
    send: Callable[..., Response],
    administrator: User,
    exports: object,
) -> None:
    answers = {
        "violence-comment": PLANTED,
        "missing": PLANTED,
        "capacity": "organisation",
        "organisation-name": SHORT,
    }
    response = send(answers, name=SHORT, email="planted@example.org")
    move_review(
        review=response.review, to_state="considered", note=PLANTED, version=0, by=administrator
    )
    shared = {"consultation": consultation, "sample": response, "question": "missing"}
    write_batch(batch=seal_batch(consultation=consultation, actor=administrator))
    visit = Visit(browser.new_context(), live_server.url)
    visit.page.on(
        "dialog", lambda dialog: (visit.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss())
    )
    sign_in(visit, administrator)
    addresses = {
        name: reverse(name, args=arguments(name, response))
        for name in STAFF
        if name not in NOT_LOOKED_AT
    }
    letter = f"From: {SHORT} <planted@example.org>\nSubject: {SHORT}\n\n{PLANTED}"
    file = default_storage.save("messages/planted.eml", ContentFile(letter.encode()))
    addresses["message"] = reverse(
        "message",
        args=[Message.objects.create(consultation=consultation, file=file, sha256="1" * 64).pk],
    )
    addresses["key-again"] = reverse("key-again", args=[response.reference])
    Campaign.objects.update(name=SHORT)
    Code.objects.update(name=SHORT, definition=PLANTED)
    Cluster.objects.create(**shared, responses=1, texts=1, people=1)
    token = receipt_token(response)
    cookie = cookie_of(consultation.pk)
    mark = sent_from(Client(), response).cookies[cookie].value
    visit.page.context.add_cookies([{"name": cookie, "value": mark, "url": live_server.url}])
    addresses |= {name: reverse(name, args=[token]) for name in ("receipt", "withdraw")}
    addresses["searched"] = f"{addresses['review-list']}?word=planted&note={SHORT}"
    shown = 0
    for name, address in addresses.items():
        visit.page.goto(live_server.url + address)
        if visit.page.locator("[data-planted]").count():
            found = visit.page.locator("[data-planted]").first
            visit.wrong.append(f"{name}: {found.evaluate('element => element.outerHTML')[:200]}")
        shown += "data-planted" in visit.page.locator("body").inner_text()
    assert visit.wrong == []
    assert shown >= 6  # it was there to be seen
    visit.page.context.close()


def test_stored_text_is_not_markup_in_the_text_copy_either(send: Callable[..., Response]) -> None:
    response = send({"violence-comment": PLANTED})
    page = sent_from(Client(), response).get(
        reverse("receipt-text", args=[receipt_token(response)])
    )
    assert page["Content-Type"].startswith("text/plain")
    assert page["X-Content-Type-Options"] == "nosniff"


ODD, SEEN = "Zy\x1b[2Jz\x07\x85", "Zy␛[2Jz␇␤"


def test_control_characters_are_symbols_on_every_page_of_staff(
    consultation: Consultation,
    send: Callable[..., Response],
    administrator: User,
    sign_in: Callable[[User], Client],
    exports: object,
) -> None:
    answers = {
        "violence-comment": ODD,
        "missing": ODD,
        "capacity": "organisation",
        "organisation-name": ODD,
    }
    response = send(answers, name=ODD, email="")
    move_review(
        review=response.review, to_state="considered", note=ODD, version=0, by=administrator
    )
    write_batch(batch=seal_batch(consultation=consultation, actor=administrator))
    addresses = {
        name: reverse(name, args=arguments(name, response))
        for name in STAFF
        if name not in {*NOT_LOOKED_AT, "batch-list"}
    }
    letter = f"From: {ODD} <odd@example.org>\nSubject: {ODD}\n\n{ODD}"
    file = default_storage.save("messages/odd.eml", ContentFile(letter.encode()))
    message = Message.objects.create(consultation=consultation, file=file, sha256="1" * 64)
    addresses["message"] = reverse("message", args=[message.pk])
    addresses["key-again"] = reverse("key-again", args=[response.reference])
    addresses["searched"] = f"{addresses['review-list']}?word=Zy"
    Campaign.objects.update(name=ODD)
    Code.objects.update(name=ODD, definition=ODD)
    Consultation.objects.update(title=ODD)
    ada, wrong, seen = sign_in(administrator), [], set()
    for name, address in addresses.items():
        page = ada.get(address, follow=True)
        if not page.headers["Content-Type"].startswith("text/html"):
            continue
        text = re.sub(r"(?s)<textarea.*?</textarea>|<[^>]*>", "", page.content.decode())
        wrong += [name] if CONTROL.search(text) else []
        seen |= {name} if SEEN in text else set()
    assert wrong == []
    assert seen >= {"review-one", "review-list", "redact", "campaign", "code"}


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>a\x1bb</p>", "<p>a␛b</p>"),
        ('<input value="a\x1bb">\x07', '<input value="a\x1bb">␇'),
        ("<textarea>\na\x1bb</textarea>\x7f", "<textarea>\na\x1bb</textarea>␡"),
        ("<TEXTAREA>\x07</TEXTAREA ><p>\x07", "<TEXTAREA>\x07</TEXTAREA ><p>␇"),
        ("a\tb\r\nc", "a\tb\r\nc"),
    ],
)
def test_what_can_be_typed_again_keeps_its_control_characters(html: str, shown: str) -> None:
    assert in_symbols(html) == shown
