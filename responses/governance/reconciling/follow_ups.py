"""What follows from a response: its confirmation and its review, each in the state that its history
says.
"""

from datetime import datetime

from django.db.models import Count, Q

from consult.text import counted
from responses.governance.erasing import erased_references
from responses.governance.reconciling.findings import Findings, name_of, rows_of
from responses.models import Confirmation, LedgerEntry, Review

CAME_BACK = (LedgerEntry.Event.EMAIL_RETURNED, LedgerEntry.Event.EMAIL_COMPLAINED)


def check_confirmations(findings: Findings) -> None:
    """Check that each confirmation's state fits its tries, the ledger and whether there is an
    address.
    """
    found = Confirmation.objects.filter(response__contact__isnull=False).annotate(
        tried=Count("tries", distinct=True),
        accepted=Count("tries", filter=Q(tries__outcome="sent"), distinct=True),
        confirmed=Count(
            "response__ledger",
            filter=Q(response__ledger__event=LedgerEntry.Event.CONFIRMED),
            distinct=True,
        ),
        failed=Count(
            "response__ledger",
            filter=Q(response__ledger__event=LedgerEntry.Event.CONFIRMATION_FAILED),
            distinct=True,
        ),
        came_back=Count(
            "response__ledger", filter=Q(response__ledger__event__in=CAME_BACK), distinct=True
        ),
    )
    names = (
        "state",
        "tried",
        "accepted",
        "confirmed",
        "failed",
        "came_back",
        "sent_at",
        "attempts",
        "tries_made",
    )
    rows = found.values_list(
        "response__reference",
        "response__version",
        "response__contact__email",
        "response__synthetic",
        *names,
    )
    erased = set(erased_references())
    for reference, version, email, synthetic, *said in rows.order_by("pk").iterator():
        wanted = bool(email) and not synthetic
        row = dict(zip(names, said, strict=True))
        if not _fits(**row, address=bool(email), wanted=wanted, erased=reference in erased):
            findings.note(
                name_of(reference, version),
                f"Its confirmation says “{row['state']}”, which does not fit what happened to it.",
            )
    findings.totals["confirmations"] = dict(
        Confirmation.objects.order_by().values_list("state").annotate(Count("pk"))
    )


def _fits(
    *,
    state: str,
    tried: int,
    accepted: int,
    confirmed: int,
    failed: int,
    came_back: int,
    sent_at: datetime | None,
    attempts: int,
    tries_made: int,
    address: bool,
    wanted: bool,
    erased: bool,
) -> bool:
    """Tell whether a confirmation's state fits its tries and the ledger.

    One that came back, before or after we noted that the mail server took it, may be tried again:
    each time it goes out once more than it has come back.
    """
    went = bool(confirmed > came_back or sent_at)
    returned = bool(came_back) and confirmed <= came_back and bool(sent_at) <= bool(confirmed)
    fitting: dict[str, bool] = {
        Confirmation.State.SENT: bool(accepted and 1 <= confirmed <= came_back + 1 and sent_at),
        Confirmation.State.WAITING: not (went or accepted > came_back) and address,
        Confirmation.State.FAILED: bool(failed) and not went,
        Confirmation.State.RETURNED: returned,
        Confirmation.State.COMPLAINED: returned,
        # If it was erased, it may have been tried before.
        Confirmation.State.NOT_WANTED: not (wanted or went) and (erased or not (tried or failed)),
    }
    return fitting.get(state, False) and attempts <= tried == tries_made


def check_reviews(findings: Findings) -> None:
    """Check that each review is where its last step left it, after as many moves as it counts, and
    that nothing is set aside without a reason.
    """
    for reference, version, state in rows_of(
        """SELECT reference, r.version, state FROM responses_review v
            JOIN responses_response r ON r.id = v.response_id
        WHERE state <> coalesce((SELECT to_state FROM responses_reviewstep WHERE review_id = v.id
            ORDER BY id DESC LIMIT 1), 'unread')
            OR v.version <> (SELECT count(*) FROM responses_reviewstep WHERE review_id = v.id
                AND from_state <> to_state)
            OR EXISTS (SELECT FROM responses_reviewstep
                WHERE review_id = v.id AND from_state <> to_state AND to_state = 'set-aside'
                    AND btrim(note) = '')
        ORDER BY r.id"""
    ):
        findings.note(
            name_of(reference, version), f"Its review says “{state}”, which does not fit its steps."
        )
    findings.totals["reviews"] = dict(
        Review.objects.filter(superseded=False)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )


def check_equality(findings: Findings) -> None:
    """Check that there are as many equality answers as people who gave some.

    Nothing removes a row, and nothing says whose it is. More come back with a batch that a restored
    database did not know.
    """
    for slug, gave, there in rows_of(
        """SELECT slug, gave, there FROM consult_consultation c,
            LATERAL (SELECT count(*) AS gave FROM responses_equalityholder
                WHERE consultation_id = c.id) AS holders,
            LATERAL (SELECT count(*) AS there FROM responses_equalityanswers
                WHERE consultation_id = c.id) AS answers
        WHERE there < gave ORDER BY c.id"""
    ):
        findings.note(
            f"{slug} equality answers",
            f"{counted(gave, 'person', 'people')} answered, and {there:,} are there.",
        )
