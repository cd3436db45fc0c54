"""What reviewers are told when something cannot be done: the reason in words, nothing changed, and
what they typed still there.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.models import (
    Attachment,
    Campaign,
    Cluster,
    Code,
    Message,
    Response,
    SavedFilter,
    SecondCoding,
    SecondKeying,
)
from responses.reviewing.campaign_steps import campaign_shown
from responses.reviewing.campaigns import (
    add_response,
    cluster_shown,
    name_campaign,
    rename_campaign,
)
from responses.reviewing.clusters import find_clusters
from responses.reviewing.codebooks import change_code, make_code
from responses.reviewing.coding import code_answer
from responses.reviewing.mailboxes import load_mailbox
from responses.reviewing.transcribing import message_shown, set_message_aside
from tests.conftest import make_person

Send = Callable[..., Response]
ALL_INDIVIDUALS = "?" + "answer=capacity%3Dindividual&" * 90
LETTER = "Please put a youth worker in every ward of London, and keep the ones that we have now."


@pytest.fixture
def rosa(reviewer: User, sign_in: Callable[[User], Client]) -> Client:
    """Rosa the reviewer at her browser."""
    return sign_in(reviewer)


def told(client: Client, address: str, typed: dict[str, object] | None = None) -> str:
    """What a page says once a form is sent, on the page to which that leads."""
    return client.post(address, typed or {}, follow=True).content.decode()


# Codebooks


def test_a_code_without_a_name_is_not_made_and_its_meaning_stays_typed(
    consultation: Consultation, rosa: Client
) -> None:
    address = reverse("codebook", args=[consultation.slug, "missing"])
    page = told(rosa, address, {"name": " ", "definition": "Anything about buses"})
    assert "Give the code a name." in page
    assert "Anything about buses" in page
    assert not Code.objects.exists()


def test_a_second_code_of_one_name_is_refused(
    consultation: Consultation, code: Code, rosa: Client
) -> None:
    address = reverse("codebook", args=[consultation.slug, "missing"])
    page = told(rosa, address, {"name": code.name.upper(), "definition": "Other clubs"})
    assert "Another code of this question has this name." in page
    assert "Other clubs" in page
    assert Code.objects.get() == code


@pytest.mark.parametrize(
    ("name", "problem"),
    [("", "Give the code a name."), ("buses", "Another code of this question has this name.")],
)
def test_a_code_keeps_its_name_if_the_new_one_will_not_do(
    consultation: Consultation, reviewer: User, code: Code, rosa: Client, name: str, problem: str
) -> None:
    make_code(
        consultation=consultation,
        question="missing",
        name="Buses",
        group="",
        definition="",
        by=reviewer,
    )
    address = reverse("code", args=[consultation.slug, "missing", code.pk])
    typed = {"name": name, "definition": "Typed by Rosa", "version": code.version}
    page = told(rosa, address, typed)
    assert problem in page
    assert "Typed by Rosa" in page
    code.refresh_from_db()
    assert (code.name, code.version) == ("Clubs", 1)


def test_a_code_that_a_colleague_changed_is_saved_only_when_asked_again(
    consultation: Consultation, analyst: User, code: Code, rosa: Client
) -> None:
    address = reverse("code", args=[consultation.slug, "missing", code.pk])
    typed = {"name": "Youth clubs", "group": "", "definition": "", "version": code.version}
    change_code(
        code=code,
        name="Clubs for all",
        group="",
        definition="",
        retired=False,
        version=code.version,
        by=analyst,
    )
    page = told(rosa, address, typed)
    assert "Someone else has changed this code" in page
    assert "Youth clubs" in page
    assert Code.objects.get().name == "Clubs for all"
    assert "The code is changed." in told(rosa, address, typed | {"version": 2})
    assert Code.objects.get().name == "Youth clubs"


def test_a_second_coding_needs_answers_that_a_colleague_has_coded(
    consultation: Consultation, send: Send, reviewer: User, code: Code, rosa: Client
) -> None:
    response = send({"missing": "Clubs in every ward."})
    code_answer(response=response, question="missing", codes=[code], by=reviewer)
    address = reverse("codebook", args=[consultation.slug, "missing"])
    page = told(rosa, address, {"do": "draw", "size": "50"})
    assert "Nobody else has coded an answer that you have not." in page
    assert not SecondCoding.objects.exists()


# Campaigns


@pytest.fixture
def cluster(consultation: Consultation, send: Send) -> Cluster:
    """Two people who sent the same letter, as the search found them."""
    for name in ("Ann", "Ben"):
        send({"missing": LETTER}, email=f"{name.lower()}@example.org")
    find_clusters(consultation=consultation)
    return Cluster.objects.get()


@pytest.fixture
def campaign(cluster: Cluster, reviewer: User) -> Campaign:
    return name_campaign(cluster=cluster, name="Youth workers", by=reviewer)


def test_a_campaign_is_made_only_with_a_name_of_its_own(
    cluster: Cluster, campaign: Campaign, rosa: Client
) -> None:
    address = reverse("cluster", args=[cluster.pk])
    shown = {"shown": cluster_shown(cluster)}
    assert "Give the campaign a name." in told(rosa, address, shown | {"name": " "})
    page = told(rosa, address, shown | {"name": "YOUTH WORKERS"})
    assert "Another campaign has this name." in page
    assert "YOUTH WORKERS" in page
    assert Campaign.objects.get() == campaign
    made = told(rosa, address, shown | {"name": "In every ward"})
    assert "This is a campaign now." in made


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"do": "rename", "name": ""}, "Give the campaign a name."),
        ({"do": "rename", "name": "other letters"}, "Another campaign has this name."),
        ({"do": "add", "reference": "PCP-nothing"}, "There is no response with that reference"),
    ],
)
def test_a_campaign_says_why_it_was_not_changed(
    cluster: Cluster,
    campaign: Campaign,
    reviewer: User,
    rosa: Client,
    typed: dict[str, object],
    problem: str,
) -> None:
    name_campaign(cluster=cluster, name="Other letters", by=reviewer)
    before = campaign.steps.count()
    typed["shown"] = campaign_shown(campaign)
    assert problem in told(rosa, reverse("change-campaign", args=[campaign.pk]), typed)
    campaign.refresh_from_db()
    assert (campaign.name, campaign.steps.count()) == ("Youth workers", before)


def test_only_the_last_step_of_a_campaign_is_undone(
    campaign: Campaign, send: Send, reviewer: User, rosa: Client
) -> None:
    rename_campaign(campaign=campaign, name="A worker in every ward", by=reviewer)
    renamed = campaign.steps.order_by("pk").last()
    assert renamed is not None
    other = send({"missing": "Buses."}, email="cat@example.org")
    add_response(campaign=campaign, reference=other.reference, by=reviewer)
    page = told(
        rosa,
        reverse("change-campaign", args=[campaign.pk]),
        {"do": "undo", "step": str(renamed.pk)},
    )
    assert "It was changed since you opened it. Read it again." in page
    campaign.refresh_from_db()
    assert campaign.name == "A worker in every ward"


# What came by post and by email


@pytest.fixture
def typed_letter() -> dict[str, object]:
    return {
        "submission_key": str(uuid4()),
        "started_at": timezone.now().isoformat(),
        "channel": "post",
        "received_on": timezone.localdate().isoformat(),
        "missing": LETTER,
    }


def test_a_letter_cannot_have_come_tomorrow(
    consultation: Consultation, rosa: Client, typed_letter: dict[str, object]
) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    typed = typed_letter | {"received_on": tomorrow.isoformat()}
    page = told(rosa, reverse("enter", args=[consultation.slug]), typed)
    assert "The day it reached you must be today or in the past." in page
    assert LETTER in page
    assert not Response.objects.exists()


def test_a_letter_after_closing_needs_a_reason_to_be_accepted(
    consultation: Consultation, rosa: Client, typed_letter: dict[str, object]
) -> None:
    now = timezone.now()
    consultation.opens_at = now - timedelta(days=40)
    consultation.closes_at = now - timedelta(days=9)
    consultation.save(update_fields=["opens_at", "closes_at"])
    address = reverse("enter", args=[consultation.slug])
    page = told(rosa, address, typed_letter)
    assert "It came after closing. Give the reason for accepting it." in page
    assert LETTER in page
    assert not Response.objects.exists()
    told(rosa, address, typed_letter | {"late_reason": "Postmarked before closing."})
    assert Response.objects.get().timing == "late"


def test_a_letter_without_an_answer_is_not_entered(
    consultation: Consultation, rosa: Client, typed_letter: dict[str, object]
) -> None:
    address = reverse("enter", args=[consultation.slug])
    page = told(rosa, address, typed_letter | {"missing": " "})
    assert "There are no answers yet. Enter what the letter says." in page
    assert not Response.objects.exists()


def test_a_page_sent_again_with_another_letter_names_what_it_became(
    consultation: Consultation, rosa: Client, typed_letter: dict[str, object]
) -> None:
    address = reverse("enter", args=[consultation.slug])
    told(rosa, address, typed_letter)
    first = Response.objects.get()
    page = told(rosa, address, typed_letter | {"missing": "Another letter altogether."})
    assert f"This page was sent before with other answers, as {first.reference}." in page
    assert "Another letter altogether." in page
    assert Response.objects.get().texts == {"missing": LETTER}


@pytest.fixture
def letter(consultation: Consultation, rosa: Client, typed_letter: dict[str, object]) -> Response:
    """A letter that Rosa has keyed."""
    told(rosa, reverse("enter", args=[consultation.slug]), typed_letter)
    return Response.objects.get()


def test_a_file_of_any_kind_is_kept_and_only_ever_downloaded(
    letter: Response, rosa: Client
) -> None:
    address = reverse("entered", args=[letter.reference])
    shown = {"shown": str(letter.version)}
    assert "Choose a file." in told(rosa, address, shown)
    program = SimpleUploadedFile("letter.pdf", b"MZ\x90 a program", content_type="application/pdf")
    assert "The file is saved with the response." in told(rosa, address, shown | {"file": program})
    kept = Attachment.objects.get()
    assert kept.kind == "application/octet-stream"
    answer = rosa.get(reverse("attached-file", args=[kept.pk]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"].startswith("sandbox")
    scan = SimpleUploadedFile("letter.exe", b"%PDF-1.7\nscan", content_type="text/html")
    assert "The file is saved with the response." in told(rosa, address, shown | {"file": scan})
    assert Attachment.objects.latest("pk").kind == "application/pdf"


def test_nobody_keys_their_own_letter_a_second_time(letter: Response, rosa: Client) -> None:
    page = told(rosa, reverse("key-again", args=[letter.reference]), {"missing": LETTER})
    assert "Only someone who has not keyed it yet can do this, and only once." in page
    assert not SecondKeying.objects.exists()


def test_two_keyings_that_agree_are_settled_at_once(
    letter: Response, rosa: Client, sign_in: Callable[[User], Client], db: None
) -> None:
    second = sign_in(make_person("rafe", User.Role.REVIEWER))
    address = reverse("key-again", args=[letter.reference])
    page = told(second, address, {"missing": LETTER, "shown": str(letter.version)})
    assert "Both keyings are the same." in page
    assert SecondKeying.objects.get().by.username == "rafe"
    # A third pair of eyes finds it done.
    third = sign_in(make_person("rhea", User.Role.REVIEWER))
    assert "and only once." in third.get(address, follow=True).content.decode()


@pytest.fixture
def message(consultation: Consultation, reviewer: User, tmp_path: Path, files: object) -> Message:
    """An email to which nobody has attended yet."""
    path = tmp_path / "one.eml"
    path.write_bytes(b"From: Ann <ann@example.org>\nSubject: Plan\n\nMore buses, please.\n")
    load_mailbox(consultation=consultation, path=path, by=reviewer, name="one.eml")
    return Message.objects.get()


def test_a_message_is_set_aside_only_with_a_reason(message: Message, rosa: Client) -> None:
    address = reverse("message", args=[message.pk])
    shown = {"shown": message_shown(message)}
    assert "Write why it is not a response." in told(rosa, address, shown | {"reason": " "})
    message.refresh_from_db()
    assert message.state == Message.State.WAITING
    assert "The message is set aside." in told(rosa, address, shown | {"reason": "Out of office."})


def test_a_message_that_a_colleague_decided_is_left_as_decided(
    message: Message, analyst: User, rosa: Client
) -> None:
    shown = {"shown": message_shown(message)}
    set_message_aside(message=message, reason="A newsletter.", by=analyst)
    page = told(rosa, reverse("message", args=[message.pk]), shown | {"reason": "Spam."})
    assert "It was changed since you opened it. Read it again." in page
    assert 'value="Spam."' in page
    message.refresh_from_db()
    assert message.reason == "A newsletter."


@pytest.mark.parametrize("content", [b"", b"just some notes\nof mine\n"])
def test_a_file_without_a_message_is_named_and_loads_nothing(
    consultation: Consultation, rosa: Client, files: object, content: bytes
) -> None:
    file = SimpleUploadedFile("notes.txt", content)
    page = told(rosa, reverse("take-up-mailbox", args=[consultation.slug]), {"file": file})
    assert ("No message was found in notes.txt." if content else "Choose mailbox files") in page
    assert not Message.objects.exists()


# Redacting, publishing and filters


def test_a_redaction_needs_a_reason_and_words_that_are_there(send: Send, rosa: Client) -> None:
    response = send({"missing": "Ring Ann Archer about clubs.", "publication": "anonymous"})
    address, shown = reverse("redact", args=[response.reference]), {"shown": "1"}
    asked = shown | {"do": "redact", "text": "missing", "passage": "Ann Archer"}
    page = told(rosa, address, asked | {"reason": "whim"})
    assert "Choose why the public may not read it." in page
    assert "\nAnn Archer</textarea>" in page
    page = told(rosa, address, asked | {"reason": "personal", "passage": "Bob Butcher"})
    assert "The text does not contain these words." in page
    assert "Bob Butcher" in page
    assert not response.redactions.exists()


@pytest.mark.parametrize("choice", ["withhold", None])
def test_nobody_is_published_who_did_not_agree(
    send: Send, rosa: Client, choice: str | None
) -> None:
    answers = {"missing": "Clubs."} | ({"publication": choice} if choice else {})
    response = send(answers)
    address = reverse("redact", args=[response.reference])
    page = rosa.get(address)
    seen = page.context["seen"]
    said = told(rosa, address, {"shown": "1", "do": "publish", "seen": seen})
    assert "Its sender did not agree to that" in said
    assert not response.approvals.exists()


def test_a_response_is_held_back_only_with_a_reason(send: Send, rosa: Client) -> None:
    response = send({"missing": "Clubs.", "publication": "anonymous"})
    address = reverse("redact", args=[response.reference])
    seen = rosa.get(address).context["seen"]
    held = {"shown": "1", "do": "hold", "seen": seen}
    assert "Write why it is held back." in told(rosa, address, held | {"why": "  "})
    assert not response.approvals.exists()
    assert "Your decision is recorded." in told(rosa, address, held | {"why": "Before a court."})


@pytest.mark.parametrize(
    ("name", "query", "problem"),
    [
        (" ", "?state=unread", "Give it a name of up to 80 characters."),
        ("x" * 81, "?state=unread", "Give it a name of up to 80 characters."),
        (
            "Long",
            "?" + "answer=capacity%3Dindividual&" * 90,
            "This filter is too long to be saved.",
        ),
    ],
)
def test_a_filter_that_cannot_be_saved_says_why(
    consultation: Consultation, rosa: Client, name: str, query: str, problem: str
) -> None:
    page = told(rosa, reverse("review-list") + query, {"name": name})
    assert problem in page
    assert not SavedFilter.objects.exists()


def test_nobody_removes_a_colleagues_saved_filter(
    consultation: Consultation, analyst: User, rosa: Client
) -> None:
    theirs = SavedFilter.objects.create(by=analyst, name="Mine", query="state=unread")
    told(rosa, reverse("review-list"), {"remove": str(theirs.pk)})
    assert SavedFilter.objects.get() == theirs
