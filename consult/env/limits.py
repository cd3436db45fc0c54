"""Settings for how often people may do something, and how long things are kept."""

from consult.env.setting import Setting, flag, rate, whole_number

LIMITS = [
    Setting(
        "SESSION_IDLE_MINUTES",
        whole_number(5, 480),
        "60",
        "Minutes without a click after which staff must sign in again.",
    ),
    Setting(
        "SECOND_PERSON",
        flag,
        "off",
        (
            "If on, a second person must confirm changes of rights, downloads of contact details, "
            "handing over or erasing what is held about a person, and publishing."
        ),
    ),
    Setting(
        "LIMIT_SIGN_IN",
        rate,
        "5/300",
        (
            "Failed sign-ins for one account from one address, as number/seconds. After that, "
            "people have to wait."
        ),
    ),
    Setting(
        "LIMIT_SIGN_IN_ADDRESS",
        rate,
        "100/900",
        "Failed sign-ins from one address, for any account.",
    ),
    Setting(
        "LIMIT_SIGN_IN_CODE",
        rate,
        "10/900",
        (
            "Wrong six-digit codes for one account after the right password. Recovery codes "
            "still "
            "work."
        ),
    ),
    Setting(
        "LIMIT_DRAFT",
        rate,
        "2000/3600",
        "Responses started from one address. A library or a school is one address.",
    ),
    Setting(
        "LIMIT_SEND",
        rate,
        "600/3600",
        (
            "Responses sent from one address. Above this, people are asked to wait; nothing "
            "they "
            "typed is lost."
        ),
    ),
    Setting(
        "LIMIT_UPLOAD",
        rate,
        "300/3600",
        "Files attached from one address. Above this, people are asked to wait.",
    ),
    Setting(
        "LIMIT_FLAG",
        rate,
        "60/3600",
        (
            "Responses sent from one address. Above this, they are flagged for reviewers; none "
            "is "
            "refused."
        ),
    ),
    Setting(
        "LIMIT_EMAIL",
        rate,
        "20/86400",
        (
            "Emails to one inbox, however its address is written. Above this, responses are still "
            "accepted, but no email is sent."
        ),
    ),
    Setting(
        "LIMIT_LINK",
        rate,
        "5/86400",
        "Emails with a link to a draft: to one address, and about one draft.",
    ),
    Setting(
        "LIMIT_GUESS",
        rate,
        "60/600",
        "Addresses of receipts and drafts that do not exist, opened from one address.",
    ),
    Setting(
        "LIMIT_PROOF",
        rate,
        "20/864000",
        (
            "Wrong answers about one response or draft from people who open its emailed link, "
            "before its words are shown."
        ),
    ),
    Setting(
        "KEEP_DRAFTS_DAYS",
        whole_number(1, 3650),
        "30",
        ("Days after closing and the grace period until drafts that were never sent are deleted."),
    ),
    Setting(
        "KEEP_CONTACTS_DAYS",
        whole_number(1, 3650),
        "365",
        "The same for names, addresses and what mail servers replied.",
    ),
    Setting(
        "EQUALITY_TOGETHER",
        whole_number(2, 10_000),
        "10",
        "Fewer equality answers than this are never handed over, or recalled, together.",
    ),
    Setting("KEEP_EQUALITY_DAYS", whole_number(1, 3650), "365", "The same for equality answers."),
    Setting(
        "KEEP_LETTERS_DAYS",
        whole_number(1, 3650),
        "365",
        "The same for scanned letters and emails from mailboxes.",
    ),
    Setting(
        "KEEP_BATCHES_DAYS",
        whole_number(1, 3650),
        "365",
        (
            "The same for the files of acknowledged batches, and at least this long after they "
            "were written."
        ),
    ),
    Setting(
        "KEEP_ANSWERS_DAYS",
        whole_number(1, 3650),
        "730",
        "The same for answers and everything that came with them. They are erased.",
    ),
]
