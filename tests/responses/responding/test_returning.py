"""Emails that came back, or that their reader did not want: known in any order, shown, not tried
again.
"""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from itertools import permutations
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from consult.models import Consultation, RowTrouble, User
from responses.governance.reconciling import reconcile
from responses.governance.removing_addresses import disown_address
from responses.models import Confirmation, DraftLink, Response, ReturnedMail
from responses.receipt_tokens import receipt_token
from responses.responding import returned_mail
from responses.responding.confirming import CONFIRMATIONS, claim_due, send_due_confirmations
from responses.responding.drafting import start_draft
from responses.responding.mail_reports import read_report
from responses.responding.resending import correct_address, links_given_up, try_again
from responses.responding.returned_mail import read_returned_mail
from responses.responding.returning import NO_MORE, note_report
from responses.responding.save_and_return import ask_for_link, send_due_links
from responses.responding.tasks import read_returned_mail as read_due_returned_mail
from responses.responding.trying import record_sent
from tests.support.imap import PASSWORD, USER, ImapServer
from tests.support.mail_reports import BOUNCES, complaint, delivery_report
from tests.support.postbox import Postbox
from tests.support.recognising import sent_from

pytestmark = pytest.mark.django_db(transaction=True)
Send = Callable[..., Response]
State = Confirmation.State


@pytest.fixture(autouse=True)
def comes_back(settings: Settings, postbox: Postbox, mail_through: Callable[[int], None]) -> None:
    """Each email has an address of its own to come back to."""
    mail_through(postbox.port)
    settings.BOUNCE_ADDRESS = BOUNCES


@pytest.fixture
def response(send: Send) -> Response:
    """Rita's response, whose email the mail server took."""
    made = send()
    send_due_confirmations()
    return made


def note(raw: bytes) -> int:
    report = read_report(raw)
    assert report is not None
    return note_report(report)


def returned(postbox: Postbox, number: int = 0) -> bytes:
    """The report of the email's own return address alone, as many servers write it."""
    nothing = EmailMessage()
    nothing["To"] = "someone-forwarded-to@elsewhere.example"
    return delivery_report(nothing, to=postbox.senders[number])


def state_of(response: Response) -> tuple[str, str]:
    found = Confirmation.objects.get(response=response)
    return found.state, found.reason


def events(response: Response) -> list[str]:
    return list(response.ledger.values_list("event", flat=True))


def test_each_email_has_a_return_address_and_shows_who_it_is_from(
    response: Response, postbox: Postbox, settings: Settings
) -> None:
    assert postbox.senders[0].startswith(f"bounces+c{response.confirmation.pk}-")
    assert postbox.senders[0].endswith("@consult.example.org")
    assert postbox.arrived[0]["From"] == settings.DEFAULT_FROM_EMAIL
    assert "bounces" not in postbox.arrived[0].as_string()


def test_without_a_bounce_address_mail_goes_out_as_before(
    send: Send, postbox: Postbox, settings: Settings
) -> None:
    settings.BOUNCE_ADDRESS = ""
    send()
    send_due_confirmations()
    assert postbox.senders == ["noreply@localhost"]


def test_an_email_that_came_back_says_so_on_receipt_and_desk(
    response: Response,
    postbox: Postbox,
    reviewer: User,
    sign_in: Callable[[User], Client],
    outsider: Client,
) -> None:
    assert note(returned(postbox)) == 1
    assert state_of(response) == (State.RETURNED, "550 5.1.1 no such person")
    assert events(response) == ["received", "confirmed", "email-returned"]
    receipt = sent_from(outsider, response).get(reverse("receipt", args=[receipt_token(response)]))
    assert "to rita@example.org, but it came back." in receipt.content.decode()
    assert "Correct email address" in receipt.content.decode()
    desk = sign_in(reviewer).get(reverse("undelivered")).content.decode()
    assert "It came back:" in desk
    assert "550 5.1.1 no such person" in desk
    assert "rita@example.org" not in desk
    assert reconcile().differences == []


def test_a_complaint_says_so_and_offers_staff_no_other_try(
    response: Response,
    postbox: Postbox,
    reviewer: User,
    sign_in: Callable[[User], Client],
    outsider: Client,
) -> None:
    assert note(complaint(postbox.arrived[0])) == 1
    assert state_of(response)[0] == State.COMPLAINED
    receipt = sent_from(outsider, response).get(reverse("receipt", args=[receipt_token(response)]))
    assert "marked it as unwanted" in receipt.content.decode()
    desk = sign_in(reviewer).get(reverse("undelivered")).content.decode()
    assert "told their mail service that it was unwanted" in desk
    assert 'name="confirmation"' not in desk
    assert try_again(actor=reviewer) == 0
    assert reconcile().differences == []


def about(confirmation: Confirmation) -> EmailMessage:
    """The email as it went out, for tests in which it is still on its way."""
    email = EmailMessage()
    email["Message-ID"], email["To"] = confirmation.message_id, "rita@example.org"
    return email


@pytest.mark.parametrize("order", sorted(permutations(["taken", "returned", "complained"])))
def test_whatever_is_noted_first_it_ends_the_same(send: Send, order: tuple[str, ...]) -> None:
    response = send()
    (row,) = claim_due(limit=1)
    steps = {
        "taken": lambda: CONFIRMATIONS.sent(row),
        "returned": lambda: note(delivery_report(about(row), to=BOUNCES)),
        "complained": lambda: note(complaint(about(row))),
    }
    for step in order:
        steps[step]()
        assert reconcile().differences == []
    found = Confirmation.objects.get(response=response)
    assert (found.state, found.sent_at is not None) == (State.COMPLAINED, True)
    assert events(response).count("confirmed") == 1


@pytest.mark.parametrize("order", [("taken", "returned"), ("returned", "taken")])
def test_an_email_taken_by_the_server_is_not_thought_to_have_arrived(
    send: Send, order: tuple[str, ...]
) -> None:
    response = send()
    (row,) = claim_due(limit=1)
    for step in order:
        if step == "taken":
            CONFIRMATIONS.sent(row)
        else:
            note(delivery_report(about(row), to=BOUNCES))
    assert state_of(response) == (State.RETURNED, "550 5.1.1 no such person")


def test_the_same_report_again_changes_nothing(response: Response, postbox: Postbox) -> None:
    assert [note(returned(postbox)) for _ in range(3)] == [1, 0, 0]
    assert events(response).count("email-returned") == 1


def test_what_came_back_while_it_was_being_tried_is_not_tried_again(
    send: Send, postbox: Postbox
) -> None:
    response = send()
    postbox.answers["rita@example.org"] = "451 4.7.1 try again later"
    send_due_confirmations()
    assert note(delivery_report(about(response.confirmation), to=BOUNCES)) == 1
    assert reconcile().differences == []
    del postbox.answers["rita@example.org"]
    Confirmation.objects.update(due_at=F("created_at"))
    assert send_due_confirmations().sent == 0
    assert state_of(response)[0] == State.RETURNED


def test_trying_again_or_correcting_sends_it_once_more(
    response: Response, postbox: Postbox, reviewer: User
) -> None:
    note(returned(postbox))
    assert try_again(actor=reviewer) == 1
    assert reconcile().differences == []
    assert send_due_confirmations().sent == 1
    assert state_of(response) == (State.SENT, "")
    assert reconcile().differences == []
    note(returned(postbox, 1))
    correct_address(response=response, email="rita@correct.example")
    assert send_due_confirmations().sent == 1
    assert postbox.recipients[-1] == "rita@correct.example"
    assert (state_of(response)[0], reconcile().differences) == (State.SENT, [])


def test_a_report_about_an_address_since_corrected_changes_nothing(
    response: Response, postbox: Postbox
) -> None:
    note(returned(postbox))
    correct_address(response=response, email="rita@correct.example")
    send_due_confirmations()
    assert note(returned(postbox, 0)) == 0
    assert note(delivery_report(postbox.arrived[0], to=BOUNCES)) == 0
    assert state_of(response)[0] == State.SENT
    assert note(returned(postbox, 1)) == 1


def test_a_report_about_an_address_that_was_removed_changes_nothing(
    response: Response, postbox: Postbox
) -> None:
    disown_address(response=response, email="rita@example.org")
    assert note(returned(postbox)) == note(delivery_report(postbox.arrived[0], to=BOUNCES)) == 0
    assert reconcile().differences == []


def test_nobody_can_make_up_a_return_address(response: Response, postbox: Postbox) -> None:
    name, _, domain = postbox.senders[0].partition("@")
    made_up = f"{name[:-1]}{'1' if name.endswith('0') else '0'}@{domain}"
    other = postbox.senders[0].replace(f"c{response.confirmation.pk}", "c999999")
    for path in (made_up, other, "bounces+c1-00000000000000000000@consult.example.org"):
        nothing = EmailMessage()
        nothing["To"] = "x@example.org"
        assert note(delivery_report(nothing, to=path)) == 0
    assert state_of(response)[0] == State.SENT


def test_a_return_address_is_known_in_capitals_and_under_an_earlier_key(
    response: Response, postbox: Postbox, settings: Settings
) -> None:
    postbox.senders[0] = postbox.senders[0].upper()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key for this test, of more than fifty characters in all"
    assert note(returned(postbox)) == 1


def test_no_other_email_goes_to_someone_who_complained(
    response: Response, send: Send, postbox: Postbox
) -> None:
    note(complaint(postbox.arrived[0]))
    later, other = send(email="Rita@Example.org"), send(email="other@example.org")
    tally = send_due_confirmations()
    assert (tally.sent, tally.refused) == (1, 1)
    assert postbox.recipients == ["rita@example.org", "other@example.org"]
    assert state_of(later) == (State.FAILED, NO_MORE)
    assert state_of(other)[0] == State.SENT


def test_a_link_that_came_back_is_on_the_desk_with_the_reason(
    consultation: Consultation, postbox: Postbox
) -> None:
    draft = start_draft(consultation=consultation, started_at=timezone.now())[0]
    link = ask_for_link(draft=draft, email="rita@example.org")
    send_due_links()
    assert note(returned(postbox)) == 1
    found = DraftLink.objects.get(pk=link.pk)
    assert (found.state, found.reason) == (DraftLink.State.RETURNED, "550 5.1.1 no such person")
    record_sent(link)  # The worker notes the server's yes after the report was read.
    assert list(links_given_up()) == [link]


@pytest.fixture
def mailbox(files: Path) -> Iterator[ImapServer]:
    made = ImapServer()
    yield made
    made.close()


def url_of(mailbox: ImapServer) -> str:
    return f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{mailbox.port}/INBOX"


def test_the_mailbox_is_read_on_from_where_it_was_left(
    response: Response, postbox: Postbox, mailbox: ImapServer
) -> None:
    mailbox.folder.messages = {3: b"Subject: I am away\n\nBack on Monday.\n", 5: returned(postbox)}
    first = read_returned_mail(url=url_of(mailbox))
    assert (first.read, first.understood, first.last_uid, first.trouble) == (2, 1, 5, "")
    assert state_of(response)[0] == State.RETURNED
    mailbox.folder.messages[9] = complaint(postbox.arrived[0])
    again = read_returned_mail(url=url_of(mailbox))
    assert (again.pk, again.read, again.understood) == (first.pk, 3, 2)
    assert [one for one in mailbox.folder.commands if "FETCH" in one][-1].startswith("UID FETCH 9")
    assert mailbox.folder.seen == set()


def test_a_mailbox_that_counts_afresh_is_read_again_to_no_harm(
    response: Response, postbox: Postbox, mailbox: ImapServer
) -> None:
    mailbox.folder.messages = {5: returned(postbox)}
    read_returned_mail(url=url_of(mailbox))
    mailbox.folder.validity = 8
    mailbox.folder.messages = {1: mailbox.folder.messages[5]}
    again = read_returned_mail(url=url_of(mailbox))
    assert (again.last_uid, again.understood) == (1, 1)
    assert events(response).count("email-returned") == 1


def test_a_cut_connection_is_noted_and_the_next_run_goes_on_from_there(
    response: Response, postbox: Postbox, mailbox: ImapServer
) -> None:
    mailbox.folder.messages = {1: b"Subject: Away\n\n", 2: returned(postbox)}
    mailbox.folder.cut_after = 1
    first = read_returned_mail(url=url_of(mailbox))
    assert (first.read, bool(first.trouble)) == (1, True)
    mailbox.folder.cut_after = None
    again = read_returned_mail(url=url_of(mailbox))
    assert (again.read, again.understood, again.trouble) == (2, 1, "")


def test_one_report_that_nobody_can_make_anything_of_stops_no_other(
    response: Response, postbox: Postbox, mailbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(raw: bytes) -> object:
        if b"odd" in raw:
            raise RecursionError
        return read_report(raw)

    monkeypatch.setattr(returned_mail, "read_report", read)
    mailbox.folder.messages = {1: b"Subject: odd\n\n", 2: returned(postbox)}
    found = read_returned_mail(url=url_of(mailbox))
    assert (found.read, found.understood, found.last_uid, found.trouble) == (2, 1, 2, "")
    assert RowTrouble.objects.get().kind == "RecursionError"


def test_the_job_reads_the_mailbox_that_the_settings_name(
    mailbox: ImapServer, settings: Settings
) -> None:
    read_due_returned_mail()
    assert not ReturnedMail.objects.exists()
    settings.BOUNCE_MAILBOX_URL = url_of(mailbox)
    read_due_returned_mail()
    assert ReturnedMail.objects.get().read == 0
