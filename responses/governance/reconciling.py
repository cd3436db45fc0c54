"""The books: that everything received is there, unaltered, once, and in a batch or waiting for one.

Reads everything and changes nothing. Each check names what it finds by reference, so that somebody
can go and look.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.storage import storages
from django.db import connection, transaction
from django.db.models import Count, Max, Q

from consult.models import Action, AuditEntry, Consultation, Edition
from consult.plans.publishing import digest_of_content, plan_content
from responses.answers import Answers, digest_of
from responses.exporting.batches import folder_of, pack_of
from responses.exporting.pack import PROGRAM, make_files
from responses.exporting.signing import SIGNATURE
from responses.governance.erasing import NOBODY, erased_references
from responses.models import (
    Batch,
    Confirmation,
    Delivery,
    LedgerEntry,
    Reconciliation,
    Removal,
    Response,
    Review,
)
from responses.responding.submitting import ARRIVALS

AT_ONCE = 500
# The files of a batch that say nothing of what anybody wrote.
WITHOUT_WORDS = {
    "codebook.csv",
    "codebook.html",
    "README.txt",
    "equality.csv",
    "equality-stopped.csv",
}
CHUNK_BYTES = 1 << 20
# What has a row of its own for each version of a response.
ONE_EACH = {
    "contact": "responses_contact",
    "confirmation": "responses_confirmation",
    "review": "responses_review",
}


# What the service takes no row away from, besides what is append-only.
NEVER_DELETED = [
    *[
        "responses_campaign",
        "responses_campaignstep",
        "responses_code",
        "responses_codeversion",
        "responses_coding",
    ],
    *[
        "responses_secondcoding",
        "responses_redaction",
        "responses_approval",
        "responses_message",
        "responses_transcription",
    ],
    *[
        "responses_secondkeying",
        "responses_signingkey",
        "responses_bulkchange",
        "responses_reconciliation",
        "responses_removal",
    ],
]


@dataclass(frozen=True)
class Difference:
    """One thing that does not fit: what it is about (a reference, a batch, a table's row), and what
    is wrong, in words.
    """

    subject: str
    words: str


@dataclass
class Books:
    """What was counted, and every difference."""

    totals: dict[str, Any] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def note(self, subject: str, words: str) -> None:
        self.differences.append(Difference(subject, words))


def reconcile() -> Reconciliation:
    """Go through the books, and keep what was found.

    They balance where it has no differences.

    All of it looks at one moment: what arrives meanwhile counts the next time. Must not run inside
    a transaction.
    """
    began = time.monotonic()
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        books = go_through()
    return Reconciliation.objects.create(
        seconds=round(time.monotonic() - began, 3),
        totals=books.totals,
        differences=[asdict(difference) for difference in books.differences],
    )


def go_through() -> Books:
    """Every check, in the transaction at hand. Keeps nothing."""
    books = Books()
    for check in CHECKS:
        check(books)
    return books


def check_fingerprints(books: Books) -> None:
    """Each row of a watched table says what it said when the service wrote it, and the triggers
    that keep it so are on.
    """
    for table, columns in _watched():
        found = _rows(
            (
                f"SELECT to_jsonb(t) FROM {table} t WHERE fingerprint IS DISTINCT FROM "  # noqa: S608
                "fingerprint_of(to_jsonb(t), %s)"
            ),  # from the catalogue
            [columns],
        )
        for (content,) in found:
            row = json.loads(content)
            books.note(
                f"{table} {row['id']}",
                f"This row was altered outside the service{_of(table, row)}.",
            )
    for table, trigger in _rows(
        """SELECT tgrelid::regclass::text, tgname FROM pg_trigger
        WHERE tgname IN ('append_only', 'leave_fingerprint', 'keep_sealed', 'no_truncate',
            'arrival', 'erase_words',
            'remove_details') AND tgenabled <> 'O'
        ORDER BY 1, 2"""
    ):
        books.note(table, f"The trigger {trigger} is switched off.")


def _watched() -> list[tuple[str, list[str]]]:
    """The watched tables, each with the columns of its fingerprint, as the database has them."""
    return _rows(
        r"""SELECT tgrelid::regclass::text, array_remove(string_to_array(encode(tgargs, 'escape'),
            '\000'), '')
        FROM pg_trigger WHERE tgname = 'leave_fingerprint' ORDER BY 1"""
    )


def _of(table: str, row: dict[str, Any]) -> str:
    """Which response a row belongs to, as far as it says."""
    if table == "responses_response":
        return f": response {row['reference']}"
    reference = (
        Response.objects.filter(pk=row.get("response_id") or 0)
        .values_list("reference", flat=True)
        .first()
    )
    return f": response {reference}" if reference else ""


def check_orphans(books: Books) -> None:
    """No row points to one that is gone."""
    keys = _rows(
        """SELECT conrelid::regclass::text, child.attname, confrelid::regclass::text, name.attname
        FROM pg_constraint JOIN pg_attribute child ON child.attrelid = conrelid
            AND child.attnum = conkey[1]
        JOIN pg_index ON indrelid = conrelid AND indisprimary
        JOIN pg_attribute name ON name.attrelid = conrelid AND name.attnum = indkey[0]
        WHERE contype = 'f' AND (conrelid::regclass::text LIKE 'responses\\_%'
            OR conrelid::regclass::text LIKE 'consult\\_%')
        ORDER BY 1, 2"""
    )
    for table, column, parent, name in keys:
        for row, key in _rows(
            f"""SELECT child.{name}, child.{column} FROM {table} child
            WHERE child.{column} IS NOT NULL AND NOT EXISTS (SELECT FROM {parent}
                WHERE {parent}.id = child.{column})"""  # noqa: S608
        ):
            books.note(f"{table} {row}", f"It belongs to row {key} of {parent}, which is gone.")


def check_responses(books: Books) -> None:
    """Each version says what its digest says, and has a contact, a confirmation and a review of its
    own.
    """
    erased = set(erased_references())
    without_details = dict(
        LedgerEntry.objects.filter(event=LedgerEntry.Event.DETAILS_REMOVED).values_list(
            "response", "digest"
        )
    )
    for response in (
        Response.objects.select_related("contact").order_by("pk").iterator(chunk_size=AT_ONCE)
    ):
        if not hasattr(response, "contact"):
            continue
        contact = {
            key: getattr(response.contact, key) for key in ("name", "email", "postcode_district")
        }
        if response.reference in erased:
            # Its digest speaks of what is gone.
            if (
                response.choices
                or response.texts
                or any(contact.values())
                or response.contact.corrected_email
            ):
                books.note(
                    _name(response.reference, response.version),
                    "It was erased, and says something.",
                )
        elif response.pk in without_details:
            # From then on the ledger has the digest of what is left.
            if any(contact.values()) or response.contact.corrected_email:
                books.note(
                    _name(response.reference, response.version),
                    "Its contact details were removed, and there are some.",
                )
            if (
                digest_of(answers=Answers(response.choices, response.texts), contact=NOBODY)
                != without_details[response.pk]
            ):
                books.note(
                    _name(response.reference, response.version),
                    "Its answers are not those that were received.",
                )
        elif (
            digest_of(answers=Answers(response.choices, response.texts), contact=contact)
            != response.digest
        ):
            books.note(
                _name(response.reference, response.version),
                "Its answers or contact details are not those that were received.",
            )
    for what, table in ONE_EACH.items():
        for reference, version in _rows(
            f"""SELECT reference, version FROM responses_response r
            WHERE NOT EXISTS (SELECT FROM {table}
                WHERE response_id = r.id) ORDER BY r.id"""  # noqa: S608
        ):
            books.note(_name(reference, version), f"Its {what} is gone.")
    for reference, version in _rows(
        """SELECT reference, version FROM responses_response r LEFT
            JOIN responses_searchtext s ON s.response_id = r.id
        WHERE words IS DISTINCT FROM words_of(texts) ORDER BY r.id"""
    ):
        books.note(_name(reference, version), "The search does not find it by its words.")


def check_ledger(books: Books) -> None:
    """By the ledger, each version arrived once and as what it is, and every entry speaks of the
    content that is there.
    """
    arrivals = [str(event) for event in ARRIVALS.values()]
    for reference, version, arrived, fitting, strange in _rows(
        """SELECT reference, version, count(*) FILTER (WHERE event = ANY(%s)),
            count(*) FILTER (WHERE event = CASE act WHEN 'sent' THEN 'received' ELSE act END),
            count(*) FILTER (WHERE e.digest <> r.digest AND event <> 'details-removed')
        FROM responses_response r LEFT JOIN responses_ledgerentry e ON e.response_id = r.id
        GROUP BY r.id
        HAVING count(*) FILTER (WHERE event = ANY(%s)) <> 1
            OR count(*) FILTER (WHERE e.digest <> r.digest AND event <> 'details-removed') > 0
            OR count(*) FILTER (WHERE event = CASE act WHEN 'sent' THEN 'received'
                ELSE act END) <> 1
        ORDER BY r.id""",
        [arrivals, arrivals],
    ):
        if arrived != 1 or fitting != 1:
            books.note(
                _name(reference, version),
                f"By the ledger it arrived {arrived} times, {fitting} times as what it is.",
            )
        if strange:
            books.note(
                _name(reference, version), f"The ledger speaks {strange} times of other content."
            )


def check_ties(books: Books) -> None:
    """Each response's row is as it was on arrival, and no entry is gone that a later one names."""
    for reference, version in _rows(
        """SELECT reference, version FROM responses_response r
            JOIN responses_ledgerentry e ON e.response_id = r.id
        WHERE event = ANY(%s) AND seal IS DISTINCT FROM seal_of(r) ORDER BY r.id""",
        [[str(event) for event in ARRIVALS.values()]],
    ):
        books.note(_name(reference, version), "Its row is not what the ledger sealed on arrival.")
    for (gone,) in _rows(
        """SELECT DISTINCT named FROM (SELECT unnest(earlier) AS named
            FROM responses_ledgerentry) AS tied
        WHERE NOT EXISTS (SELECT FROM responses_ledgerentry WHERE id = named) ORDER BY 1"""
    ):
        books.note(
            f"ledger entry {gone}",
            "Later entries name it, and it is gone; perhaps with its whole response.",
        )


def check_nothing_went(books: Books) -> None:
    """What nothing ever deletes is all there that was there when the books were proved before."""
    last = Reconciliation.objects.first()
    before = last.totals.get("rows", {}) if last else {}
    now = {}
    frozen = _rows(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname IN ('append_only', "
        "'keep_sealed')"
    )
    for table in sorted({*NEVER_DELETED, *(table for (table,) in frozen)}):
        highest, there = before.get(table, [0, 0])
        [(still, newest, count)] = _rows(
            f"SELECT count(*) FILTER (WHERE id <= %s), coalesce(max(id), 0), count(*) FROM {table}",  # noqa: S608  # from the catalogue
            [highest],
        )
        if still < there:
            books.note(
                table, f"{there - still:,} of its rows are gone since the books were proved before."
            )
        # Until they are back, they are missed every time.
        now[table] = [highest, there] if still < there else [newest, count]
    books.totals["rows"] = now


def check_versions(books: Books) -> None:
    """The versions of a reference run 1, 2, 3, the first alone was sent, and the newest alone is to
    be read.
    """
    for reference, count, highest in _rows(
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
        books.note(
            reference,
            (
                f"It has {count} versions, the highest of which is {highest}; they do not follow "
                "each "
                "other."
            ),
        )


def check_confirmations(books: Books) -> None:
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
            books.note(
                _name(reference, version),
                f"Its confirmation says “{now}”, which does not fit what happened to it.",
            )
    books.totals["confirmations"] = dict(
        Confirmation.objects.order_by().values_list("state").annotate(Count("pk"))
    )


def check_batches(books: Books) -> None:
    """Numbers run without a gap, each batch holds what it says on rows 1, 2, 3, and the ledger says
    the same.
    """
    for consultation in Consultation.objects.order_by("pk"):
        batches = list(
            Batch.objects.filter(consultation=consultation)
            .select_related("removal")
            .order_by("number")
        )
        numbers = [batch.number for batch in batches]
        for gap in sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers)):
            books.note(f"{consultation.slug} batch {gap}", "There is no batch of this number.")
        previous = None
        for batch in batches:
            _check_batch(batch, previous, books)
            previous = batch
    for reference, number in _rows(
        """SELECT reference, batch_number FROM responses_ledgerentry e
            JOIN responses_response r ON r.id = e.response_id
        WHERE event = 'batched' AND NOT EXISTS (
            SELECT FROM responses_batchmember m JOIN responses_batch b ON b.id = m.batch_id
            WHERE m.response_id = e.response_id AND b.number = e.batch_number
                AND b.consultation_id = r.consultation_id)
        ORDER BY e.id"""
    ):
        books.note(reference, f"By the ledger it is in batch {number}, and it is not.")
    for reference, number in _rows(
        """SELECT reference, b.number FROM responses_batchmember m
        JOIN responses_batch b ON b.id = m.batch_id
            JOIN responses_response r ON r.id = m.response_id
        WHERE b.consultation_id <> r.consultation_id OR NOT EXISTS (
            SELECT FROM responses_ledgerentry e
            WHERE e.response_id = m.response_id AND event = 'batched' AND e.batch_number = b.number)
        ORDER BY m.id"""
    ):
        books.note(reference, f"It is in batch {number}, and the ledger does not say so.")


def check_deliveries(books: Books) -> None:
    """What was delivered is what was written, and the ledger says so of each response in it."""
    for delivery in Delivery.objects.select_related("batch__consultation").order_by("pk"):
        name = folder_of(delivery.batch)
        # Encrypted files have other bytes each time; what is in them was checked on the way.
        carried = {
            str(file)
            for file in delivery.files
            if isinstance(file, dict) and not str(file.get("name")).endswith(".age")
        }
        written = [file for file in delivery.batch.files if isinstance(file, dict)]
        if carried - {
            str({key: file.get(key) for key in ("name", "bytes", "sha256")}) for file in written
        }:
            books.note(name, "What was delivered is not what was written.")
        entries = LedgerEntry.objects.filter(
            response__membership__batch=delivery.batch, batch_number=delivery.batch.number
        )
        for event, at in (
            (LedgerEntry.Event.DELIVERED, delivery.delivered_at),
            (LedgerEntry.Event.ACKNOWLEDGED, delivery.acknowledged_at),
        ):
            said = entries.filter(event=event).count()
            # Acknowledged before it was sent again, it stays so in the ledger.
            if said != delivery.batch.size and (
                at is not None or (said and event == LedgerEntry.Event.DELIVERED)
            ):
                books.note(
                    name,
                    f"By the ledger {said} of its {delivery.batch.size} responses were {event}.",
                )
    for reference, number, event in _rows(
        """SELECT reference, batch_number, event FROM responses_ledgerentry e
            JOIN responses_response r ON r.id = e.response_id
        WHERE event IN ('delivered', 'acknowledged') AND NOT EXISTS (
            SELECT FROM responses_batchmember m
                JOIN responses_delivery d ON d.batch_id = m.batch_id
                    WHERE m.response_id = e.response_id)
        ORDER BY e.id"""
    ):
        books.note(
            reference,
            f"By the ledger it was {event} with batch {number}, and there is no such delivery.",
        )


def check_trail(books: Books) -> None:
    """The trail tells of the same batches, and of the same manifests."""
    there = {folder_of(batch): batch for batch in Batch.objects.select_related("consultation")}
    sealed = set(
        AuditEntry.objects.filter(action=Action.BATCH_SEALED).values_list("subject", flat=True)
    )
    for name in sorted(sealed - set(there)):
        books.note(name, "By the trail it was sealed, and there is no such batch.")
    for name in sorted(set(there) - sealed):
        books.note(name, "The trail does not say that it was sealed.")
    written = AuditEntry.objects.filter(action=Action.BATCH_WRITTEN).order_by("pk")
    for name, manifest in written.values_list("subject", "details__manifest_sha256"):
        if name in there and manifest != there[name].manifest_sha256:
            books.note(name, "By the trail it was written with another manifest.")
    removed = {
        folder_of(removal.batch)
        for removal in Removal.objects.select_related("batch__consultation")
    }
    said = AuditEntry.objects.filter(action=Action.BATCH_FILES_REMOVED).values_list(
        "subject", flat=True
    )
    for name in sorted(removed.symmetric_difference(said)):
        books.note(
            name,
            "Its files were removed by the retention rule, or the trail says so, and not both.",
        )
    told = set(
        AuditEntry.objects.filter(action=Action.RESPONSE_ERASED).values_list("subject", flat=True)
    )
    for reference in sorted(told.symmetric_difference(erased_references())):
        books.note(reference, "It was erased, or the trail says so, and not both.")


def check_reviews(books: Books) -> None:
    """Each review is where its last step left it, after as many moves as it counts, and nothing is
    set aside without a reason.
    """
    for reference, version, state in _rows(
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
        books.note(
            _name(reference, version), f"Its review says “{state}”, which does not fit its steps."
        )
    books.totals["reviews"] = dict(
        Review.objects.filter(superseded=False)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )


def _check_batch(batch: Batch, previous: Batch | None, books: Books) -> None:
    name = folder_of(batch)
    members = batch.members.aggregate(count=Count("pk"), last=Max("row"))
    if members["count"] != batch.size or (members["last"] or 0) != batch.size:
        books.note(
            name, f"It says that it holds {batch.size} responses, and holds {members['count']}."
        )
    # Without the batch before it, which is noted already, its manifest cannot be made again.
    if batch.written_at is None or batch.number != (previous.number if previous else 0) + 1:
        return
    if previous is not None and previous.written_at is None:
        books.note(name, "It was written before the batch whose manifest it names.")
        return
    recorded = {entry["name"]: (entry["bytes"], entry["sha256"]) for entry in batch.files}
    if recorded.get("manifest.json", (0, ""))[1] != batch.manifest_sha256:
        books.note(name, "The hash of its manifest stands differently in two places.")
    _check_files(batch, recorded, books)
    answered = set(batch.members.values_list("response__edition", flat=True))
    if Edition.objects.filter(pk__in=answered, consultation=batch.consultation_id).count() < len(
        answered
    ):
        books.note(name, "An edition that its responses answered is gone.")
        return
    # The files are a function of the database: made again, they are the same bytes, or something
    # beneath them changed.
    with TemporaryDirectory(prefix="books-") as folder:
        made = {
            entry.name: (entry.bytes, entry.sha256)
            for entry in make_files(batch=batch, folder=Path(folder))
        }
    # Equality answers whose use was stopped since are gone for good; their file, and the manifest
    # that has its hash, stay as they left.
    gone = (
        {"equality.csv", "datapackage.json", "manifest.json"}
        if batch.equality_answers.filter(stopped=True).exists()
        else set()
    )
    # The same of words that were erased, or details that were removed, since: the rows are held to
    # what the ledger says instead.
    if _removed_since(batch):
        gone |= (set(made) | set(recorded)) - WITHOUT_WORDS
    # The signature depends on the operator's key too, which may be another by now, and the program
    # on the service's version.
    for file in sorted((set(made) | set(recorded)) - gone - {SIGNATURE, PROGRAM}):
        if made.get(file) != recorded.get(file):
            books.note(name, f"{file} is not what the database would make today.")


def _check_files(batch: Batch, recorded: dict[str, tuple[int, str]], books: Books) -> None:
    """Each file of a batch is what was stored, or, where they had their time, gone."""
    name, removal = folder_of(batch), getattr(batch, "removal", None)
    if removal is not None and removal.ended_at is None:
        return  # Some may still be there, until the next run.
    places = [(file, f"{name}/{file}", expected) for file, expected in recorded.items()]
    if batch.pack:
        # It depends on the library that pressed it, so that it is held to what was stored alone.
        places.append(
            ("The zip of its files", pack_of(batch), (batch.pack["bytes"], batch.pack["sha256"]))
        )
    for file, place, expected in places:
        stored = _stored(place)
        if removal is not None:
            if stored is not None:
                books.note(name, f"{file} was removed by the retention rule, and is there.")
        elif stored is None:
            books.note(name, f"{file} is not where it was stored.")
        elif stored != expected:
            books.note(name, f"{file} is not what was stored.")


def _removed_since(batch: Batch) -> bool:
    """Whether a member of a batch was erased, or contact details in its files were removed, after
    the files were made.
    """
    tombstones = Response.objects.filter(act=Response.Act.ERASED, received_at__gt=batch.written_at)
    removed = LedgerEntry.objects.filter(
        event=LedgerEntry.Event.DETAILS_REMOVED,
        at__gt=batch.written_at,
        response__membership__batch=batch,
    )
    erased = batch.members.filter(response__reference__in=tombstones.values("reference"))
    return erased.exists() or (batch.includes_contacts and removed.exists())


def _stored(name: str) -> tuple[int, str] | None:
    """The size and SHA-256 of what the storage has under `name`; None where there is nothing."""
    digest, size = hashlib.sha256(), 0
    try:
        with storages["exports"].open(name, "rb") as file:
            for chunk in file.chunks(CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        return None
    return size, digest.hexdigest()


def check_totals(books: Books) -> None:
    """Received by channel = in batches + waiting."""
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
    books.totals["channels"] = by_channel
    books.totals["acts"] = dict(
        Response.objects.order_by().values_list("act").annotate(Count("pk"))
    )
    books.totals["batches"] = Batch.objects.count()
    if gone := Removal.objects.count():
        books.totals["batches_without_files"] = gone
    arrived = LedgerEntry.objects.filter(event__in=ARRIVALS.values()).count()
    received = sum(row["received"] for row in by_channel.values())
    if arrived != received:
        books.note("ledger", f"It says that {arrived} came, and {received} are there.")


def check_editions(books: Books) -> None:
    """Each edition is what its digest says, and the newest is what the consultation's rows say."""
    for edition in Edition.objects.select_related("consultation").iterator(chunk_size=10):
        if digest_of_content(edition.content) != edition.digest:
            books.note(str(edition), "Its wording is not what was published.")
    for consultation in Consultation.objects.filter(published_at__isnull=False):
        newest = consultation.editions.order_by("-number").first()
        if newest is None or digest_of_content(plan_content(consultation)) != newest.digest:
            books.note(consultation.slug, "What its rows say is not what its newest edition says.")


CHECKS: list[Callable[[Books], None]] = [
    *[
        check_totals,
        check_nothing_went,
        check_fingerprints,
        check_orphans,
        check_responses,
        check_ledger,
        check_ties,
        check_versions,
    ],
    *[
        check_confirmations,
        check_reviews,
        check_batches,
        check_deliveries,
        check_trail,
        check_editions,
    ],
]


def _name(reference: str, version: int) -> str:
    return f"{reference} version {version}"


def _rows(sql: str, arguments: list[Any] | None = None) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


def in_sentences(found: Reconciliation) -> Iterator[str]:
    """What was found, line by line, in plain words."""
    for channel, row in sorted(found.totals["channels"].items()):
        yield (
            f"{channel}: {row['received']:,} received = {row['in_batches']:,} in batches + "
            f"{row['waiting']:,} waiting"
        )
    yield f"versions: {_list(found.totals['acts'])}"
    yield f"confirmations: {_list(found.totals['confirmations'])}"
    yield f"reviews: {_list(found.totals['reviews'])}"
    gone = found.totals.get("batches_without_files", 0)
    removed = f", of {gone:,} the files were removed by the retention rule" if gone else ""
    yield f"batches: {found.totals['batches']:,}{removed}"
    if not found.differences:
        yield "The books balance."
        return
    yield (
        f"The books do not balance. {len(found.differences):,} "
        f"difference{'' if len(found.differences) == 1 else 's'}:"
    )
    for difference in found.differences:
        yield f"  {difference['subject']}: {difference['words']}"


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())) or "none"
