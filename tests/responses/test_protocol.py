"""The protocol as a whole, as a model: whatever happens in whatever order, and wherever it is cut,
the integrity check passes.

hypothesis makes up sequences of what respondents, staff, schedules, workers and mail servers do,
and cuts some of them at a statement to the database. After each step the database is compared
with a model in plain Python. Then each guard is taken away, to see that the model notices.
"""

import shutil
import smtplib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from consult import leases
from consult.models import Consultation, Edition
from consult.plans.document import Plan
from responses.answers import read_answers
from responses.exporting import batches
from responses.exporting.batches import seal_batch
from responses.exporting.due import seal_due_batches
from responses.exporting.writing import write_batch
from responses.governance import erasing
from responses.governance.erasing import ErasedAlready, erase_response
from responses.governance.reconciling import go_through
from responses.models import Batch, BatchMember, Confirmation, LedgerEntry, Response, Review
from responses.responding import amending, confirming, outbox, submitting
from responses.responding.amending import ChangedMeanwhile, amend_response, withdraw_response
from responses.responding.confirming import claim_due, send_due_confirmations
from responses.responding.submitting import (
    ConsultationClosed,
    SentDifferently,
    Submission,
    Submitted,
    submit_response,
)
from tests.support.acting import on_the_trail

pytestmark = pytest.mark.django_db

EXAMPLES = 16
STEPS = 20
LEASE = timedelta(minutes=10)
# Few words and few places, so that the same things happen to the same rows.
WORDS = st.sampled_from(["More youth workers.", "Fewer.", "None of it."])
ADDRESSES = st.sampled_from(["rita@example.org", "sam@example.org", ""])
# The statement at which the process is killed, if it is.
CUTS = st.one_of(st.none(), st.none(), st.integers(1, 16))


class Killed(BaseException):
    """The process is gone. A BaseException, since no handler may live on."""


@dataclass
class Form:
    """What one press of a button sends: pressed again, it sends the same."""

    key: UUID
    words: str
    email: str
    of: Response | None = None
    takes_back: bool = False


@dataclass
class Post:
    """A mail server: how it behaves at present, and what it took, by Message-ID."""

    behaviour: str = "takes"
    meanwhile: Callable[[], None] | None = None
    taken: Counter[str] = field(default_factory=Counter)
    # How often each was taken without our knowing, or by two workers: so many repeats are no fault
    # of ours.
    excused: Counter[str] = field(default_factory=Counter)
    last: str = ""
    # What some worker has in hand by a lease that has not run out: nobody else may send it.
    in_hand: set[str] = field(default_factory=set)
    taken_from_another: list[str] = field(default_factory=list)

    def open(self) -> None:
        if self.behaviour == "away":
            raise ConnectionRefusedError

    def close(self) -> None:
        pass

    def send_messages(self, emails: Sequence[EmailMessage]) -> None:
        for email in emails:
            number = str(email.extra_headers["Message-ID"])
            # Compared with the model afterwards: the sender lives on whatever fails in here.
            if number in self.in_hand:
                self.taken_from_another.append(number)
            if self.meanwhile:
                # The lease runs out while we wait for an answer, and someone else comes by.
                meanwhile, self.meanwhile = self.meanwhile, None
                behaviour = self.behaviour
                meanwhile()
                self.behaviour = behaviour
                self.excused[number] += 1
            match self.behaviour:
                case "refuses":
                    raise smtplib.SMTPRecipientsRefused({email.to[0]: (550, b"no such user")})
                case "puts off":
                    raise smtplib.SMTPRecipientsRefused({email.to[0]: (450, b"later")})
                case "drops":
                    raise smtplib.SMTPServerDisconnected
            self.taken[number] += 1
            self.last = number
            if self.behaviour == "takes and drops":
                self.excused[number] += 1
                raise smtplib.SMTPServerDisconnected


@contextmanager
def cut(at: int | None) -> Iterator[None]:
    """While it lasts, the `at`th statement is the process's last.

    What it had not committed is taken back, as PostgreSQL would.
    """
    count = 0

    def count_down(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        nonlocal count
        # To be killed at a COMMIT is to be killed just before or just after it; and taking back is
        # the database's own doing.
        if "SAVEPOINT" not in sql:
            count += 1
            if at is not None and count >= at:
                raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count_down):
        try:
            yield
        except Killed:
            # Where no transaction holds the pieces together, those before the cut stand: a cut in
            # Django's own handling of one piece must not take the whole example back.
            transaction.set_rollback(False)
            raise


@dataclass(frozen=True)
class World:
    """What each example begins with. `break_it` takes a guard of the database away.

    The folders are emptied for each: journal and marks outlive a database that is rolled back.
    """

    consultation: Consultation
    edition: Edition
    plan: Plan
    exports: Path
    files: Path
    break_it: str = ""


class Protocol(RuleBasedStateMachine):
    """The model.

    `record` is what must be in the database: by reference, each version's act and digest.
    """

    world: World
    forms = Bundle("forms")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        for folder in (self.world.exports, self.world.files):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        self.example = transaction.atomic()
        self.example.__enter__()
        if self.world.break_it:
            with connection.cursor() as cursor:
                cursor.execute(self.world.break_it)
        self.record: dict[str, list[tuple[str, str]]] = {}
        self.receipts: dict[UUID, Submitted] = {}
        self.batches: list[list[int]] = []
        self.bytes: dict[str, bytes] = {}
        self.post = Post()
        self.open = True

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    # What respondents do.

    @rule(target=forms, words=WORDS, email=ADDRESSES, at=CUTS)
    def sends(self, words: str, email: str, at: int | None) -> Form:
        form = Form(uuid4(), words, email)
        self.press(form, at)
        return form

    @rule(form=forms, at=CUTS)
    def presses_again(self, form: Form, at: int | None) -> None:
        self.press(form, at)

    @rule(form=forms)
    def sends_other_words_from_the_same_form(self, form: Form) -> None:
        if form.takes_back or form.key not in self.receipts:
            return
        other = Form(form.key, form.words + " And more.", form.email, form.of)
        with pytest.raises(SentDifferently):
            self.deliver(other)

    @rule(target=forms, form=forms, words=WORDS, takes_back=st.booleans(), at=CUTS)
    def thinks_again(self, form: Form, words: str, takes_back: bool, at: int | None) -> Form:
        """Changes or withdraws the version that this form made, which may not be the newest any
        more.
        """
        made = self.receipts.get(form.key)
        if made is None:
            return form
        second = Form(uuid4(), words, form.email, made.response, takes_back)
        self.press(second, at)
        return second

    @rule(form=forms, at=CUTS)
    def asks_to_have_it_erased(self, form: Form, at: int | None) -> None:
        """What this form made goes, in every version there is by now."""
        made = self.receipts.get(form.key)
        if made is None:
            return
        reference = made.response.reference
        over = self.record[reference][-1][0] == "erased"
        try:
            with cut(at):
                tombstone = erase_response(reference=reference, actor=None, why="asked")
        except Killed:
            return
        except ErasedAlready:
            assert over
            return
        assert not over
        self.record[reference].append(("erased", tombstone.digest))

    def press(self, form: Form, at: int | None) -> None:
        """Press the button, and hold what comes back against what should."""
        before = self.receipts.get(form.key)
        newest = self.record[form.of.reference] if form.of else []
        stale = form.of is not None and (
            len(newest) != form.of.version or newest[-1][0] in {"withdrawn", "erased"}
        )
        try:
            with cut(at):
                done = self.deliver(form)
        except Killed:
            return
        except ChangedMeanwhile:
            assert stale
            assert before is None
            return
        except ConsultationClosed:
            assert not self.open
            assert before is None
            return
        if before:
            assert (done.response.pk, done.receipt_token, done.first) == (
                before.response.pk,
                before.receipt_token,
                False,
            )
            return
        if form.of and not done.first:
            # A change that changes nothing.
            assert done.response.pk == form.of.pk
            return
        assert done.first
        assert not stale
        assert self.open
        self.receipts[form.key] = done
        self.record.setdefault(done.response.reference, []).append(
            (done.response.act, done.response.digest)
        )

    def deliver(self, form: Form) -> Submitted:
        if form.of and form.takes_back:
            return withdraw_response(
                earlier=form.of, submission_key=form.key, started_at=timezone.now()
            )
        what: dict[str, Any] = {
            "edition": self.world.edition,
            "submission_key": form.key,
            "answers": read_answers(self.world.plan, {"violence-comment": form.words}),
            "contact": {"name": "", "email": form.email, "postcode_district": ""},
            "started_at": timezone.now(),
        }
        if form.of:
            return amend_response(earlier=form.of, submission=Submission(**what))
        return submit_response(submission=Submission(**what))

    @rule()
    def the_consultation_closes_or_opens_again(self) -> None:
        self.open = not self.open
        moved = timedelta(days=30) if self.open else timedelta(days=-1, hours=12)
        with on_the_trail():
            Consultation.objects.filter(pk=self.world.consultation.pk).update(
                closes_at=timezone.now() + moved
            )

    # What staff and schedules do.

    @rule(at=CUTS)
    def seals(self, at: int | None) -> None:
        waiting = self.waiting()
        try:
            with cut(at):
                batch = seal_batch(
                    consultation=self.world.consultation, actor=None, number=len(self.batches) + 1
                )
        except Killed:
            return
        assert batch.number == len(self.batches) + 1
        self.batches.append(waiting)

    @rule()
    def presses_seal_again(self) -> None:
        if self.batches:
            again = seal_batch(
                consultation=self.world.consultation, actor=None, number=len(self.batches)
            )
            assert again.number == len(self.batches)

    @rule(at=CUTS)
    def writes_the_newest(self, at: int | None) -> None:
        batch = Batch.objects.order_by("-number").first()
        if batch is None:
            return
        try:
            with cut(at):
                write_batch(batch=batch)
        except Killed:
            return
        assert not Batch.objects.filter(written_at=None).exists()

    @rule(days=st.integers(0, 4), at=CUTS)
    def the_schedule_comes_by(self, days: int, at: int | None) -> None:
        waiting = self.waiting()
        try:
            with cut(at):
                seal_due_batches(now=timezone.now() + timedelta(days=days))
        except Killed:
            pass
        else:
            assert not Batch.objects.filter(written_at=None).exists()
        # Sealing and writing are two transactions: of the first we see whether it was committed.
        if Batch.objects.count() > len(self.batches):
            self.batches.append(waiting)

    def waiting(self) -> list[int]:
        """What no batch of the model holds, in the order of arrival."""
        taken = {pk for batch in self.batches for pk in batch}
        return [
            pk
            for pk in Response.objects.order_by("pk").values_list("pk", flat=True)
            if pk not in taken
        ]

    # What workers and mail servers do.

    @rule(
        behaviour=st.sampled_from(
            ["takes", "takes", "refuses", "puts off", "drops", "takes and drops", "away"]
        ),
        at=CUTS,
    )
    def a_worker_sends(self, behaviour: str, at: int | None) -> None:
        self.work(behaviour, at)

    @rule(
        first=st.sampled_from(["takes", "refuses", "puts off"]),
        then=st.sampled_from(["takes", "refuses", "puts off"]),
    )
    def a_worker_is_so_slow_that_another_does_its_work(self, first: str, then: str) -> None:
        passed = timedelta()

        def meanwhile() -> None:
            nonlocal passed
            self.leases_run_out()
            self.work(first, None)
            passed = LEASE

        def clock() -> float:
            return time.monotonic() + passed.total_seconds()

        self.post.meanwhile = meanwhile
        # The lease has run out by the clock of the slow one too, which then sends no other.
        with patch.object(outbox, "time", SimpleNamespace(monotonic=clock, sleep=time.sleep)):
            self.work(then, None)
        self.post.meanwhile = None

    @rule(target=claims, limit=st.integers(1, 3))
    def a_worker_claims_and_is_killed(self, limit: int) -> list[str]:
        claimed = [row.message_id for row in claim_due(limit=limit, lease=LEASE)]
        assert self.post.in_hand.isdisjoint(claimed), "claimed twice"
        self.post.in_hand.update(claimed)
        return claimed

    @rule(claim=consumes(claims))
    def what_it_had_sent_was_taken(self, claim: list[str]) -> None:
        """The server took them before the worker died, and nobody wrote it down."""
        self.post.taken.update(claim)
        self.post.excused.update(claim)

    @rule()
    def leases_run_out(self) -> None:
        self.post.in_hand.clear()
        past = timezone.now() - timedelta(hours=1)
        with on_the_trail():
            Confirmation.objects.filter(state="waiting", leased_until__isnull=False).update(
                leased_until=past
            )
            Confirmation.objects.filter(state="waiting").update(due_at=past)

    def work(self, behaviour: str, at: int | None) -> None:
        self.post.behaviour, self.post.last = behaviour, ""
        try:
            with cut(at), patch.object(outbox, "get_connection", lambda: self.post):
                send_due_confirmations(lease=LEASE)
        except Killed:
            self.post.excused[self.post.last] += 1

    @rule()
    def all_is_calm(self) -> None:
        """Faults end; what waited goes out by itself, and the integrity check passes."""
        self.leases_run_out()
        self.work("takes", None)
        self.seals(None)
        self.writes_the_newest(None)
        assert not Confirmation.objects.filter(state="waiting").exists()
        assert self.waiting() == []
        assert [
            f"{difference.subject}: {difference.words}" for difference in go_through().differences
        ] == []

    # What is always so.

    @invariant()
    def hold(self) -> None:
        self.everything_acknowledged_is_there_once_and_nothing_else()
        self.each_version_has_everything_that_follows_from_it()
        self.batches_hold_what_waited_when_they_were_sealed_and_keep_it()
        self.what_was_written_stays_as_it_was()
        self.each_confirmation_is_in_an_honest_state()
        self.nothing_erased_says_anything()

    def nothing_erased_says_anything(self) -> None:
        erased = [
            reference for reference, versions in self.record.items() if versions[-1][0] == "erased"
        ]
        left = Response.objects.filter(reference__in=erased).exclude(
            choices={}, texts={}, contact__name="", contact__email=""
        )
        assert not left.exists()

    def everything_acknowledged_is_there_once_and_nothing_else(self) -> None:
        there: dict[str, list[tuple[str, str]]] = {}
        for reference, act, digest in Response.objects.order_by("version").values_list(
            "reference", "act", "digest"
        ):
            there.setdefault(reference, []).append((act, digest))
        assert there == self.record
        assert all(
            [act for act, _ in versions].count("sent") == 1 and versions[0][0] == "sent"
            for versions in there.values()
        )

    def each_version_has_everything_that_follows_from_it(self) -> None:
        newest = {max(pks) for pks in self.versions().values()}
        assert (
            set(Review.objects.filter(superseded=False).values_list("response", flat=True))
            == newest
        )
        everything = sorted(pk for pks in self.versions().values() for pk in pks)
        for rows in (Confirmation, Review):
            assert sorted(rows.objects.values_list("response", flat=True)) == everything
        arrivals = LedgerEntry.objects.filter(
            event__in=["received", "amended", "withdrawn", "erased"]
        )
        assert sorted(arrivals.values_list("response", flat=True)) == everything

    def versions(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for reference, pk in Response.objects.values_list("reference", "pk"):
            found.setdefault(reference, []).append(pk)
        return found

    def batches_hold_what_waited_when_they_were_sealed_and_keep_it(self) -> None:
        members: dict[int, list[int]] = {
            number: [] for number in Batch.objects.values_list("number", flat=True)
        }
        rows: dict[int, list[int]] = {number: [] for number in members}
        for number, row, pk in BatchMember.objects.order_by("batch__number", "row").values_list(
            "batch__number", "row", "response"
        ):
            members[number].append(pk)
            rows[number].append(row)
        assert members == dict(enumerate(self.batches, 1))
        assert all(held == list(range(1, len(held) + 1)) for held in rows.values())
        entries = (
            LedgerEntry.objects.filter(event="batched")
            .values_list("batch_number", "response")
            .order_by("id")
        )
        assert sorted(entries) == sorted(
            (number, pk) for number, pks in members.items() for pk in pks
        )

    def what_was_written_stays_as_it_was(self) -> None:
        for batch in Batch.objects.exclude(written_at=None):
            for file in batch.files:
                name = f"{batch.consultation.slug}/batch-{batch.number:04}/{file['name']}"
                content = (self.world.exports / name).read_bytes()
                # What was taken back to be without someone's words is another file.
                made = f"{name} made again {len(batch.instead_of)} times"
                assert self.bytes.setdefault(made, content) == content

    def each_confirmation_is_in_an_honest_state(self) -> None:
        assert self.post.taken_from_another == [], "sent while another worker had it in hand"
        rows = Confirmation.objects.values_list(
            "message_id", "state", "response", "response__contact__email", "response__act"
        )
        gone = Response.objects.filter(act="erased").values("reference")
        erased = set(Response.objects.filter(reference__in=gone).values_list("pk", flat=True))
        events = Counter(LedgerEntry.objects.values_list("response", "event"))
        for number, state, response, email, _ in rows:
            taken = self.post.taken[number]
            assert taken <= 1 + self.post.excused[number], "sent again without need"
            assert events[response, "confirmed"] == (1 if state == "sent" else 0)
            if response not in erased:
                assert (state == "not-wanted") == (email == "")
            if state == "sent":
                assert taken
            if state == "failed":
                assert events[response, "confirmation-failed"]
                assert taken <= self.post.excused[number], (
                    "it says that it failed, and it was taken"
                )


@pytest.fixture
def world(consultation: Consultation, edition: Edition, plan: Plan, exports: Path) -> World:
    return World(consultation, edition, plan, exports, Path(default_storage.path("")))


def test_the_integrity_check_passes_whatever_happens_in_any_order(world: World) -> None:
    run_state_machine_as_test(
        type("Machine", (Protocol,), {"world": world}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class NoTransactions:
    """Stands for django.db.transaction where what it held together is done piece by piece."""

    atomic = nullcontext


class NoTransactionsToEndIn(NoTransactions):
    """The same, where something is left for the end of a transaction."""

    on_commit = Mock()


def always_ours(confirmation: Confirmation) -> tuple[Confirmation, bool]:
    return Confirmation.objects.get(pk=confirmation.pk), True


def always_in_time(
    consultation: Consultation, started_at: datetime, **decided: object
) -> tuple[Response.Timing, datetime]:
    return Response.Timing.IN_TIME, timezone.now()


def first_of(earlier: Submitted, digest: str) -> Submitted:
    assert digest
    return earlier


def without(sql: str, guard: str, instead: str = "") -> str:
    """The statement with a guard taken out, however either is broken into lines."""
    sql, guard = " ".join(sql.split()), " ".join(guard.split())
    assert guard in sql
    return sql.replace(guard, instead)


ONE_MEMBERSHIP = """
      AND NOT EXISTS (
          SELECT FROM responses_batchmember AS member WHERE member.response_id = response.id
      )"""
NO_KEY = "ALTER TABLE responses_response DROP CONSTRAINT one_response_a_submission_key"
NO_ONE_TO_ONE = (
    "ALTER TABLE responses_batchmember DROP CONSTRAINT "
    "responses_batchmember_response_id_key; DROP INDEX batched_once"
)
ANY_VERSION = """ALTER TABLE responses_response
    DROP CONSTRAINT one_response_a_reference_and_version, DROP CONSTRAINT one_receipt_a_reference"""
HERE = "rita@example.org"
Steps = list[Callable[[Protocol], object]]


def press_twice(machine: Protocol) -> None:
    machine.presses_again(machine.sends("Fewer.", HERE, None), None)


def use_a_form_for_other_words(machine: Protocol) -> None:
    machine.sends_other_words_from_the_same_form(machine.sends("Fewer.", HERE, None))


def change_what_was_withdrawn(machine: Protocol) -> None:
    form = machine.sends("Fewer.", HERE, None)
    machine.thinks_again(form, "", True, None)
    machine.thinks_again(form, "None of it.", False, None)


def change_what_was_erased(machine: Protocol) -> None:
    form = machine.sends("Fewer.", HERE, None)
    machine.asks_to_have_it_erased(form, None)
    machine.thinks_again(form, "None of it.", False, None)


def send(machine: Protocol) -> None:
    machine.sends("Fewer.", HERE, None)


def change(machine: Protocol) -> None:
    machine.thinks_again(machine.sends("Fewer.", HERE, None), "None of it.", False, None)


def send_and_confirm(machine: Protocol, at: int | None = None) -> None:
    machine.leases_run_out()
    machine.sends("Fewer.", HERE, None)
    machine.a_worker_sends("takes", at)


def seal_two(machine: Protocol) -> None:
    for _ in range(2):
        machine.sends("Fewer.", HERE, None)
        machine.seals(None)


def cut_everywhere(act: Callable[[Protocol, int], object]) -> Steps:
    """The act, cut at each of its statements in turn."""
    return [lambda machine, at=at: act(machine, at) for at in range(1, 26)]


# By guard: what takes it away, in Python and in the database, and steps at which the model notices.
GUARDS: dict[str, tuple[list[tuple[Any, str, Any]], str, Steps]] = {
    "a claim leaves out what is in a batch": (
        [(batches, "CLAIM", without(batches.CLAIM, ONE_MEMBERSHIP))],
        "",
        [seal_two],
    ),
    "a claim leaves out what is in a batch, also where no constraint stands behind it": (
        [(batches, "CLAIM", without(batches.CLAIM, ONE_MEMBERSHIP))],
        NO_ONE_TO_ONE,
        [seal_two],
    ),
    "sealing is one transaction": (
        [(batches, "transaction", NoTransactions)],
        "",
        [send, *cut_everywhere(lambda machine, at: machine.seals(at))],
    ),
    "sealing is in the ledger": (
        [
            (
                batches,
                "ENTER_IN_LEDGER",
                without(batches.ENTER_IN_LEDGER, "member.batch_id = %s", "%s < 0"),
            )
        ],
        "",
        [seal_two],
    ),
    "sending is one transaction": (
        [(submitting, "transaction", NoTransactions)],
        "",
        cut_everywhere(lambda machine, at: machine.sends("Fewer.", HERE, at)),
    ),
    "changing is one transaction": (
        [(amending, "transaction", NoTransactions)],
        "",
        cut_everywhere(
            lambda machine, at: machine.thinks_again(
                machine.sends("Fewer.", HERE, None), "None of it.", False, at
            )
        ),
    ),
    "a form sent again is found": (
        [(submitting, "find_submitted", Mock(return_value=None))],
        "",
        [press_twice],
    ),
    "a form sent again is found, also where no constraint stands behind it": (
        [(submitting, "find_submitted", Mock(return_value=None))],
        NO_KEY,
        [press_twice],
    ),
    "one form is one content": (
        [(submitting, "same_as", Mock(side_effect=first_of))],
        "",
        [use_a_form_for_other_words],
    ),
    "what was withdrawn is over": (
        [(amending, "_newest_if", Mock(side_effect=lambda earlier: earlier))],
        ANY_VERSION,
        [change_what_was_withdrawn],
    ),
    "erasing is one transaction": (
        [(erasing, "transaction", NoTransactionsToEndIn)],
        "",
        cut_everywhere(
            lambda machine, at: machine.asks_to_have_it_erased(
                machine.sends("Fewer.", HERE, None), at
            )
        ),
    ),
    "erasing empties every version": (
        [],
        "ALTER TABLE responses_response DISABLE TRIGGER erase_words",
        [lambda machine: machine.asks_to_have_it_erased(machine.sends("Fewer.", HERE, None), None)],
    ),
    "what was erased is over": (
        [(amending, "_newest_if", Mock(side_effect=lambda earlier: earlier))],
        ANY_VERSION,
        [change_what_was_erased],
    ),
    "only the newest version is to be read": ([(amending, "Review", Mock())], "", [change]),
    "what arrives after closing is refused": (
        [(submitting, "timing_of", always_in_time)],
        "",
        [Protocol.the_consultation_closes_or_opens_again, send],
    ),
    "each version that arrives is in the ledger": (
        [(submitting, "record_event", Mock())],
        "",
        [send],
    ),
    "each confirmation sent is in the ledger": (
        [(confirming, "record_event", Mock())],
        "",
        [send_and_confirm],
    ),
    "a lease keeps others away": (
        [(leases, "is_free", Q)],
        "",
        [
            send,
            lambda machine: machine.a_worker_claims_and_is_killed(1),
            lambda machine: machine.a_worker_sends("takes", None),
        ],
    ),
    "a lease that ran out is not ours": (
        [(confirming, "_current", always_ours)],
        "",
        [
            send,
            lambda machine: machine.a_worker_is_so_slow_that_another_does_its_work(
                "takes", "refuses"
            ),
        ],
    ),
    "how a try went is one transaction": (
        [(confirming, "transaction", NoTransactions)],
        "",
        cut_everywhere(send_and_confirm),
    ),
}


def go_through_the_steps(world: World, steps: Steps) -> None:
    """Take the steps, and hold the database against the model after each."""
    machine = type("Machine", (Protocol,), {"world": world})()
    try:
        for step in steps:
            step(machine)
            machine.hold()
    finally:
        machine.teardown()


@pytest.mark.parametrize("guard", GUARDS)
def test_the_model_finds_each_guard_that_is_taken_away(
    world: World, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    patches, break_it, steps = GUARDS[guard]
    go_through_the_steps(world, steps)
    for module, name, replacement in patches:
        monkeypatch.setattr(module, name, replacement)
    with pytest.raises((AssertionError, IntegrityError, pytest.fail.Exception)):
        go_through_the_steps(replace(world, break_it=break_it), steps)
