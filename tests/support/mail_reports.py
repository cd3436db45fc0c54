"""Reports as mail servers and mail services send them about an email of ours."""

from email.message import EmailMessage

BOUNCES = "bounces@consult.example.org"


def delivery_report(
    email: EmailMessage,
    *,
    to: str,
    action: str = "failed",
    said: str = "smtp; 550 5.1.1 no such person",
    encloses: str = "message/rfc822",
    recipient: str = "",
) -> bytes:
    """What a server writes about `email` (RFC 3464), to the address that it came from."""
    recipient = recipient or email["To"]
    original = f"Message-ID: {email['Message-ID']}\nTo: {recipient}\nSubject: {email['Subject']}\n"
    return (
        f"""From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0000

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: {said}

--b
Content-Type: {encloses}

{original}
--b--
"""
    ).encode()


def complaint(email: EmailMessage, *, kind: str = "abuse", sent_from: str = "") -> bytes:
    """What a mail service writes when a reader called `email` unwanted (RFC 5965)."""
    path = f"Original-Mail-From: <{sent_from}>\n" if sent_from else ""
    return (
        f"""From: Feedback <feedback@mail.example.org>
To: {BOUNCES}
Subject: Complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an email abuse report.
--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Feedback/1.0
Version: 1
Original-Rcpt-To: <{email["To"]}>
{path}
--b
Content-Type: message/rfc822

Message-ID: {email["Message-ID"]}
To: {email["To"]}

--b--
"""
    ).encode()
