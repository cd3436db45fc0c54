"""What staff do to a response is done to the version that their page showed, and who had which
version on the screen is recorded.
"""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from consult.models import Consultation, User
from responses.answers import Answers
from responses.models import (
    Approval,
    Attachment,
    Campaign,
    CampaignMember,
    Code,
    CodedAnswer,
    Coding,
    Reading,
    Redaction,
    Response,
    Review,
    ReviewStep,
    SecondKeying,
    Transcription,
)
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response
from responses.responding.submitting import Submission
from responses.reviewing.campaigns import add_response
from responses.reviewing.coding_passages import code_passage
from responses.reviewing.filters import Filter
from responses.reviewing.matching import matching
from responses.reviewing.public_version import public_digest, public_version
from responses.reviewing.publication import decide_publication
from responses.reviewing.reading import (
    ChangedSinceOpened,
    as_shown,
    hold_as_shown,
    newest_version,
    open_response,
)
from responses.reviewing.redacting import redact_passage
from tests.conftest import make_person
from tests.support.pressing import fields_of, forms_of, press

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
SignIn = Callable[[User], Client]
WORDS = "Rita Respondent says: ring 020 7946 0000 about clubs."
# Everything that staff say about a response is a row of one of these.
SAID = [
    Approval,
    Attachment,
    CampaignMember,
    CodedAnswer,
    Coding,
    Redaction,
    ReviewStep,
    SecondKeying,
]
# Addresses with a reference in them where something can be done that is not about one version.
ABOUT_THE_PERSON = {"erase"}


def amend(response: Response, words: str = f"{WORDS} And a comma,", **texts: str) -> Response:
    """What the respondent does while someone has the page open."""
    answers = Answers(choices=response.choices, texts=texts or {"missing": words})
    submission = Submission(
        edition=response.edition,
        submission_key=uuid4(),
        answers=answers,
        contact={"name": "Rita Respondent", "email": "", "postcode_district": ""},
        started_at=timezone.now(),
        channel=response.channel,
        timing=Response.Timing.IN_TIME,
    )
    return amend_response(earlier=response, submission=submission).response


def said() -> dict[str, list[object]]:
    rows = {table.__name__: list(table.objects.order_by("pk").values()) for table in SAID}
    states = list(Review.objects.order_by("pk").values_list("state", "version"))
    return {**rows, "states": states}


@pytest.fixture
def keyed(send: Send, reviewer: User, code: Code) -> Response:
    """A letter that a colleague typed in, with a passage redacted and one coded."""
    response = send({"missing": WORDS, "publication": "named"}, name="Rita Respondent")
    Transcription.objects.create(
        response=response,
        received_on=timezone.localdate(),
        keyed_by=make_person("ben", User.Role.REVIEWER),
    )
    redact_passage(
        response=response,
        text="missing",
        passage="020 7946 0000",
        reason=Redaction.Reason.PERSONAL,
        by=reviewer,
    )
    code_passage(response=response, question="missing", code=code, passage="clubs", by=reviewer)
    return response


def pages_about(response: Response) -> dict[str, str]:
    """The pages on which staff do something about one response."""
    reference = [response.reference]
    answers = reverse("code-answers", args=[response.consultation.slug, "missing"])
    return {
        "review-one": reverse("review-one", args=reference),
        "redact": reverse("redact", args=reference),
        "entered": reverse("entered", args=reference),
        "key-again": reverse("key-again", args=reference),
        "code-answers": f"{answers}?reference={response.reference}",
    }


def test_every_page_about_a_response_is_among_those_that_are_tried(keyed: Response) -> None:
    named = {
        pattern.name
        for pattern in get_resolver("responses.urls").url_patterns
        if isinstance(pattern, URLPattern)
        and "staff/" in str(pattern.pattern)
        and "reference" in pattern.pattern.converters
    }
    assert named - ABOUT_THE_PERSON == pages_about(keyed).keys() - {"code-answers"}


@pytest.mark.parametrize("name", ["review-one", "redact", "entered", "key-again", "code-answers"])
def test_no_form_acts_on_a_version_that_its_page_did_not_show(
    keyed: Response, reviewer: User, sign_in: SignIn, name: str
) -> None:
    rosa, address = sign_in(reviewer), pages_about(keyed)[name]
    forms = forms_of(rosa.get(address))
    assert forms
    amend(keyed)
    before = said()
    for form in forms:
        assert fields_of(form)["shown"] == "1", name
        for button in [one for one in form.iter("button") if one.get("name")] or [None]:
            typed = fields_of(form) | {"note": "Kept.", "why": "Kept.", "passage": "about clubs"}
            typed |= {"reason": "personal", "missing": WORDS, "name": "Rita Respondent"}
            if button is not None:
                typed[button.get("name", "")] = button.get("value", "")
            scan = SimpleUploadedFile("a.pdf", b"%PDF-1.7 a scan")
            page = rosa.post(address, typed | ({"file": scan} if name == "entered" else {}))
            assert page.status_code == 409, (name, typed)
            assert "It was changed since you opened it. Read it again" in page.content.decode()
            assert said() == before
        # Nor does a form that says nothing of what it showed.
        bare = {field: value for field, value in fields_of(form).items() if field != "shown"}
        assert rosa.post(address, bare | {"missing": WORDS}).status_code == 409
    assert said() == before


def test_what_staff_typed_is_kept_and_can_be_sent_once_read(
    keyed: Response, reviewer: User, sign_in: SignIn
) -> None:
    rosa, address = sign_in(reviewer), reverse("review-one", args=[keyed.reference])
    rosa.get(address)
    second = amend(keyed)
    stale = {"shown": "1", "version": "0", "to_state": "considered", "note": "A long note."}
    page = rosa.post(address, stale)
    assert "And a comma," in page.content.decode()
    (decide,) = [form for form in forms_of(page) if "note" in fields_of(form)]
    assert fields_of(decide)["note"] == "A long note."
    assert rosa.post(address, fields_of(decide) | {"to_state": "considered"}).status_code == 302
    assert ReviewStep.objects.get().review.response == second


def test_an_approval_is_of_the_redactions_that_were_on_the_screen(
    keyed: Response, reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    rosa, address = sign_in(reviewer), reverse("redact", args=[keyed.reference])
    preview = rosa.get(address)
    (decide,) = [form for form in forms_of(preview) if "seen" in fields_of(form)]
    number = Redaction.objects.get().pk
    press(sign_in(administrator), address, {"do": "take-off", "redaction": number})
    refused = rosa.post(address, fields_of(decide) | {"do": "publish"})
    assert "was changed by a colleague since you opened it" in refused.content.decode()
    assert not Approval.objects.exists()
    press(rosa, address, {"do": "publish"})
    assert Approval.objects.get().publish


def test_rules_themselves_refuse_what_was_changed(keyed: Response, reviewer: User) -> None:
    seen = public_digest(keyed)
    amend(keyed)
    keyed.refresh_from_db()
    for act in (
        lambda: decide_publication(response=keyed, publish=True, reason="", seen=seen, by=reviewer),
        lambda: as_shown(reference=keyed.reference, shown="1"),
        lambda: redact_passage(
            response=keyed,
            text="missing",
            passage="clubs",
            reason=Redaction.Reason.PERSONAL,
            by=reviewer,
        ),
    ):
        with pytest.raises(ChangedSinceOpened):
            act()


def test_respondents_wait_while_a_decision_is_being_written(keyed: Response) -> None:
    with transaction.atomic():
        assert hold_as_shown(keyed).response_id == keyed.pk
    second = amend(keyed)
    with pytest.raises(ChangedSinceOpened) as changed, transaction.atomic():
        hold_as_shown(keyed)
    assert changed.value.newest == second


def test_nothing_is_added_to_what_was_erased(keyed: Response, reviewer: User) -> None:
    amend(keyed)
    tombstone = newest_version(keyed.reference)
    tombstone.act = Response.Act.ERASED
    with pytest.raises(ChangedSinceOpened), transaction.atomic():
        hold_as_shown(tombstone)


@pytest.mark.parametrize("name", ["review-one", "redact", "code-answers"])
def test_whichever_page_showed_it_somebody_read_it(
    keyed: Response, reviewer: User, sign_in: SignIn, outsider: Client, name: str
) -> None:
    assert keyed in matching(Filter(unread="anyone"))
    receipt = reverse("receipt", args=[receipt_token(keyed)])
    assert "Someone read it." not in outsider.get(receipt).content.decode()
    sign_in(reviewer).get(pages_about(keyed)[name])
    reading = Reading.objects.get()
    question = "missing" if name == "code-answers" else ""
    assert (reading.response, reading.by, reading.question) == (keyed, reviewer, question)
    assert keyed not in matching(Filter(unread="anyone"))
    assert keyed not in matching(Filter(unread="me"), reader=reviewer)
    assert "Someone read it." in outsider.get(receipt).content.decode()


def test_what_was_changed_counts_as_not_opened(keyed: Response, reviewer: User) -> None:
    open_response(reference=keyed.reference, reader=reviewer)
    second = amend(keyed)
    for unread in ("anyone", "me"):
        assert list(matching(Filter(unread=unread), reader=reviewer)) == [second]


def test_a_response_is_put_in_a_campaign_only_as_it_was_read(
    consultation: Consultation, keyed: Response, reviewer: User
) -> None:
    campaign = Campaign.objects.create(
        consultation=consultation, name="Clubs", sample=keyed, question="missing"
    )
    open_response(reference=keyed.reference, reader=reviewer)
    second = amend(keyed)
    with pytest.raises(ChangedSinceOpened):
        add_response(campaign=campaign, reference=keyed.reference, by=reviewer)
    open_response(reference=keyed.reference, reader=reviewer)
    assert add_response(campaign=campaign, reference=keyed.reference, by=reviewer) == 1
    assert CampaignMember.objects.get().response == second


def test_a_redaction_hides_words_in_every_text_and_in_the_senders_name(
    send: Send, reviewer: User
) -> None:
    response = send(
        {
            "missing": "Ask Rita\nRespondent.",
            "anything-else": "RITA RESPONDENT again.",
            "publication": "named",
        },
        name="Rita Respondent",
    )
    redact_passage(
        response=response,
        text="missing",
        passage="Rita Respondent",
        reason=Redaction.Reason.PERSONAL,
        by=reviewer,
    )
    public = public_version(response)
    assert public.who == "[redacted: personal details]"
    assert "rita" not in str(public.parts).lower().replace("criteria", "")


def test_a_control_character_is_a_symbol_on_every_page_and_can_be_copied(
    keyed: Response, code: Code, reviewer: User, sign_in: SignIn
) -> None:
    odd = amend(keyed, "Clubs\x1b[2J and\x07 lights.")
    rosa, pages = sign_in(reviewer), pages_about(keyed)
    pages["list"], pages["found"] = (
        reverse("review-list"),
        f"{reverse('review-list')}?word=lights",
    )
    for name in ("review-one", "redact", "code-answers", "list", "found"):
        text = rosa.get(pages[name]).content.decode()
        assert "Clubs␛[2J" in text, name
        assert not {"\x1b", "\x07"} & set(text), name
    copied = "Clubs␛[2J and␇"
    place = code_passage(response=odd, question="missing", code=code, passage=copied, by=reviewer)
    assert odd.texts["missing"][place.start : place.end] == "Clubs\x1b[2J and\x07"
    redact_passage(
        response=odd,
        text="missing",
        passage=copied,
        reason=Redaction.Reason.PERSONAL,
        by=reviewer,
    )
    assert "Clubs" not in str(public_version(odd).parts)


def test_the_list_tells_who_opened_each_response(
    send: Send, reviewer: User, administrator: User, sign_in: SignIn
) -> None:
    mine, theirs, nobodys = (send({"missing": text}) for text in ("One.", "Two.", "Three."))
    open_response(reference=mine.reference, reader=reviewer)
    open_response(reference=theirs.reference, reader=administrator)
    rows = sign_in(reviewer).get(reverse("review-list")).context["rows"]
    assert {row["response"]: row["opened"] for row in rows} == {
        mine: "Opened by you",
        theirs: "Opened by others",
        nobodys: "Never opened",
    }
