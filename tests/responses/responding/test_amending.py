"""Second thoughts: changing and withdrawing, from the receipt to the batch."""

import csv
import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consult.models import Consultation, Edition, User
from consult.plans.document import Plan
from consult.plans.editions import plan_of
from responses.answers import read_answers
from responses.exporting.batches import folder_of, seal_batch
from responses.models import Batch, Confirmation, Draft, LedgerEntry, Response, Review
from responses.receipt_tokens import receipt_token
from responses.responding.amending import ChangedMeanwhile, amend_response, withdraw_response
from responses.responding.confirming import build_email
from responses.responding.submitting import (
    ConsultationClosed,
    NothingToSend,
    SentDifferently,
    Submission,
    Submitted,
)
from responses.reviewing.filters import Filter
from responses.reviewing.matching import matching
from tests.support.batches import seal_and_write
from tests.support.forms import fields_to
from tests.support.recognising import sent_from

Send = Callable[..., Response]
CONTACT = {"name": "Rita Respondent", "email": "rita@example.org", "postcode_district": "SE1"}


def change(earlier: Response, raw: dict[str, Any] | None = None, **overrides: Any) -> Submitted:
    plan = plan_of(earlier.edition)
    values = {"submission_key": uuid4(), "contact": CONTACT, "started_at": timezone.now()}
    answers = read_answers(
        plan, raw if raw is not None else {"violence-comment": "I think otherwise now."}
    )
    return amend_response(
        earlier=earlier,
        submission=Submission(edition=earlier.edition, answers=answers, **values | overrides),
    )


def take_back(earlier: Response, **overrides: Any) -> Submitted:
    return withdraw_response(
        earlier=earlier, **{"submission_key": uuid4(), "started_at": timezone.now()} | overrides
    )


def close(consultation: Consultation, ago: timedelta) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(closes_at=timezone.now() - ago)


def test_a_change_is_a_whole_new_version_and_the_old_one_stays(
    send: Send,
) -> None:
    first = send({"violence-comment": "I think so."})
    second = change(first).response
    assert [(row.version, row.act, row.texts) for row in Response.objects.order_by("version")] == [
        (1, "sent", {"violence-comment": "I think so."}),
        (2, "amended", {"violence-comment": "I think otherwise now."}),
    ]
    assert second.reference == first.reference
    assert receipt_token(second) == receipt_token(first)
    assert Confirmation.objects.get(response=second).state == "waiting"
    assert list(LedgerEntry.objects.values_list("response__version", "event", "digest")) == [
        (1, "received", first.digest),
        (2, "amended", second.digest),
    ]
    assert list(Review.objects.order_by("response_id").values_list("superseded", "state")) == [
        (True, "unread"),
        (False, "unread"),
    ]


def test_a_withdrawal_is_a_version_without_a_word(send: Send) -> None:
    gone = take_back(send()).response
    assert (gone.version, gone.act, gone.choices, gone.texts) == (2, "withdrawn", {}, {})
    assert (gone.contact.name, gone.contact.email, gone.contact.postcode_district) == (
        "",
        "rita@example.org",
        "",
    )


def test_a_change_that_changes_nothing_makes_no_version(send: Send) -> None:
    first = send({"violence-comment": "The same."})
    done = change(first, {"violence-comment": "The same."})
    assert (done.response.pk, done.first) == (first.pk, False)
    assert Response.objects.count() == 1


def test_a_change_sent_twice_counts_once_and_other_words_are_refused(
    send: Send,
) -> None:
    first, key = send(), uuid4()
    once, twice = change(first, submission_key=key), change(first, submission_key=key)
    assert (once.response.pk, once.first, twice.first) == (twice.response.pk, True, False)
    with pytest.raises(SentDifferently):
        change(first, {"violence-comment": "Third thoughts."}, submission_key=key)
    gone = uuid4()
    assert take_back(once.response, submission_key=gone).first
    assert not take_back(once.response, submission_key=gone).first
    assert Response.objects.count() == 3


def test_only_the_newest_version_can_be_changed_and_no_withdrawn_one(send: Send) -> None:
    first = send()
    second = change(first).response
    with pytest.raises(ChangedMeanwhile) as refused:
        change(first, {"trust-comment": "From another tab."})
    assert (refused.value.newest, refused.value.over) == (second, False)
    gone = take_back(second).response
    for act in (lambda: change(gone), lambda: take_back(gone)):
        with pytest.raises(ChangedMeanwhile) as refused:
            act()
        assert refused.value.over
    assert Response.objects.count() == 3


def test_an_empty_change_is_refused_with_what_to_do(send: Send) -> None:
    with pytest.raises(NothingToSend):
        change(send(), {"capacity": "individual"})


def test_after_closing_only_those_who_started_can_change_in_the_grace(
    send: Send, consultation: Consultation
) -> None:
    first, began = send(), timezone.now()
    close(consultation, timedelta(minutes=2))
    assert change(first, started_at=began - timedelta(minutes=5)).response.timing == "in-grace"
    newest = Response.objects.latest("id")
    with pytest.raises(ConsultationClosed):
        take_back(newest, started_at=timezone.now())
    close(consultation, timedelta(minutes=20))
    with pytest.raises(ConsultationClosed):
        change(newest, {"trust-comment": "Too late."}, started_at=began - timedelta(minutes=25))
    assert Response.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_changes_at_once_one_is_made_and_one_refused_in_words(send: Send) -> None:
    first, both = send(), threading.Barrier(4)
    outcomes: list[str] = []

    def attempt(number: int) -> None:
        try:
            both.wait()
            change(first, {"violence-comment": f"Thread {number}."})
            outcomes.append("made")
        except ChangedMeanwhile:
            outcomes.append("told")
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", "told", "told", "told"]
    assert list(Response.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    assert Review.objects.filter(superseded=False).count() == 1


def test_a_reviewer_sees_what_is_different_from_the_version_before(
    send: Send, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    first = send(
        {
            "violence-agree": "agree",
            "violence-comment": "I think so.",
            "trust-comment": "As before.",
        }
    )
    second = change(
        first,
        {"violence-agree": "disagree", "trust-comment": "As before.", "missing": "One more thing."},
    ).response
    client = sign_in(reviewer)
    shown = client.get(reverse("review-one", args=[second.reference])).context["differences"]
    assert [(row.question.slug, row.before, row.after) for row in shown] == [
        ("violence-agree", ("Agree",), ("Disagree",)),
        ("violence-comment", ("I think so.",), ()),
        ("missing", (), ("One more thing.",)),
    ]
    page = client.get(reverse("review-one", args=[second.reference])).content.decode()
    assert "What is different from version 1" in page
    assert (
        client.get(reverse("review-one", args=[second.reference]) + "?version=1").context[
            "differences"
        ]
        == []
    )
    only_contact = change(
        second,
        {"violence-agree": "disagree", "trust-comment": "As before.", "missing": "One more thing."},
        contact={**CONTACT, "name": "R."},
    )
    page = client.get(
        reverse("review-one", args=[only_contact.response.reference])
    ).content.decode()
    assert "The answers are those of version 2." in page


def test_reviewers_see_each_response_once_in_its_newest_version(
    send: Send, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    first, other = send({"violence-comment": "First thoughts."}), send()
    second = change(first, {"violence-comment": "Second thoughts."}).response
    assert list(matching(Filter())) == [second, other]
    assert list(matching(Filter(word="first thoughts"))) == []
    client = sign_in(reviewer)
    address = reverse("review-one", args=[first.reference])
    newest, oldest = (
        client.get(address).content.decode(),
        client.get(f"{address}?version=1").content.decode(),
    )
    assert "Second thoughts." in newest
    # What it replaces stands only beside what differs.
    assert "First thoughts." not in newest.split("All answers")[1]
    assert "First thoughts." in oldest
    assert "This version no longer counts." in oldest


@pytest.mark.parametrize(
    ("act", "subject", "words"),
    [
        (change, "Your changed response {} was received", "What you sent before no longer counts."),
        (take_back, "Your response {} was withdrawn", "will not be counted any more."),
    ],
)
def test_each_version_is_confirmed_by_an_email_of_its_own(
    send: Send, act: Callable[[Response], Submitted], subject: str, words: str
) -> None:
    response = act(send()).response
    email = build_email(
        Confirmation.objects.select_related("response__contact", "response__consultation").get(
            response=response
        )
    )
    assert email.subject == subject.format(response.reference)
    assert words in " ".join(str(email.body).split())
    assert words in str(email.alternatives[0].content)
    assert "Second thoughts" not in str(email.body)


# The receiver.


def rows_of(batch: Batch) -> list[dict[str, str]]:
    with storages["exports"].open(f"{folder_of(batch)}/responses.csv", "rb") as file:
        return list(csv.DictReader(file.read().decode().splitlines()))


def truth(batches: list[Batch]) -> dict[str, str]:
    """What an analyst holds who takes the batches in order and knows only what the documentation
    says.
    """
    held: dict[str, dict[str, str]] = {}
    places: dict[tuple[str, str], str] = {}
    for batch in batches:
        for row in rows_of(batch):
            if row["replaces_batch"]:
                # What it replaces stands where it says, and is of the same response.
                assert places[row["replaces_batch"], row["replaces_row"]] == row["reference"]
            places[str(batch.number), row["row"]] = row["reference"]
            held[row["reference"]] = row
    return {
        reference: row["violence-comment"]
        for reference, row in held.items()
        if row["act"] in {"sent", "amended"}
    }


def test_applying_batches_in_order_always_gives_what_counts(
    send: Send, consultation: Consultation, exports: Path
) -> None:
    kept, changed, gone = (
        send({"violence-comment": words}) for words in ("Stays.", "Changes.", "Goes.")
    )
    batches = [seal_and_write(consultation)]
    once = change(changed, {"violence-comment": "Changed once."}).response
    both = send({"violence-comment": "Sent and changed in one night."})
    change(both, {"violence-comment": "Changed in the same night."})
    batches.append(seal_and_write(consultation))
    assert truth(batches) == {
        kept.reference: "Stays.",
        changed.reference: "Changed once.",
        gone.reference: "Goes.",
        both.reference: "Changed in the same night.",
    }
    change(once, {"violence-comment": "Changed twice."})
    take_back(gone)
    batches.append(seal_and_write(consultation))
    assert truth(batches) == {
        kept.reference: "Stays.",
        changed.reference: "Changed twice.",
        both.reference: "Changed in the same night.",
    }
    manifest = json.loads((exports / folder_of(batches[2]) / "manifest.json").read_text())
    assert manifest["counts"]["act"] == {"amended": 1, "withdrawn": 1}
    assert Response.objects.filter(membership=None).count() == 0


# In the browser.


@pytest.fixture
def rita() -> Client:
    return Client()


def text_of(page: Any) -> str:
    return " ".join(page.content.decode().split())


def key_on(page: Any) -> str:
    found: str = page.content.decode().split('name="submission_key" value="')[1].split('"')[0]
    return found


def checked(rita: Client, slug: str) -> dict[str, str]:
    """What the button of Rita's check page would post."""
    return fields_to(rita.get(reverse("check", args=[slug])), reverse("send", args=[slug]))


def test_from_the_receipt_to_the_changed_receipt(
    send: Send, consultation: Consultation, rita: Client
) -> None:
    first = send({"violence-comment": "I think so.", "violence-agree": "agree"})
    token, slug = receipt_token(first), consultation.slug
    sent_from(rita, first)
    assert "Change your response" in text_of(rita.get(reverse("receipt", args=[token])))
    tasks = rita.post(reverse("amend", args=[token]), follow=True)
    assert f"You are changing your response {first.reference}." in text_of(tasks)
    part = text_of(rita.get(reverse("part", args=[slug, "violence"])))
    assert "I think so.</textarea>" in part
    assert 'value="rita@example.org"' in text_of(
        rita.get(reverse("part", args=[slug, "about-you"]))
    )
    rita.post(reverse("part", args=[slug, "violence"]), {"violence-comment": "Not any more."})
    receipt = text_of(rita.post(reverse("send", args=[slug]), checked(rita, slug), follow=True))
    assert "Changes received" in receipt
    assert "Not any more." in receipt
    assert "which no longer counts" in receipt
    assert "I think so." in receipt
    assert Draft.objects.count() == 0


def test_changing_keeps_the_draft_being_written_on_the_same_device(
    send: Send, consultation: Consultation, rita: Client
) -> None:
    slug = consultation.slug
    rita.post(
        reverse("part", args=[slug, "trust"]), {"trust-comment": "Someone else's, half written."}
    )
    first = send()
    sent_from(rita, first)
    rita.post(reverse("amend", args=[receipt_token(first)]))
    assert "half written" not in text_of(rita.get(reverse("check", args=[slug])))
    stopped = rita.post(reverse("discard", args=[slug]))
    assert stopped["Location"] == reverse("receipt", args=[receipt_token(first)])
    assert "half written" in text_of(rita.get(reverse("check", args=[slug])))
    rita.post(reverse("discard", args=[slug]))  # which is for changes only
    assert "half written" in text_of(rita.get(reverse("check", args=[slug])))


def test_someone_whose_version_was_overtaken_is_told_and_can_replace_it(
    send: Send, consultation: Consultation, rita: Client
) -> None:
    slug, first = consultation.slug, send()
    sent_from(rita, first)
    rita.post(reverse("amend", args=[receipt_token(first)]))
    rita.post(reverse("part", args=[slug, "violence"]), {"violence-comment": "From Rita's phone."})
    change(first, {"violence-comment": "From Rita's desk."})
    told = rita.post(reverse("send", args=[slug]), checked(rita, slug))
    assert told.status_code == 409
    assert "This response was changed elsewhere" in text_of(told)
    assert Response.objects.latest("id").texts == {"violence-comment": "From Rita's desk."}
    receipt = text_of(
        rita.post(
            reverse("send", args=[slug]),
            fields_to(told, reverse("send", args=[slug])),
            follow=True,
        )
    )
    assert "Changes received" in receipt
    assert Response.objects.latest("id").texts == {"violence-comment": "From Rita's phone."}
    assert Response.objects.latest("id").version == 3


def test_withdrawing_asks_once_more_and_a_look_changes_nothing(send: Send, rita: Client) -> None:
    first = send()
    token = receipt_token(first)
    asked = sent_from(rita, first).get(reverse("withdraw", args=[token]))
    assert "this cannot be undone" in text_of(asked)
    assert Response.objects.count() == 1
    receipt = text_of(
        rita.post(reverse("withdraw", args=[token]), {"submission_key": key_on(asked)}, follow=True)
    )
    assert "Response withdrawn" in receipt
    assert "Change your response" not in receipt
    again = rita.post(
        reverse("withdraw", args=[token]), {"submission_key": key_on(asked)}, follow=True
    )
    assert "Response withdrawn" in text_of(again)
    assert Response.objects.count() == 2


@pytest.mark.parametrize("name", ["amend", "withdraw"])
def test_after_closing_the_receipt_offers_no_second_thoughts(
    send: Send, consultation: Consultation, rita: Client, name: str
) -> None:
    first = send()
    token = receipt_token(first)
    sent_from(rita, first)
    close(consultation, timedelta(minutes=1))
    assert "If you change your mind" not in text_of(rita.get(reverse("receipt", args=[token])))
    why = {"amend": "change", "withdraw": "withdraw"}[name]
    page = rita.post(reverse(name, args=[token]), {"submission_key": str(uuid4())})
    assert page["Location"] == f"{reverse('receipt', args=[token])}?too-late={why}"
    assert (Response.objects.count(), Draft.objects.count()) == (1, 0)


def test_the_receipt_says_what_happened_and_comes_as_plain_text(
    send: Send, consultation: Consultation, rita: Client, reviewer: User
) -> None:
    first = send({"violence-comment": "=1+1 & <b>é</b>\nsecond line"})
    seal_batch(consultation=consultation, actor=None)
    sent_from(rita, first)
    receipt = text_of(rita.get(reverse("receipt", args=[receipt_token(first)])))
    assert "It was put in batch 1." in receipt
    copy = rita.get(reverse("receipt-text", args=[receipt_token(first)]))
    assert copy["Content-Disposition"] == f'attachment; filename="response-{first.reference}.txt"'
    text = copy.content.decode("utf-8-sig")
    for words in (
        first.reference,
        "=1+1 & <b>é</b>\r\nsecond line",
        "It was put in batch 1.",
        "Rita Respondent",
    ):
        assert words in text


@pytest.mark.usefixtures("consultation")
@pytest.mark.parametrize("name", ["receipt", "receipt-text", "amend", "withdraw"])
def test_a_guessed_address_opens_nothing(rita: Client, name: str) -> None:
    address = reverse(name, args=["AAAAAAAAAAAAAAAAAAAAAAAAAAA"])
    assert (rita.post if name == "amend" else rita.get)(address).status_code == 404


def test_answers_to_an_earlier_edition_can_be_changed_under_the_newest(
    send: Send, edition: Edition, plan: Plan, consultation: Consultation, rita: Client
) -> None:
    first = send()
    newer = Edition.objects.create(
        consultation=consultation,
        number=2,
        content={**edition.content, "title": "Reworded"},
        digest="0" * 64,
    )
    sent_from(rita, first)
    rita.post(reverse("amend", args=[receipt_token(first)]))
    rita.post(reverse("part", args=[consultation.slug, "trust"]), {"trust-comment": "More."})
    rita.post(reverse("send", args=[consultation.slug]), checked(rita, consultation.slug))
    assert list(Response.objects.order_by("version").values_list("edition__number", flat=True)) == [
        1,
        newer.number,
    ]


def opened_on(client: Client, token: str) -> dict[str, str]:
    """What the page that asks once more before withdrawing posts."""
    text = client.get(reverse("withdraw", args=[token])).content.decode()
    return dict(re.findall(r'name="(submission_key|opened)" value="([^"]+)"', text))


def test_a_page_opened_before_closing_withdraws_within_the_grace(
    client: Client, send: Send, consultation: Consultation
) -> None:
    first = send()
    token = receipt_token(first)
    asked = opened_on(sent_from(client, first), token)
    closes_at = timezone.now() + timedelta(milliseconds=1)
    Consultation.objects.filter(pk=consultation.pk).update(closes_at=closes_at, grace_minutes=30)
    client.post(reverse("withdraw", args=[token]), asked)
    newest = Response.objects.latest("version")
    assert (newest.act, newest.timing) == ("withdrawn", "in-grace")


def test_withdrawing_or_changing_too_late_is_said(
    client: Client, send: Send, consultation: Consultation
) -> None:
    first = send()
    token = receipt_token(first)
    asked = opened_on(sent_from(client, first), token)
    close(consultation, timedelta(hours=2))
    page = client.post(reverse("withdraw", args=[token]), asked, follow=True)
    assert "We could not withdraw your response" in page.content.decode()
    page = client.post(reverse("amend", args=[token]), follow=True)
    assert "You can no longer change your response" in page.content.decode()
    assert Response.objects.get().act == "sent"
