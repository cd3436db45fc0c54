"""Every version of a response: unaltered, and once in the ledger, in the order of its versions."""

from collections.abc import Iterator

from django.db.models import Count

from consult.text import counted
from responses.answers import Answers, digest_of
from responses.governance.erasing import NOBODY, erased_references
from responses.governance.reconciling.findings import Findings, name_of, rows_of
from responses.models import Batch, LedgerEntry, Removal, Response
from responses.responding.submitting import ARRIVALS

AT_ONCE = 500
# After these the ledger has the digest of what is left.
LESS_OF_A_CONTACT = (LedgerEntry.Event.DETAILS_REMOVED, LedgerEntry.Event.ADDRESS_REMOVED)


# The tables that have a row for each version of a response.
ONE_EACH = {
    "contact": "responses_contact",
    "confirmation": "responses_confirmation",
    "review": "responses_review",
}


def check_totals(findings: Findings) -> None:
    """Check that received by channel = in batches + waiting."""
    by_channel: dict[str, dict[str, int]] = {}
    counted = (
        Response.objects.order_by()
        .values_list("channel")
        .annotate(Count("pk"), Count("membership"))
    )
    for channel, received, batched in counted:
        by_channel[channel] = {
            "received": received,
            "in_batches": batched,
            "waiting": received - batched,
        }
    findings.totals["channels"] = by_channel
    findings.totals["acts"] = dict(
        Response.objects.order_by().values_list("act").annotate(Count("pk"))
    )
    findings.totals["batches"] = Batch.objects.count()
    if gone := Removal.objects.count():
        findings.totals["batches_without_files"] = gone
    arrived = LedgerEntry.objects.filter(event__in=ARRIVALS.values()).count()
    received = sum(row["received"] for row in by_channel.values())
    if arrived != received:
        findings.note("ledger", f"It says that {arrived} came, and {received} are there.")


def check_responses(findings: Findings) -> None:
    """Check that each version matches its digest, has a contact, a confirmation and a review, and
    is found by its words.
    """
    erased = set(erased_references())
    # The last entry counts: an address may go first, and the other details after their time.
    removals = LedgerEntry.objects.filter(event__in=LESS_OF_A_CONTACT).order_by("pk")
    left = {entry.response_id: entry for entry in removals}
    every = Response.objects.select_related("contact").order_by("pk")
    for response in every.iterator(chunk_size=AT_ONCE):
        if not hasattr(response, "contact"):
            continue  # Reported below.
        for words in _altered(
            response,
            erased=response.reference in erased,
            left=left.get(response.pk),
        ):
            findings.note(name_of(response.reference, response.version), words)
    for what, table in ONE_EACH.items():
        for reference, version in rows_of(
            f"""SELECT reference, version FROM responses_response r
            WHERE NOT EXISTS (SELECT FROM {table}
                WHERE response_id = r.id) ORDER BY r.id"""  # noqa: S608  # from the list above
        ):
            findings.note(name_of(reference, version), f"Its {what} is gone.")
    for reference, version in rows_of(
        """SELECT reference, version FROM responses_response r LEFT
            JOIN responses_searchtext s ON s.response_id = r.id
        WHERE words IS DISTINCT FROM words_of(texts)
            OR stems IS DISTINCT FROM to_tsvector('english', words_said(texts))
            OR prints IS DISTINCT FROM prints_of(texts) ORDER BY r.id"""
    ):
        findings.note(name_of(reference, version), "The search would not find it by its words.")


def _altered(response: Response, *, erased: bool, left: LedgerEntry | None) -> Iterator[str]:
    """Return what is not as it was received, or as it was left when words or
    details were removed.
    """
    contact = {
        key: getattr(response.contact, key) for key in ("name", "email", "postcode_district")
    }
    details = any(contact.values()) or bool(response.contact.corrected_email)
    answers = Answers(response.choices, response.texts)
    if erased:
        # Its digest is of what was erased.
        if response.choices or response.texts or details:
            yield "It was erased, but still has content."
    elif left is not None:
        # Since then the ledger has the digest of what is left.
        all_of_them = left.event == LedgerEntry.Event.DETAILS_REMOVED
        if details and all_of_them:
            yield "Its contact details were removed, but it has some."
        if digest_of(answers=answers, contact=NOBODY if all_of_them else contact) != left.digest:
            yield "Its answers are not those that were received."
    elif digest_of(answers=answers, contact=contact) != response.digest:
        yield "Its answers or contact details are not those that were received."


def check_ledger(findings: Findings) -> None:
    """Check, by the ledger, that each version arrived once and as what it is, and that every entry
    has the digest of the content that is there.
    """
    arrivals = [str(event) for event in ARRIVALS.values()]
    less = [str(event) for event in LESS_OF_A_CONTACT]
    for reference, version, arrived, fitting, strange in rows_of(
        """SELECT reference, version, count(*) FILTER (WHERE event = ANY(%s)),
            count(*) FILTER (WHERE event = CASE act WHEN 'sent' THEN 'received' ELSE act END),
            count(*) FILTER (WHERE e.digest <> r.digest AND event <> ALL(%s))
        FROM responses_response r LEFT JOIN responses_ledgerentry e ON e.response_id = r.id
        GROUP BY r.id
        HAVING count(*) FILTER (WHERE event = ANY(%s)) <> 1
            OR count(*) FILTER (WHERE e.digest <> r.digest AND event <> ALL(%s)) > 0
            OR count(*) FILTER (WHERE event = CASE act WHEN 'sent' THEN 'received'
                ELSE act END) <> 1
        ORDER BY r.id""",
        [arrivals, less, arrivals, less],
    ):
        if arrived != 1 or fitting != 1:
            findings.note(
                name_of(reference, version),
                f"By the ledger it arrived {arrived} times, {fitting} times as what it is.",
            )
        if strange:
            findings.note(
                name_of(reference, version),
                f"The ledger speaks {strange} times of different content.",
            )


def check_ties(findings: Findings) -> None:
    """Check that each response's row is as it was on arrival, and that no entry is missing that a
    later one names.
    """
    for reference, version in rows_of(
        """SELECT reference, version FROM responses_response r
            JOIN responses_ledgerentry e ON e.response_id = r.id
        WHERE event = ANY(%s) AND seal IS DISTINCT FROM seal_of(r) ORDER BY r.id""",
        [[str(event) for event in ARRIVALS.values()]],
    ):
        findings.note(
            name_of(reference, version),
            "Its row has changed since the ledger sealed it on arrival.",
        )
    for (gone,) in rows_of(
        """SELECT DISTINCT named FROM (SELECT unnest(earlier) AS named
            FROM responses_ledgerentry) AS tied
        WHERE NOT EXISTS (SELECT FROM responses_ledgerentry WHERE id = named) ORDER BY 1"""
    ):
        findings.note(
            f"ledger entry {gone}",
            "Later entries name it, and it is gone; perhaps with its whole response.",
        )


def check_versions(findings: Findings) -> None:
    """Check that the versions of a reference run 1, 2, 3, that only the first was sent, and that
    only the newest is to be read.
    """
    for reference, count, highest in rows_of(
        """WITH versions AS (
            SELECT reference, r.version, act, superseded,
                max(r.version) OVER (PARTITION BY reference) AS newest
            FROM responses_response r LEFT JOIN responses_review ON response_id = r.id)
        SELECT reference, count(*), max(version) FROM versions GROUP BY reference
        HAVING count(*) <> max(version) OR min(version) <> 1
            OR bool_or((act = 'sent') <> (version = 1))
            OR bool_or(superseded = (version = newest))
        ORDER BY reference"""
    ):
        findings.note(
            reference,
            f"It has {counted(count, 'version')}, the highest of which is {highest}; they do not "
            "follow each other.",
        )
