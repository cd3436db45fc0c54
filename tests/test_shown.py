"""Every form of staff's says what its page showed, and acts on that or on nothing."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree.ElementTree import Element

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve, reverse
from django.urls.converters import IntConverter
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.addresses import delivery as destination
from consult.models import User
from consult.shown import ChangedSinceShown, fingerprint_of, refuse_changed
from consult.staff.accounts import reset_password
from responses.exporting.acknowledging import queue_delivery
from responses.exporting.batches import seal_batch
from responses.exporting.extracts import ask_for_extract
from responses.exporting.writing import write_batch
from responses.models import (
    BatchMember,
    BulkChange,
    Campaign,
    CampaignMember,
    CampaignStep,
    Cluster,
    ClusterMember,
    Code,
    CodedAnswer,
    Coding,
    Confirmation,
    Delivery,
    Draft,
    Message,
    PublishedSet,
    Response,
    ReviewStep,
    SavedFilter,
    SecondKeying,
    Transcription,
)
from responses.reviewing.campaign_steps import campaign_shown
from responses.reviewing.campaigns import name_campaign, rename_campaign, suggested_shown
from responses.reviewing.codebooks import change_code, make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.publication import publish_set
from responses.reviewing.transcribing import reopen_message, set_message_aside
from tests.conftest import make_person
from tests.responses.reviewing.test_bulk_pages import hidden_of
from tests.responses.reviewing.test_reading import amend
from tests.support.mails import CORPUS
from tests.support.pressing import SHOWN, fields_of, forms_of

SignIn = Callable[[User], Client]
# Forms that carry nothing of what their page showed, and why they need not. The name of the address
# that they post to, with the value of the button where one address does several things.
NEEDS_NONE = {
    "review-list": "Only someone's own saved filters, which nobody else can change.",
    "search-now": "Starts a search; changes nothing that people decided.",
    "count-now": "Starts counting; changes nothing.",
    "books-now": "Starts the check; changes nothing.",
    "ask-for-extract": "Makes a copy of what is there when it is made.",
    "undelivered-again": "Tries again what was given up, and only where it still is.",
    "codebook": "Adds a code under a name that is free, or draws a sample.",
    "take-up-mailbox": "Adds messages; the same one twice is the same one.",
    "take-up-forwarded": "Adds a message; the same one twice is the same one.",
    "take-codebook": "Adds codes under names that are free, as its page lists them first.",
    "bulk-new": "Shows first what would change; the next step carries that, as tried below.",
    "bulk-undo": "A change is undone once, whatever its page said of how far it was.",
    "account-new": "Adds an account under a name that is free.",
    "account:unlock": "Accepts codes again; nothing if the lock has gone.",
    "account-sessions": "Ends sessions: one by its name, or all there are.",
    "sessions": "One's own sessions.",
    "new-password": "One's own password.",
    "second-factor": "One's own phone.",
    "confirm": "One's own password, again.",
    "people": "A search by POST, so that words are in no address.",
    "second-person": "A request never changes; it is decided once.",
    "sign-in": "Nobody is signed in yet.",
    "sign-in-code": "Nobody is signed in yet.",
    "sign-out": "One's own session.",
    "keep-typed": "Keeps what one types oneself, before it is sent.",
    "staff-home": "Nothing to change.",
}

# Pages whose forms are tried where they are tested.
TRIED_ELSEWHERE = {
    "answer-grid": "test_what_was_changed_meanwhile_comes_again_and_the_rest_is_saved",
    "read-one": "test_nothing_is_done_to_what_was_changed_or_decided_meanwhile",
    "weigh": "test_weighing_what_was_changed_meanwhile_saves_nothing",
    "nowhere": "test_weighing_what_was_changed_meanwhile_saves_nothing",
    "same-letters": "test_a_passage_is_of_the_version_that_the_page_showed",
    "seal-pack": "Seals what is there as a new pack; the next one can say otherwise.",
    "pack-point": "Decided on a sealed pack, which never changes.",
    "point": "test_the_second_of_two_who_change_a_point_is_told",
    "register": "Adds a point; nothing that is there changes.",
    "forget-typed": "Only what one typed oneself.",
    "set-up-consultation": "test_what_a_colleague_changed_meanwhile_is_shown_first",
    "preview": "Shows a draft as the public would see it.",
    "change-consultation": "Begins a copy of the plan file.",
    "begin-plan-file": "Adds a plan file.",
    "plan-file-text": "test_a_file_changed_since_the_page_was_shown_is_not_published",
    "plan-file-page": "test_an_entry_that_moved_is_not_changed_in_place_of_another",
    "plan-file-entry": "test_an_entry_that_moved_is_not_changed_in_place_of_another",
    "publish-plan-file": "test_a_file_changed_since_the_page_was_shown_is_not_published",
    "plan-file-delete": "Can be put back, as it was.",
    "petition-list": "Adds a petition.",
    "petition": "Corrects the version that its address names, or is refused.",
    "forget-organiser": "Removes an organiser's details; there is nothing else to do to them.",
    "bundle-list": "Loads letters; the same file again is the same letters.",
    "bundle-letter": "Adds a letter to a bundle.",
    "bundle": "A bundle is decided once, in the state that its row is in.",
    "bundle-row": "test_a_row_cannot_be_received_twice_nor_out_of_an_undone_bundle",
    "publish-outcomes": "test_what_was_decided_since_the_page_was_opened_is_not_published",
    "bundle-undo": "A bundle is undone once, in the state that its row is in.",
}


@dataclass
class World:
    """Something of everything that staff act on."""

    response: Response
    code: Code
    cluster: Cluster
    campaign: Campaign
    message: Message
    draft: Draft
    colleague: User

    def pages(self) -> dict[str, str]:
        """Every page of staff's that has a form, by its name."""
        slug, reference = self.response.consultation.slug, self.response.reference
        here = [slug, "missing"]
        alone = [
            *("review-list", "campaign-list", "code-questions", "publication", "entering"),
            *("batch-list", "extract-list", "people", "account-list", "account-new", "trail"),
            *("undelivered", "books", "dashboard", "sessions", "second-person", "new-password"),
            *("second-factor", "bulk-list", "help", "staff-home", "confirm"),
        ]
        of_one = ["review-one", "redact", "entered", "key-again", "erase"]
        found = f"?draft={self.draft.pk}&letter={self.message.pk}"
        return {
            **{name: reverse(name) for name in alone},
            **{name: reverse(name, args=[reference]) for name in of_one},
            "code-answers": f"{reverse('code-answers', args=here)}?reference={reference}",
            "answer-grid": reverse("answer-grid", args=here),
            "codebook": reverse("codebook", args=here),
            "code": reverse("code", args=[*here, self.code.pk]),
            "cluster": reverse("cluster", args=[self.cluster.pk]),
            "campaign": reverse("campaign", args=[self.campaign.pk]),
            "message": reverse("message", args=[self.message.pk]),
            "message-list": reverse("message-list", args=[slug]),
            "enter": f"{reverse('enter', args=[slug])}?message={self.message.pk}",
            "erase-found": f"{reverse('erase-found')}{found}",
            "account": reverse("account", args=[self.colleague.pk]),
            "account-sessions": reverse("account-sessions", args=[self.colleague.pk]),
        }


@pytest.fixture
def world(
    send: Callable[..., Response],
    reviewer: User,
    exports: object,
    settings: Settings,
    tmp_path: Path,
) -> World:
    there = destination(f"file://{tmp_path / 'at-mopac'}")
    settings.STORAGES = {**settings.STORAGES, "delivery": there}
    response = send({"missing": "More youth clubs."}, name="Rita", email="rita@example.org")
    consultation = response.consultation
    Confirmation.objects.update(state="failed", reason="550")
    keyed = Transcription.objects.create(
        response=response,
        received_on=timezone.localdate(),
        keyed_by=make_person("ben", "reviewer"),
    )
    code = make_code(
        consultation=consultation,
        question="missing",
        name="Youth work",
        group="",
        definition="",
        by=reviewer,
    )
    shared: dict[str, Any] = {
        "consultation": consultation,
        "sample": response,
        "question": "missing",
    }
    cluster = Cluster.objects.create(**shared, responses=1, texts=1, people=1)
    ClusterMember.objects.create(
        cluster=cluster, response=response, question="missing", print="0" * 32
    )
    campaign = name_campaign(cluster=cluster, name="Clubs", by=reviewer)
    raw = CORPUS["two forwarded messages and no words"].raw
    message = Message.objects.create(
        consultation=consultation,
        file=default_storage.save("messages/one.eml", ContentFile(raw)),
        sha256="0" * 64,
    )
    draft = Draft.objects.create(
        consultation=consultation, token_hash="0" * 64, submission_key=uuid4()
    )
    SavedFilter.objects.create(by=reviewer, name="Mine", query="state=new")
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    queue_delivery(batch)
    Delivery.objects.update(state="delivered")
    ask_for_extract(consultation=consultation, query=None, actor=reviewer)
    return World(response, code, cluster, campaign, message, draft, keyed.keyed_by)


@pytest.fixture
def adam(administrator: User, sign_in: SignIn) -> Client:
    """An administrator who has entered the password again."""
    client = sign_in(administrator)
    session = client.session
    session["confirmed_at"] = int(time.time())
    session.save()
    return client


def patterns_of(rows: list[Any]) -> Iterator[URLPattern]:
    """Every address of the service, also those that are kept in another file."""
    for row in rows:
        if isinstance(row, URLPattern):
            yield row
        elif not str(row.pattern).startswith("admin/"):
            yield from patterns_of(row.url_patterns)


def names_of(page: Any, address: str) -> dict[str, set[str]]:
    """For each form of a page, what it says of what was shown; by the address it posts to, and its
    button.
    """
    found: dict[str, set[str]] = {}
    for form in forms_of(page):
        name = resolve((form.get("action") or address).partition("?")[0]).url_name or ""
        said = {one.get("name", "") for one in form.iter("input")} & SHOWN
        buttons = [one.get("value", "") for one in form.iter("button") if one.get("name") == "do"]
        for button in buttons or [""]:
            found[f"{name}:{button}" if button else name] = said
    return found


def test_every_form_of_staff_says_what_it_showed_or_why_it_need_not(
    world: World, adam: Client
) -> None:
    said: dict[str, set[str]] = {}
    for address in world.pages().values():
        page = adam.get(address)
        assert page.status_code in {200, 302}, address
        if page.status_code == 200:
            said |= names_of(page, address)
    set_message_aside(message=world.message, reason="Not one.", by=world.colleague)
    said |= names_of(adam.get(world.pages()["message"]), "")
    silent = {name for name, fields in said.items() if not fields}
    unexplained = {
        name
        for name in silent
        if name not in NEEDS_NONE and name.partition(":")[0] not in NEEDS_NONE
    }
    assert unexplained == set()
    assert len(said.keys() - silent) > 15
    # Nothing of staff's takes a form that no page above has.
    met = {name.partition(":")[0] for name in said} | world.pages().keys()
    unknown = []
    for pattern in patterns_of(get_resolver().url_patterns):
        name, converters = pattern.name, pattern.pattern.converters
        if not str(pattern.pattern).startswith("staff/") or name in {
            *met,
            *NEEDS_NONE,
            *TRIED_ELSEWHERE,
        }:
            continue
        given = [1 if isinstance(one, IntConverter) else "x" for one in converters.values()]
        if adam.post(reverse(name, args=given)).status_code != 405:
            unknown.append(name)
    assert unknown == []


ACTED_ON = [
    *[BatchMember, Campaign, CampaignMember, CampaignStep, Code, Coding, CodedAnswer, Delivery],
    *[Draft, Message, PublishedSet, Response, ReviewStep],
]


def everything() -> dict[str, object]:
    """All that the forms of this page act on, without when each account was last used."""
    rows = {table.__name__: list(table.objects.order_by("pk").values()) for table in ACTED_ON}
    users = User.objects.order_by("pk")
    return rows | {
        "users": list(users.values("role", "is_active", "takes_contacts", "password")),
    }


def of_campaign(world: World) -> None:
    rename_campaign(campaign=world.campaign, name="Colleague's", by=world.colleague)


def of_cluster(world: World) -> None:
    name_campaign(cluster=world.cluster, name="Colleague's", by=world.colleague)


def of_message(world: World) -> None:
    set_message_aside(message=world.message, reason="Not one.", by=world.colleague)
    reopen_message(message=world.message, reason="It is one.", by=world.colleague)


def of_message_aside(world: World) -> None:
    reopen_message(message=world.message, reason="It is one.", by=world.colleague)
    set_message_aside(message=world.message, reason="Not one, really.", by=world.colleague)


def of_account(world: World) -> None:
    User.objects.filter(pk=world.colleague.pk).update(role="analyst", takes_contacts=True)


def of_password(world: World) -> None:
    reset_password(user=world.colleague, actor=None)


def of_publication(world: World) -> None:
    publish_set(consultation=world.response.consultation, by=world.colleague)


def of_code(world: World) -> None:
    change_code(
        code=world.code,
        name="Youth work",
        group="",
        definition="Only clubs.",
        retired=False,
        version=world.code.version,
        by=world.colleague,
    )


def of_retired_code(world: World) -> None:
    Code.objects.filter(pk=world.code.pk).update(retired=True, version=2)


def of_draft(world: World) -> None:
    Draft.objects.filter(pk=world.draft.pk).update(revision=7)


def of_delivery(world: World) -> None:
    Delivery.objects.update(sendings=F("sendings") + 1)


def of_batch(world: World) -> None:
    seal_batch(consultation=world.response.consultation, actor=world.colleague)


def of_response(world: World) -> None:
    amend(world.response)


# What someone else does while a page is open; the page, the addresses that its forms post to, and
# what is typed there, which must not be lost.
MEANWHILE: dict[str, tuple[Callable[[World], None], str, str, dict[str, str]]] = {
    "campaign": (of_campaign, "campaign", "", {"name": "My name", "reference": "PCP-XXXX"}),
    "cluster": (of_cluster, "cluster", "", {"name": "My name"}),
    "message": (of_message, "message", "", {"reason": "A long reason"}),
    "message set aside": (of_message_aside, "message", "", {"reason": "A long reason"}),
    "account": (of_account, "account", "", {}),
    "password": (of_password, "account", "", {}),
    "publication": (of_publication, "publication", "", {}),
    "code": (of_code, "code", "", {"definition": "A long definition"}),
    "coding": (of_code, "code-answers", "", {"passage": "youth clubs"}),
    "retired code": (of_retired_code, "code-answers", "", {"passage": "youth clubs"}),
    "draft": (of_draft, "erase-found", "", {"why": "asked by letter"}),
    "response": (of_response, "erase", "", {"why": "asked by letter"}),
    "delivery": (of_delivery, "batch-list", "a", {}),
    "batch": (of_batch, "batch-list", "now/", {}),
}


def chosen(form: Element) -> dict[str, str]:
    """The first of each group of boxes, so that the form would do something."""
    boxes = [one for one in form.iter("input") if one.get("type") in {"checkbox", "radio"}]
    return {one.get("name", ""): one.get("value", "on") for one in reversed(boxes)}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_changed_while_a_page_was_open_is_not_acted_on(
    world: World, adam: Client, what: str
) -> None:
    meanwhile, name, to_which, typed = MEANWHILE[what]
    if what == "message set aside":
        set_message_aside(message=world.message, reason="Not one.", by=world.colleague)
    address = world.pages()[name]
    forms = [form for form in forms_of(adam.get(address)) if SHOWN & fields_of(form).keys()]
    meanwhile(world)
    before, tried = everything(), 0
    for form in forms:
        to = form.get("action") or address
        if not to.rpartition("/")[0].rpartition("/")[2].startswith(to_which.strip("/")):
            continue
        for button in form.iter("button"):
            filled = fields_of(form) | chosen(form)
            filled |= {name: words for name, words in typed.items() if name in filled}
            filled |= {"do": button.get("value", "")} if button.get("name") else {}
            filled |= {"typed": world.response.reference} if name == "erase" else {}
            bare = {field: said for field, said in filled.items() if field not in SHOWN}
            for sent in (filled, bare):
                page = adam.post(to, sent, follow=True)
                assert everything() == before, sent
                words = unescape(page.content.decode())
                assert all(said in words for field, said in typed.items() if field in sent), sent
                tried += 1
    assert tried >= 2


def test_a_form_without_a_fingerprint_is_refused_and_a_command_is_not() -> None:
    now = fingerprint_of("reviewer", True)
    assert now == fingerprint_of("reviewer", True) != fingerprint_of("reviewer", False)
    for shown in ("", "x", fingerprint_of("reviewer", False)):
        with pytest.raises(ChangedSinceShown):
            refuse_changed(shown=shown, now=now)
    refuse_changed(shown=now, now=now)
    refuse_changed(shown=None, now=now)


def test_other_suggestions_than_those_shown_are_not_added(world: World, adam: Client) -> None:
    shown = campaign_shown(world.campaign)
    change = reverse("change-campaign", args=[world.campaign.pk])
    sent = {"do": "add-suggested", "shown": shown, "suggested": fingerprint_of([1, 2, 3])}
    assert adam.post(change, sent).status_code == 409
    sent["suggested"] = suggested_shown(world.campaign)
    assert adam.post(change, sent).status_code == 302


def test_a_code_that_is_given_no_more_stays_where_it_was(
    world: World, adam: Client, administrator: User
) -> None:
    code_answer(response=world.response, question="missing", codes=[world.code], by=administrator)
    of_retired_code(world)
    address = world.pages()["code-answers"]
    assert adam.post(address, fields_of(forms_of(adam.get(address))[0])).status_code == 302
    assert Coding.objects.get().removed_at is None


def test_a_bulk_change_shows_again_what_its_code_means_now(world: World, adam: Client) -> None:
    address = f"{reverse('bulk-new')}?word=clubs"
    asked = {"act": "code", "code": str(world.code.pk)}
    agreed = hidden_of(adam.post(address, asked).content.decode())
    of_code(world)
    page = adam.post(address, agreed)
    assert (page.status_code, BulkChange.objects.count()) == (200, 0)
    agreed = hidden_of(page.content.decode())
    assert adam.post(address, agreed).status_code == 302
    assert BulkChange.objects.get().code == world.code


def test_who_keys_a_letter_that_was_settled_meanwhile_keeps_their_words(
    world: World, adam: Client, reviewer: User
) -> None:
    address = world.pages()["key-again"]
    (form,) = forms_of(adam.get(address))
    SecondKeying.objects.create(
        transcription=Transcription.objects.get(), by=reviewer, outcome="agreed"
    )
    page = adam.post(address, fields_of(form) | {"missing": "Twenty minutes of typing."})
    assert page.status_code == 409
    assert "Twenty minutes of typing." in page.content.decode()
    assert "has keyed it again already" in page.content.decode()
    assert SecondKeying.objects.count() == 1
