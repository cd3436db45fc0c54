"""What servers and mail services report is read as they write it, and nothing else is a report."""

from email.message import EmailMessage

import pytest

from responses.responding.mail_reports import Happened, read_report
from tests.support.mail_reports import BOUNCES, complaint, delivery_report
from tests.support.mails import CORPUS


@pytest.fixture
def email() -> EmailMessage:
    made = EmailMessage()
    made["Message-ID"] = "<1.2.3@consult.example.org>"
    made["To"], made["Subject"] = "rita@example.org", "Your response was received"
    return made


def test_a_delivery_report_says_what_came_back_and_why(email: EmailMessage) -> None:
    report = read_report(delivery_report(email, to=BOUNCES))
    assert report is not None
    assert report.happened is Happened.RETURNED
    assert report.message_ids == ("<1.2.3@consult.example.org>",)
    assert report.recipients == ("rita@example.org",)
    assert report.reason == "550 5.1.1 no such person"
    assert BOUNCES in report.where


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"]
)
def test_the_email_is_found_whole_or_as_its_headers_alone(email: EmailMessage, kind: str) -> None:
    report = read_report(delivery_report(email, to=BOUNCES, encloses=kind))
    assert report is not None
    assert report.message_ids == ("<1.2.3@consult.example.org>",)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_line_ends_change_nothing(email: EmailMessage, line_end: bytes) -> None:
    raw = delivery_report(email, to=BOUNCES).replace(b"\n", line_end)
    report = read_report(raw)
    assert report is not None
    assert (report.reason, report.recipients) == ("550 5.1.1 no such person", ("rita@example.org",))


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_a_report_that_leaves_hope_is_none(email: EmailMessage, action: str) -> None:
    assert read_report(delivery_report(email, to=BOUNCES, action=action)) is None


def test_the_status_stands_in_for_a_reason_that_is_missing(email: EmailMessage) -> None:
    report = read_report(delivery_report(email, to=BOUNCES, said=""))
    assert report is not None
    assert report.reason == "5.1.1"


def test_a_complaint_says_whose_email_was_unwanted(email: EmailMessage) -> None:
    report = read_report(complaint(email, sent_from="bounces+c1-00@consult.example.org"))
    assert report is not None
    assert report.happened is Happened.COMPLAINED
    assert report.recipients == ("rita@example.org",)
    assert "bounces+c1-00@consult.example.org" in report.where


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", ""])
def test_feedback_that_is_no_complaint_is_none(email: EmailMessage, kind: str) -> None:
    assert read_report(complaint(email, kind=kind)) is None


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_no_other_mail_is_a_report_or_raises(name: str) -> None:
    assert read_report(CORPUS[name].raw) is None


@pytest.mark.parametrize("keep", range(0, 1000, 37))
def test_a_report_cut_off_anywhere_raises_nothing(email: EmailMessage, keep: int) -> None:
    for raw in (delivery_report(email, to=BOUNCES), complaint(email)):
        read_report(raw[:keep])
        read_report(raw[:keep].replace(b"e", b"\xff\x00"))
