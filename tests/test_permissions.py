"""Who may open what: one table, compared with every address there is."""

import time
from collections.abc import Callable
from io import BytesIO
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from consult.models import User
from consult.setting_up.files import begin_file
from responses.dashboard.tallies import tally
from responses.deciding.feeding import make_point_of
from responses.deciding.packs import seal_pack
from responses.deciding.points import change_point, make_point
from responses.exporting.batches import seal_batch
from responses.exporting.extracting import make_due_extracts
from responses.exporting.extracts import ask_for_extract
from responses.exporting.writing import write_batch
from responses.models import (
    BulkChange,
    Bundle,
    Campaign,
    Cluster,
    Code,
    Message,
    Petition,
    Response,
    Transcription,
)
from responses.receipt_tokens import receipt_token
from tests.conftest import PARKS_PLAN, make_person
from tests.responses.deciding.test_packs import READY
from tests.support.mails import CORPUS
from tests.support.points import KEPT

SECRET = "A secret hope."
OF_A_PLAN_FILE: dict[str, list[str]] = {
    "plan-file": [],
    "plan-file-text": [],
    "plan-file-download": [],
    "plan-file-delete": [],
    "publish-plan-file": [],
    "preview": ["open", "parks-at-night/"],
    "plan-file-page": ["about"],
    "plan-file-entry": ["sections", "1"],
}
EVERYBODY_IN = {"reviewer", "analyst", "editor", "administrator", "decision_maker"}
# For each address of the staff's, the roles that are let in. An address without a line here fails
# the test below.
STAFF = {
    "help": {"reviewer", "administrator"},
    "typed": EVERYBODY_IN,
    "forget-typed": EVERYBODY_IN,
    "dashboard": {"reviewer", "analyst", "administrator"},
    "count-now": {"reviewer", "analyst", "administrator"},
    "chart-file": {"reviewer", "analyst", "administrator"},
    "read-next": {"reviewer", "administrator"},
    "read-one": {"reviewer", "administrator"},
    "reading-pace": {"reviewer", "administrator"},
    "who-is-here": {"reviewer", "administrator"},
    "review-list": {"reviewer", "administrator"},
    "review-one": {"reviewer", "administrator"},
    "bulk-list": {"reviewer", "administrator"},
    "bulk-new": {"reviewer", "administrator"},
    "bulk-one": {"reviewer", "administrator"},
    "bulk-undo": {"reviewer", "administrator"},
    "campaign-list": {"reviewer", "administrator"},
    "search-now": {"reviewer", "administrator"},
    "cluster": {"reviewer", "administrator"},
    "campaign": {"reviewer", "administrator"},
    "change-campaign": {"reviewer", "administrator"},
    "code-questions": {"reviewer", "administrator"},
    "answer-grid": {"reviewer", "administrator"},
    "codebook": {"reviewer", "administrator"},
    "codebook-file": {"reviewer", "administrator"},
    "take-codebook": {"reviewer", "administrator"},
    "code": {"reviewer", "administrator"},
    "code-answers": {"reviewer", "administrator"},
    "points": {"reviewer", "administrator"},
    "register": {"reviewer", "administrator"},
    "nowhere": {"reviewer", "administrator"},
    "same-letters": {"reviewer", "administrator"},
    "weigh": {"reviewer", "administrator"},
    "point": {"reviewer", "administrator"},
    "seal-pack": {"reviewer", "administrator"},
    "publish-outcomes": {"administrator"},
    "report": {"reviewer", "analyst", "administrator"},
    "report-file": {"reviewer", "analyst", "administrator"},
    "packs-to-decide": {"decision_maker", "administrator"},
    "pack": {"decision_maker", "administrator"},
    "pack-point": {"decision_maker", "administrator"},
    "pack-file": {"decision_maker", "administrator"},
    "redact": {"reviewer", "administrator"},
    "publication": {"reviewer", "administrator"},
    "change-publication": {"administrator"},
    "entering": {"reviewer", "administrator"},
    "enter": {"reviewer", "administrator"},
    "take-up-mailbox": {"reviewer", "administrator"},
    "entered": {"reviewer", "administrator"},
    "bundle-list": {"reviewer", "administrator"},
    "bundle-template": {"reviewer", "administrator"},
    "bundle-letter": {"reviewer", "administrator"},
    "bundle": {"reviewer", "administrator"},
    "bundle-row": {"reviewer", "administrator"},
    "petition-list": {"reviewer", "administrator"},
    "petition": {"reviewer", "administrator"},
    "forget-organiser": {"administrator"},
    "bundle-undo": {"reviewer", "administrator"},
    "key-again": {"reviewer", "administrator"},
    "attached-file": {"reviewer", "administrator"},
    "message": {"reviewer", "administrator"},
    "message-original": {"reviewer", "administrator"},
    "message-part": {"reviewer", "administrator"},
    "take-up-forwarded": {"reviewer", "administrator"},
    "message-list": {"reviewer", "administrator"},
    "reopen-message": {"reviewer", "administrator"},
    "batch-list": {"analyst", "administrator"},
    "batch-file": {"analyst", "administrator"},
    "batch-now": {"analyst", "administrator"},
    "extract-list": {"analyst", "administrator"},
    "ask-for-extract": {"analyst", "administrator"},
    "extract-file": {"analyst", "administrator"},
    "acknowledge": {"analyst", "administrator"},
    "send-again": {"analyst", "administrator"},
    "people": {"administrator"},
    "person-pack": {"administrator"},
    "erase": {"administrator"},
    "erase-found": {"administrator"},
    "set-up": {"editor", "administrator"},
    "begin-plan-file": {"editor", "administrator"},
    "plan-file": {"editor", "administrator"},
    "plan-file-text": {"editor", "administrator"},
    "plan-file-download": {"editor", "administrator"},
    "plan-file-delete": {"editor", "administrator"},
    "publish-plan-file": {"editor", "administrator"},
    "preview": {"editor", "administrator"},
    "plan-file-page": {"editor", "administrator"},
    "plan-file-entry": {"editor", "administrator"},
    "set-up-consultation": {"editor", "administrator"},
    "change-consultation": {"editor", "administrator"},
    "account-list": {"administrator"},
    "account-new": {"administrator"},
    "account": {"administrator"},
    "trail": {"administrator"},
    "trail-file": {"administrator"},
    "undelivered": {"reviewer", "administrator"},
    "undelivered-again": {"reviewer", "administrator"},
    "books": {"analyst", "administrator"},
    "books-now": {"analyst", "administrator"},
    "staff-home": EVERYBODY_IN,
    "new-password": EVERYBODY_IN,
    "sessions": EVERYBODY_IN,
    "account-sessions": {"administrator"},
    "second-person": EVERYBODY_IN,
    "confirm": EVERYBODY_IN,
    "second-factor": EVERYBODY_IN,
}
# The administration has names of its own, and its pages are tried one by one where it is tested.
ADMINISTRATION = {"admin:index": {"editor", "administrator"}}
# What anyone may open, some of it with an unguessable address or the browser's own draft.
PUBLIC = {
    *{
        "home",
        "health-live",
        "health-ready",
        "metrics",
        "start",
        "section",
        "recommendation",
        "how-to-respond",
        "sources",
        "closing-event",
        "short-address",
        "share",
        "poster",
        "outcome",
        "questions-word",
        "questions-text",
    },
    *{
        "tasks",
        "part",
        "short",
        "save",
        "later",
        "come-back",
        "end-reminders",
        "read-draft",
        "read-draft-word",
        "draft-word",
        "draft-text",
        "another",
        "files",
        "remove-file",
        "before-you-start",
        "delete-answers",
        "leave",
        "check",
        "send",
        "discard",
        "sign-in",
        "sign-in-code",
        "sign-out",
        # A token names the writer, whose session may have ended.
        "keep-typed",
    },
    *{
        "robots",
        "site-colour",
        "favicon",
        "security-contact",
        "accessibility",
        "privacy",
        "safety",
        "security",
    },
    "cookies",
    *{"consultation-privacy", "paper-form", "paper-form-pdf"},
    *{
        "receipt",
        "show-receipt",
        "not-me",
        "receipt-text",
        "receipt-pdf",
        "amend",
        "withdraw",
        "equality",
        "correct-address",
    },
    *{"outcome-points", "own-points"},
    *{"signing-keys", "published-responses", "published-file"},
}
POSTED = {
    "take-codebook",
    "publish-outcomes",
    "same-letters",
    "plan-file-delete",
    "change-consultation",
    "batch-now",
    "ask-for-extract",
    "acknowledge",
    "send-again",
    "undelivered-again",
    "books-now",
    "search-now",
    "bulk-undo",
    "change-campaign",
    "count-now",
    "take-up-mailbox",
    "take-up-forwarded",
    "reopen-message",
    "forget-typed",
    "bundle-undo",
    "forget-organiser",
    "change-publication",
}

# What one role was given to code is in hand for the next.
LEADS_ON = POSTED | {"code-answers", "read-next", "staff-home", "weigh"}


def someone(username: str, role: str = "reviewer") -> User:
    """The same person for each address that needs one."""
    return User.objects.filter(username=username).first() or make_person(username, role)


def sealed_for(response: Response, name: str) -> list[object]:
    """Seal a pack with a point that the response makes; the rest of an address of its pages."""
    by = someone("paul")
    made = make_point_of(
        response=response,
        question="missing",
        passage="",
        part="general",
        sentence="More clubs.",
        by=by,
    )
    change_point(
        point=made,
        version=1,
        by=by,
        part="general",
        sentence="More clubs.",
        analysis="",
        answer="We agree.",
        change="none",
        old_wording="",
        new_wording="",
        ready=True,
        owner=None,
    )
    seal_pack(
        consultation=response.consultation,
        summary="What they said.",
        by=by,
        unweighed_reason="These are the answers of tests.",
    )
    return {"pack": [], "pack-point": [1], "pack-file": ["pack.html"]}[name]


def arguments(name: str, response: Response) -> list[object]:
    slug = response.consultation.slug
    shared = {"consultation": response.consultation, "sample": response, "question": "missing"}
    if name == "cluster":
        return [Cluster.objects.create(**shared, responses=1, texts=1, people=1).pk]
    if name in OF_A_PLAN_FILE:
        file = begin_file(text=PARKS_PLAN.read_text(), actor=None)
        return [file.pk, *OF_A_PLAN_FILE[name]]
    if name == "forget-typed":
        return [1]
    if name in {"petition", "forget-organiser"}:
        signed = {"title": "Lights", "text": "Light them.", "signatures": 2, "channel": "post"}
        clerk, day = someone("clerk", "reviewer"), timezone.localdate()
        known = {"consultation": response.consultation, "number": 1, "by": clerk}
        return [Petition.objects.create(**signed, **known, received_on=day).pk]
    if name in {"bundle", "bundle-row", "bundle-undo"}:
        clerk = someone("clerk", "reviewer")
        known = {"consultation": response.consultation, "edition": response.edition}
        made = Bundle.objects.create(**known, key=uuid4(), kind="sheets", by=clerk)
        said = {"raw": {"missing": "Light the canal."}, "channel": "post"}
        row = made.rows.create(number=2, fields=said, why="It could not be taken.")
        return [row.pk if name == "bundle-row" else made.pk]
    if name in {"campaign", "change-campaign"}:
        return [Campaign.objects.create(**shared, name="Youth workers").pk]
    if name in {"account", "account-sessions"}:
        return [someone(f"clem-of-{name}", "analyst").pk]
    if name in {"bulk-one", "bulk-undo"}:
        seen = {"looked_at": timezone.now(), "highest": response.pk, "seen": 1, "seen_changes": 1}
        return [
            BulkChange.objects.create(
                key=uuid4(), by=someone("clara", "reviewer"), act="read", **seen
            ).pk
        ]
    if name == "code":
        return [
            slug,
            "missing",
            Code.objects.create(
                consultation=response.consultation, question="missing", name="Youth work"
            ).pk,
        ]
    if name == "chart-file":
        tally(consultation=response.consultation)
        return [slug, "borough", "csv"]
    if name in {"entered", "key-again", "attached-file"}:
        keyed = Transcription.objects.create(
            response=response,
            received_on=timezone.localdate(),
            keyed_by=someone("ben", "reviewer"),
        )
        file = default_storage.save("attachments/scan.pdf", ContentFile(b"%PDF-"))
        scan = keyed.attachments.create(
            file=file, kind="application/pdf", bytes=5, sha256="0" * 64, by=keyed.keyed_by
        )
        return [scan.pk if name == "attached-file" else response.reference]
    if name == "extract-file":
        extract = ask_for_extract(
            consultation=response.consultation, query=None, actor=someone("cleo", "analyst")
        )
        make_due_extracts()
        return [extract.pk]
    if name in {
        "message",
        "message-original",
        "message-part",
        "take-up-forwarded",
        "reopen-message",
    }:
        raw = CORPUS["two forwarded messages and no words"].raw.replace(b"Lights", SECRET.encode())
        file = default_storage.save("messages/one.eml", ContentFile(raw))
        message = Message.objects.create(
            consultation=response.consultation, file=file, sha256="0" * 64
        )
        return [message.pk, 0] if name in {"message-part", "take-up-forwarded"} else [message.pk]
    if name in {"set-up-consultation", "change-consultation"}:
        return [slug]
    if name in {"enter", "take-up-mailbox", "change-publication", "message-list"}:
        return [slug]
    if name == "same-letters":
        return [slug, Campaign.objects.create(**shared, name="Youth workers").pk]
    if name in {"pack", "pack-point", "pack-file"}:
        return [slug, 1, *sealed_for(response, name)]
    if name == "report-file":
        return [slug, "report.html"]
    if name in {"register", "nowhere", "weigh", "seal-pack", "report", "publish-outcomes"}:
        return [slug]
    if name == "point":
        petra, sentence = someone("petra", "reviewer"), "More clubs."
        made = make_point(
            consultation=response.consultation, part="general", sentence=sentence, by=petra
        )
        # No pack is sealed while a point is not ready.
        change_point(point=made, version=1, by=petra, **{**KEPT, **READY, "sentence": sentence})
        return [slug, made.number]
    if name in {"answer-grid", "codebook", "code-answers", "take-codebook"}:
        return [slug, "missing"]
    if name == "codebook-file":
        return [slug, "missing", "csv"]
    return {
        "review-one": [response.reference],
        "read-one": [response.reference],
        "redact": [response.reference],
        "bundle-list": [slug],
        "petition-list": [slug],
        "bundle-letter": [slug],
        "bundle-template": [slug, "sheets"],
        "erase": [response.reference],
        "batch-file": [slug, 1, "responses.csv"],
        "acknowledge": [slug, 1],
        "send-again": [slug, 1],
    }.get(name, [])


def test_every_url_has_a_line_in_the_table() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert names == {*STAFF, *PUBLIC}


@pytest.mark.parametrize("name", [*STAFF, *ADMINISTRATION])
def test_each_url_opens_for_the_roles_in_its_line_and_no_others(
    name: str,
    send: Callable[..., Response],
    request: pytest.FixtureRequest,
    sign_in: Callable[[User], Client],
    outsider: Client,
    exports: object,
) -> None:
    response = send({"missing": SECRET})
    write_batch(batch=seal_batch(consultation=response.consultation, actor=None))
    address = reverse(name, args=arguments(name, response))
    if name == "person-pack":
        address += f"?reference={response.reference}"
    let_in = set()
    for role in sorted(EVERYBODY_IN):
        client = sign_in(request.getfixturevalue(role))
        # Some ask for the password again, which is tried where they are tested.
        session = client.session
        session["confirmed_at"] = int(time.time())
        session.save()
        page = (
            client.post(address, {"consultation": response.consultation.slug})
            if name in POSTED
            else client.get(address)
        )
        if page.status_code == 200 or (name in LEADS_ON and page.status_code == 302):
            let_in.add(role)
        else:
            assert page.status_code in {302, 403}
            assert SECRET not in page.content.decode()
    assert let_in == (STAFF | ADMINISTRATION)[name]
    page = (
        outsider.post(address, follow=True)
        if name in POSTED
        else outsider.get(address, follow=True)
    )
    assert page.redirect_chain[-1][0].startswith(reverse("sign-in"))


def test_an_analyst_sees_no_contact_details_on_any_page_or_in_any_file(
    send: Callable[..., Response], analyst: User, sign_in: Callable[[User], Client], exports: object
) -> None:
    response = send(name="Rita Respondent", email="rita@example.org")
    batch = seal_batch(consultation=response.consultation, actor=None)
    write_batch(batch=batch)
    client = sign_in(analyst)
    pages = [client.get(reverse(name)).content for name in ("batch-list", "books")]
    names = [file["name"] for file in batch.files if "/" not in file["name"]]
    files = [
        b"".join(client.get(reverse("batch-file", args=[response.consultation.slug, 1, name])))
        for name in names
    ]
    with ZipFile(
        BytesIO(
            b"".join(
                client.get(reverse("batch-file", args=[response.consultation.slug, 1, "pack.zip"]))
            )
        )
    ) as pack:
        files += map(pack.read, pack.namelist())
    for content in (*pages, *files):
        assert b"rita@example.org" not in content
        assert b"Rita Respondent" not in content
    assert len(files) == len(names) + len(batch.files)


def test_neither_reference_nor_database_gives_a_receipts_address(
    send: Callable[..., Response],
) -> None:
    response = send()
    token = receipt_token(response)
    for guess in (
        response.reference,
        response.receipt_hash,
        response.digest,
        str(response.pk),
        token[:-1],
        token.swapcase(),
    ):
        assert Client().get(reverse("receipt", args=[guess])).status_code == 404
