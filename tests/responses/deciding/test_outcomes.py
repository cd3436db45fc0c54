"""You said, we did: what everyone may read of the decisions, and the way there from a receipt."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consult.models import Action, AuditEntry, Consultation, SecondPersonRequest, User
from consult.staff.second_person import SecondPersonNeeded, ask_second_person
from responses.deciding.decisions import decide_point, open_pack
from responses.deciding.merging import merge_point
from responses.deciding.outcomes import NothingDecided, points_made_by, publish_outcomes
from responses.deciding.packs import seal_pack
from responses.deciding.points import change_point
from responses.governance.carrying_out import ChangedSinceAsked, confirm_request
from responses.governance.reconciling import go_through
from responses.models import Point, PublishedPoint, Response
from responses.receipt_tokens import receipt_code, receipt_token
from tests.conftest import make_person
from tests.responses.deciding.amending import amended
from tests.support.forms import fields_to
from tests.support.points import KEPT, READY

Make = Callable[..., Point]
Send = Callable[..., Response]
WORDS = {"change": "wording", "old_wording": "Old secret.", "new_wording": "We will wait."}


@pytest.fixture
def decided(
    consultation: Consultation, ready: Make, reviewer: User, decision_maker: User, exports: object
) -> Callable[..., Point]:
    """Puts a point on the register that a response makes, and has it decided."""

    def decided(sentence: str, response: Response, *, outcome: str = "agreed") -> Point:
        made = ready(
            sentence, response, analysis="A staff secret.", answer="We agree to wait.", **WORDS
        )
        pack = seal_pack(consultation=consultation, summary="Secret summary.", by=reviewer)
        row = pack.points.get(number=made.number)
        open_pack(pack=pack, point=row, by=decision_maker)
        decide_point(point=row, outcome=outcome, reason="It costs too much.", by=decision_maker)
        made.refresh_from_db()
        return made

    return decided


def test_nothing_is_published_before_it_is_decided(
    consultation: Consultation, ready: Make, send: Send, administrator: User
) -> None:
    ready("Wait.", send({"missing": "Wait."}))
    with pytest.raises(NothingDecided):
        publish_outcomes(consultation=consultation, by=administrator)
    assert PublishedPoint.objects.count() == 0


def test_everyone_reads_public_words_alone(
    consultation: Consultation, decided: Make, send: Send, administrator: User, outsider: Client
) -> None:
    decided("Wait for an evaluation.", send({"missing": "Wait, my neighbour says."}))
    address = reverse("outcome-points", args=[consultation.slug])
    assert "Nothing has been published yet" in outsider.get(address).content.decode()
    assert publish_outcomes(consultation=consultation, by=administrator) == 1
    page = outsider.get(address).content.decode()
    for words in (
        "Wait for an evaluation.",
        "We agree to wait.",
        "We will wait.",
        "Agreed as proposed",
        "1 response said so.",
    ):
        assert words in page
    for words in ("staff secret", "Secret summary", "my neighbour", "Old secret", "too much"):
        assert words not in page
    entry = AuditEntry.objects.filter(action=Action.OUTCOMES_PUBLISHED).get()
    assert (entry.actor, entry.details) == (administrator, {"points": 1})


def test_what_was_decided_otherwise_has_the_reason_for_its_answer(
    consultation: Consultation, decided: Make, send: Send, administrator: User, outsider: Client
) -> None:
    decided("Wait.", send({"missing": "Wait."}), outcome="not-agreed")
    publish_outcomes(consultation=consultation, by=administrator)
    page = outsider.get(reverse("outcome-points", args=[consultation.slug])).content.decode()
    assert "It costs too much." in page
    assert "We agree to wait." not in page
    assert "We will wait." not in page


def test_later_changes_of_the_register_are_not_published_by_themselves(
    consultation: Consultation,
    decided: Make,
    send: Send,
    administrator: User,
    reviewer: User,
    outsider: Client,
) -> None:
    made = decided("Wait.", send({"missing": "Wait."}))
    publish_outcomes(consultation=consultation, by=administrator)
    words = {**KEPT, **READY, "sentence": "A new staff sentence."}
    change_point(point=made, version=made.version, by=reviewer, **words)
    page = outsider.get(reverse("outcome-points", args=[consultation.slug])).content.decode()
    assert "A new staff sentence." not in page
    with pytest.raises(NothingDecided):
        publish_outcomes(consultation=consultation, by=administrator)
    assert PublishedPoint.objects.get().sentence == "Wait."


def test_publishing_again_replaces_what_was_published(
    consultation: Consultation, decided: Make, send: Send, administrator: User
) -> None:
    response = send({"missing": "Wait."})
    decided("Wait.", response)
    for _ in range(2):
        publish_outcomes(consultation=consultation, by=administrator)
    assert PublishedPoint.objects.count() == 1
    assert go_through().differences == []


def test_a_receipt_leads_to_the_points_its_own_response_counts_under(
    consultation: Consultation,
    decided: Make,
    send: Send,
    administrator: User,
) -> None:
    mine = send({"missing": "Wait."}, email="mine@example.org")
    decided("Wait for an evaluation.", mine)
    other = send({"missing": "Clubs."}, email="other@example.org")
    decided("More clubs.", other)
    publish_outcomes(consultation=consultation, by=administrator)
    assert [one.sentence for one in points_made_by(mine)] == ["Wait for an evaluation."]
    assert [one.sentence for one in points_made_by(other)] == ["More clubs."]
    token, client = receipt_token(mine), Client()
    address = reverse("own-points", args=[token])
    stranger = client.get(address)
    assert stranger.status_code == 302
    assert stranger["Location"] == reverse("receipt", args=[token])
    client.post(reverse("show-receipt", args=[token]), {"known": receipt_code(mine)})
    receipt = client.get(reverse("receipt", args=[token])).content.decode()
    assert address in receipt
    page = client.get(address).content.decode()
    assert "Wait for an evaluation." in page
    assert "We will wait." in page
    assert "More clubs." not in page
    assert client.get(reverse("own-points", args=["x" * 27])).status_code == 404


def test_what_joined_a_published_point_is_published_with_it_alone(
    consultation: Consultation, decided: Make, send: Send, administrator: User, reviewer: User
) -> None:
    mine = send({"missing": "Wait."})
    first, second = decided("Wait.", mine), decided("Wait a year.", send({"missing": "A year."}))
    publish_outcomes(consultation=consultation, by=administrator)
    merge_point(point=first, version=first.version, into=second.number, by=reviewer)
    pack = seal_pack(consultation=consultation, summary="Both.", by=reviewer)
    row = pack.points.get()
    open_pack(pack=pack, point=row, by=administrator)
    decide_point(point=row, outcome="agreed", reason="", by=administrator)
    publish_outcomes(consultation=consultation, by=administrator)
    assert [(one.sentence, one.responses) for one in points_made_by(mine)] == [("Wait a year.", 2)]
    assert PublishedPoint.objects.count() == 1
    assert go_through().differences == []


def test_a_response_that_says_something_else_now_counts_under_nothing(
    consultation: Consultation, decided: Make, send: Send, administrator: User
) -> None:
    response = send({"missing": "Wait."})
    decided("Wait.", response)
    publish_outcomes(consultation=consultation, by=administrator)
    later = amended(response, {"missing": "Clubs."})
    assert points_made_by(later) == []


def test_an_administrator_publishes_with_one_button(
    consultation: Consultation,
    decided: Make,
    send: Send,
    administrator: User,
    reviewer: User,
    sign_in: Callable[[User], Client],
) -> None:
    ada, rosa = sign_in(administrator), sign_in(reviewer)
    publish = reverse("publish-outcomes", args=[consultation.slug])
    page = ada.post(publish, follow=True).content.decode()
    assert "No point is decided" in page
    decided("Wait.", send({"missing": "Wait."}))
    packs = reverse("seal-pack", args=[consultation.slug])
    assert publish in ada.get(packs).content.decode()
    assert publish not in rosa.get(packs).content.decode()
    shown = fields_to(ada.get(packs), publish)
    page = ada.post(publish, shown, follow=True).content.decode()
    assert "Decided points that everyone can read now: 1." in page


def test_what_was_decided_since_the_page_was_opened_is_not_published(
    consultation: Consultation,
    decided: Make,
    send: Send,
    administrator: User,
    sign_in: Callable[[User], Client],
) -> None:
    ada, publish = sign_in(administrator), reverse("publish-outcomes", args=[consultation.slug])
    decided("Wait.", send({"missing": "Wait."}))
    shown = fields_to(ada.get(reverse("seal-pack", args=[consultation.slug])), publish)
    decided("Clubs.", send({"missing": "Clubs."}))
    for stale in (shown, {}):
        page = ada.post(publish, stale, follow=True).content.decode()
        assert "A point was decided since this page was opened." in page
    assert not PublishedPoint.objects.exists()


def test_a_second_person_publishes_the_outcomes_that_were_asked_for(
    consultation: Consultation, decided: Make, send: Send, administrator: User, settings: Settings
) -> None:
    settings.SECOND_PERSON = True
    decided("Wait.", send({"missing": "Wait."}))
    second = make_person("ben", "administrator")

    def asked_for() -> SecondPersonRequest:
        with pytest.raises(SecondPersonNeeded) as needed:
            publish_outcomes(consultation=consultation, by=administrator)
        return ask_second_person(needed=needed.value, actor=administrator)

    stale = asked_for()
    decided("Clubs.", send({"missing": "Clubs."}))
    with pytest.raises(ChangedSinceAsked):
        confirm_request(pk=stale.pk, actor=second)
    assert not PublishedPoint.objects.exists()
    confirm_request(pk=asked_for().pk, actor=second)
    assert PublishedPoint.objects.count() == 2
