"""What follows from a response: its confirmation and its review, each as what happened says."""

from django.db.models import Count, Q

from responses.governance.erasing import erased_references
from responses.governance.reconciling.findings import Findings, name_of, rows_of
from responses.models import Confirmation, LedgerEntry, Review


def check_confirmations(findings: Findings) -> None:
    """Each confirmation's state fits its tries, the ledger and whether there is an address."""
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
    )
    rows = found.values_list(
        *[
            "response__reference",
            "response__version",
            "state",
            "tried",
            "accepted",
            "confirmed",
            "failed",
        ],
        *["sent_at", "attempts", "response__contact__email", "response__synthetic"],
    )
    erased = set(erased_references())
    state = Confirmation.State
    for (
        reference,
        version,
        now,
        tried,
        accepted,
        confirmed,
        failed,
        sent_at,
        attempts,
        email,
        synthetic,
    ) in rows.order_by("pk").iterator():
        wrong: dict[str, bool] = {
            state.SENT: not (accepted and confirmed == 1 and sent_at),
            state.WAITING: bool(confirmed or accepted or sent_at or not email),
            state.FAILED: not failed or bool(confirmed or sent_at),
            # Where it was erased, it may have been tried before.
            state.NOT_WANTED: bool(
                (email and not synthetic)
                or confirmed
                or sent_at
                or (reference not in erased and (tried or failed))
            ),
        }
        if wrong.get(now, True) or attempts > tried:
            findings.note(
                name_of(reference, version),
                f"Its confirmation says “{now}”, which does not fit what happened to it.",
            )
    findings.totals["confirmations"] = dict(
        Confirmation.objects.order_by().values_list("state").annotate(Count("pk"))
    )


def check_reviews(findings: Findings) -> None:
    """Each review is where its last step left it, after as many moves as it counts, and nothing is
    set aside without a reason.
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
