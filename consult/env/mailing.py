"""Settings for emails: what sends them, where they come back to, and a mailbox of responses."""

from consult.env.setting import Setting, server, text, whole_number

MAILING = [
    Setting(
        "EMAIL_URL",
        server("smtp", "smtps", "smtp+tls"),
        "",
        (
            "The mail server, for example smtp+tls://user:password@host:587. Required when DEBUG "
            "is off. If empty, `make run` saves each email as a file in VAR_DIR/mail."
        ),
        secret=True,
    ),
    Setting(
        "EMAIL_PASSWORD",
        text,
        "",
        "The password for EMAIL_URL, unescaped: it may contain any character.",
        secret=True,
    ),
    Setting(
        "EMAIL_TIMEOUT",
        whole_number(1, 120),
        "20",
        "How many seconds to wait for each reply from the mail server.",
    ),
    Setting(
        "EMAIL_FROM",
        text,
        "London consultations <noreply@localhost>",
        "The sender of every email.",
    ),
    Setting(
        "BOUNCE_ADDRESS",
        text,
        "",
        (
            "Where mail servers send back what they cannot deliver, for example "
            "bounces@example.org. Each email gets an address of its own from it, "
            "bounces+…@example.org. If empty, that goes to EMAIL_FROM."
        ),
    ),
    Setting(
        "BOUNCE_MAILBOX_URL",
        server("imaps", "imap"),
        "",
        (
            "The mailbox of BOUNCE_ADDRESS, as in INBOUND_MAILBOX_URL, read every five minutes for "
            "emails that came back and complaints. Nothing is changed in it."
        ),
        secret=True,
    ),
    Setting(
        "INBOUND_MAILBOX_URL",
        server("imaps", "imap"),
        "",
        (
            "A mailbox to read responses from every five minutes, for example "
            "imaps://name:password@mail.example.org/INBOX. Nothing is changed in it. With imap, "
            "STARTTLS is required unless the server is this machine. If empty, staff load files."
        ),
        secret=True,
    ),
    Setting(
        "INBOUND_MAILBOX_CONSULTATION",
        text,
        "",
        "The slug of the consultation that INBOUND_MAILBOX_URL is for.",
    ),
]
