"""Reminders before closing: asked for with the link, each sent once, and ended by one press."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.signing import BadSignature
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import Consultation, User
from responses.governance.personal_data import draft_as_saved
from responses.models import Draft, DraftLink, Reminder, ReminderRequest
from responses.responding.draft_tokens import emailed_token
from responses.responding.drafting import discard_draft
from responses.responding.reminders import (
    ask_for_reminders,
    end_reminders,
    end_token,
    send_due_reminders,
    write_due_reminders,
)
from tests.responses.responding.test_answering import answer, at, send
from tests.support.postbox import Postbox

pytestmark = pytest.mark.usefixtures("consultation")
MailThrough = Callable[[int], None]
DAY = timedelta(days=1)


@pytest.fixture
def rita() -> Client:
    """Someone who has started."""
    client = Client()
    answer(client, "violence", violence_comment="Half a thought.")
    return client


@pytest.fixture
def asked(rita: Client) -> ReminderRequest:
    rita.post(at("later"), {"email": "rita@example.org", "remind": "yes"})
    return ReminderRequest.objects.get()


def close_in(left: timedelta) -> None:
    """Nobody moved the date: the days went by, and Rita asked long before."""
    closing = timezone.now() + left
    Consultation.objects.update(opens_at=closing - 60 * DAY, closes_at=closing)
    ReminderRequest.objects.update(told_closes_at=closing, told_at=closing - 30 * DAY)


def occasions() -> list[str]:
    return list(Reminder.objects.order_by("pk").values_list("occasion", flat=True))


def test_a_ticked_box_asks_for_reminders_and_the_page_says_so(rita: Client) -> None:
    assert 'name="remind"' in rita.get(at("later")).content.decode()
    page = rita.post(at("later"), {"email": "rita@example.org", "remind": "yes"}, follow=True)
    assert "We will also remind you." in page.content.decode()
    asked = ReminderRequest.objects.get()
    assert (asked.email, asked.draft) == ("rita@example.org", Draft.objects.get())
    assert DraftLink.objects.count() == 1


def test_without_the_tick_nobody_is_reminded(rita: Client) -> None:
    page = rita.post(at("later"), {"email": "rita@example.org"}, follow=True).content.decode()
    assert "We will also remind you." not in page
    assert not ReminderRequest.objects.exists()


def test_a_tick_is_kept_beside_an_address_with_a_mistake(rita: Client) -> None:
    page = rita.post(at("later"), {"email": "nowhere", "remind": "yes"}).content.decode()
    assert re.search(r'name="remind"[^>]* checked', page)
    assert not ReminderRequest.objects.exists()


def test_where_the_link_is_over_its_limit_no_reminder_is_asked_for(rita: Client) -> None:
    for _ in range(5):
        rita.post(at("later"), {"email": "stranger@example.org"})
    rita.post(at("later"), {"email": "stranger@example.org", "remind": "yes"})
    assert not ReminderRequest.objects.exists()


def test_asking_twice_is_asking_once(asked: ReminderRequest) -> None:
    assert ask_for_reminders(draft=asked.draft, email=asked.email) == asked


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        (8 * DAY, []),
        (6 * DAY, ["week"]),
        (DAY / 2, ["day"]),
        (-timedelta(minutes=1), []),
    ],
)
def test_a_reminder_is_written_when_its_time_has_come_and_once(
    asked: ReminderRequest, left: timedelta, wanted: list[str]
) -> None:
    close_in(left)
    for _ in range(3):
        write_due_reminders()
    assert occasions() == wanted


def test_someone_who_asks_in_the_last_week_gets_the_last_days_alone(
    asked: ReminderRequest,
) -> None:
    close_in(6 * DAY)
    ReminderRequest.objects.update(told_at=Now())
    assert (write_due_reminders(), occasions()) == (0, [])
    close_in(DAY / 2)
    ReminderRequest.objects.update(told_at=Now() - 5 * DAY)
    assert (write_due_reminders(), occasions()) == (1, ["day"])


def test_a_moved_closing_is_told_once_and_then_counted_from(asked: ReminderRequest) -> None:
    close_in(20 * DAY)
    Consultation.objects.update(closes_at=timezone.now() + 6 * DAY)
    write_due_reminders()
    write_due_reminders()
    assert occasions() == ["moved"]
    Consultation.objects.update(closes_at=timezone.now() + 25 * DAY)
    write_due_reminders()
    assert occasions() == ["moved", "moved"]


def test_a_withdrawn_consultation_reminds_nobody(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    close_in(6 * DAY)
    write_due_reminders()
    Consultation.objects.update(withdrawn_at=Now())
    assert (write_due_reminders(), send_due_reminders().sent) == (0, 0)
    assert len(postbox.arrived) == 0


def test_a_reminder_of_a_date_that_was_moved_meanwhile_is_not_sent(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    close_in(6 * DAY)
    write_due_reminders()
    Consultation.objects.update(closes_at=timezone.now() + 40 * DAY)
    write_due_reminders()
    assert send_due_reminders().sent == 1
    assert [message["Subject"] for message in postbox.arrived] == [
        "New closing date for your response"
    ]


def test_the_reminder_leads_back_and_says_nothing_that_was_typed(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    close_in(6 * DAY)
    write_due_reminders()
    assert (send_due_reminders().sent, send_due_reminders().sent) == (1, 0)
    (message,) = postbox.arrived
    assert (message["To"], message["Subject"]) == (
        "rita@example.org",
        "One week left to send your response",
    )
    body = message.get_body().get_content()
    assert emailed_token(asked.draft) in body
    assert at("closing-event") in body
    assert "Half a thought." not in body
    assert Reminder.objects.get().state == "sent"


def test_an_answer_that_was_sent_or_deleted_is_not_reminded_of(
    asked: ReminderRequest, rita: Client
) -> None:
    send(rita)
    assert not ReminderRequest.objects.exists()
    answer(rita, "trust", trust_comment="More.")
    ask_for_reminders(draft=Draft.objects.get(), email="rita@example.org")
    discard_draft(draft=Draft.objects.get())
    assert not ReminderRequest.objects.exists()


def end_address(message: object) -> str:
    return "/" + str(message["List-Unsubscribe"]).strip("<>").split("/", 3)[3]


def test_one_press_ends_them_also_those_that_wait_and_looking_does_not(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    close_in(6 * DAY)
    write_due_reminders()
    send_due_reminders()
    address = end_address(postbox.arrived[0])
    assert address in postbox.arrived[0].get_body().get_content()
    looked = Client().get(address)
    assert "Stop the reminders" in looked.content.decode()
    assert ReminderRequest.objects.exists()
    close_in(DAY / 2)
    write_due_reminders()
    pressed = Client(enforce_csrf_checks=True).post(address)
    assert "No more reminders" in pressed.content.decode()
    assert send_due_reminders().sent == 0
    assert "No more reminders" in Client().post(address).content.decode()
    assert Draft.objects.count() == 1


def test_mail_programs_end_them_by_their_own_button(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    close_in(6 * DAY)
    write_due_reminders()
    send_due_reminders()
    (message,) = postbox.arrived
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = Client(enforce_csrf_checks=True)
    page = program.post(end_address(message), {"List-Unsubscribe": "One-Click"})
    assert page.status_code == 200
    assert not ReminderRequest.objects.exists()


@pytest.mark.parametrize(
    "token", ["x", "1:x", "ab1eec6d-af34-4167-8fb1-5566e53bf9fe", "x:" + "A" * 43]
)
def test_nobody_can_end_what_somebody_else_asked_for(asked: ReminderRequest, token: str) -> None:
    assert Client().post(at("end-reminders", token)).status_code == 404
    with pytest.raises(BadSignature):
        end_reminders(token=token)
    assert ReminderRequest.objects.exists()


def test_ending_one_leaves_other_peoples_reminders(asked: ReminderRequest) -> None:
    other = ask_for_reminders(draft=asked.draft, email="olu@example.org")
    end_reminders(token=end_token(asked))
    assert list(ReminderRequest.objects.all()) == [other]


def test_one_address_that_fails_stops_no_other_reminder(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough
) -> None:
    mail_through(postbox.port)
    ask_for_reminders(draft=asked.draft, email="olu@example.org")
    ReminderRequest.objects.filter(pk=asked.pk).update(email="no address")
    close_in(6 * DAY)
    write_due_reminders()
    done = send_due_reminders()
    assert (done.sent, done.refused) == (1, 1)
    assert [message["To"] for message in postbox.arrived] == ["olu@example.org"]
    assert Reminder.objects.get(request=asked).reason == "This is not an email address."


def test_reminders_count_among_the_emails_an_address_may_have(
    asked: ReminderRequest, postbox: Postbox, mail_through: MailThrough, settings: Settings
) -> None:
    mail_through(postbox.port)
    settings.LIMITS = settings.LIMITS | {"email": (1, 86400)}
    close_in(6 * DAY)
    write_due_reminders()
    assert send_due_reminders().sent == 1
    close_in(DAY / 2)
    write_due_reminders()
    assert send_due_reminders().refused == 1
    assert len(postbox.arrived) == 1


def test_staff_see_a_reminder_that_was_given_up_and_no_address(
    asked: ReminderRequest, reviewer: User, sign_in: Callable[[User], Client]
) -> None:
    close_in(6 * DAY)
    write_due_reminders()
    Reminder.objects.update(state="failed", reason="550 5.1.1 no such user")
    page = sign_in(reviewer).get(reverse("undelivered")).content.decode()
    assert "1 email about an unsent response was not delivered" in page
    assert "550 5.1.1 no such user" in page
    assert "rita@example.org" not in page


def test_a_person_is_told_where_reminders_of_their_draft_go(asked: ReminderRequest) -> None:
    assert draft_as_saved(asked.draft)["reminders_to"] == ["rita@example.org"]


def test_what_was_asked_for_goes_with_the_draft_when_its_time_is_over(
    asked: ReminderRequest,
) -> None:
    close_in(6 * DAY)
    write_due_reminders()
    Consultation.objects.update(
        opens_at=timezone.now() - 900 * DAY, closes_at=timezone.now() - 800 * DAY
    )
    call_command("retain")
    assert not ReminderRequest.objects.exists()
