"""A consultation to which everything has happened, for what proves that nothing is missing."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from consult.models import Consultation, SecondPersonRequest, User
from consult.plans.editions import plan_of
from responses.answers import read_answers, read_equality_answers
from responses.exporting.acknowledging import acknowledge
from responses.exporting.batches import seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.governance.reconciling import reconcile
from responses.governance.removing import remove_batch_files
from responses.models import (
    Approval,
    BatchPetition,
    BulkChange,
    Bundle,
    Campaign,
    Code,
    CodedAnswer,
    Coding,
    MemberMarks,
    Message,
    NoPoint,
    Petition,
    PublishedPoint,
    PublishedResponse,
    PublishedSet,
    Reading,
    Redaction,
    Response,
    SavedFilter,
    SecondCoding,
    SecondKeying,
    SigningKey,
    Transcription,
)
from responses.receipt_tokens import receipt_token
from responses.responding.amending import amend_response, withdraw_response
from responses.responding.confirming import send_due_confirmations
from responses.responding.equality import give_equality_answers
from responses.responding.submitting import Submission
from responses.reviewing.reviews import move_review
from tests.support.acting import on_the_trail
from tests.support.postbox import Postbox

Send = Callable[..., Response]


@pytest.fixture
def busy(
    send: Send,
    consultation: Consultation,
    reviewer: User,
    exports: Path,
    postbox: Postbox,
    mail_through: Callable[[int], None],
) -> Consultation:
    """A consultation to which a bit of everything has happened."""
    first, second, third = (
        send(),
        send({"trust-comment": "Two."}, email=""),
        send({"victims-comment": "Three."}, email="nobody@example.org"),
    )
    postbox.answers["nobody@example.org"] = "550 no such user"
    mail_through(postbox.port)
    send_due_confirmations()
    gone = send({"violence-comment": "Gone."}, email="")
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    acknowledge(batch=batch, actor=reviewer)
    plan = plan_of(first.edition)
    contact = {"name": "Rita", "email": "rita@example.org", "postcode_district": ""}
    answers = read_answers(plan, {"violence-comment": "Changed."})
    amend_response(
        earlier=first,
        submission=Submission(
            edition=first.edition,
            submission_key=uuid4(),
            answers=answers,
            contact=contact,
            started_at=timezone.now(),
        ),
    )
    withdraw_response(earlier=second, submission_key=uuid4(), started_at=timezone.now())
    move_review(review=third.review, to_state="considered", note="Read.", version=0, by=reviewer)
    erase_response(reference=gone.reference, actor=reviewer, why="asked")
    second_batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=second_batch)
    acknowledge(batch=second_batch, actor=reviewer)
    assert remove_batch_files(batch=second_batch, actor=None)
    waiting = send({"missing": "Waiting."})
    said = read_equality_answers(plan, {"equality-age": "16-to-24"})
    give_equality_answers(
        consultation=consultation,
        edition=waiting.edition,
        token=receipt_token(waiting),
        answers=said,
    )
    return consultation


@pytest.fixture
def everything(busy: Consultation, reviewer: User) -> Consultation:
    """A consultation with a row in every table that people rely on."""
    with on_the_trail():
        response = Response.objects.exclude(membership=None).earliest("id")
        member = response.membership
        campaign = Campaign.objects.create(
            consultation=busy, name="Letter", sample=response, question="missing"
        )
        campaign.members.create(response=response, question="missing", print="x")
        campaign.steps.create(
            by=reviewer, act="made", name="Letter", members=[[response.pk, "missing", "x"]]
        )
        code = Code.objects.create(consultation=busy, question="missing", name="Lights")
        code.versions.create(version=1, name="Lights", by=reviewer)
        Coding.objects.create(response=response, question="missing", code=code, by=reviewer)
        CodedAnswer.objects.create(response=response, question="missing", by=reviewer)
        point = busy.points.create(number=1, part="general", sentence="Lights.")
        point.versions.create(version=1, content={"sentence": "Lights."}, by=reviewer)
        point.codes.create(code=code, by=reviewer)
        pack = busy.decision_packs.create(
            number=1, edition=response.edition, summary="Lights.", contents={}, sealed_by=reviewer
        )
        packed = pack.points.create(
            number=1, version=point.versions.get(), makers={"responses": 1}, answers=[]
        )
        decision = packed.decisions.create(outcome="agreed", before={"of": 1}, by=reviewer)
        PublishedPoint.objects.create(
            point=point,
            decision=decision,
            sentence="Lights.",
            answer="Yes.",
            outcome="agreed",
            responses=1,
            by=reviewer,
        )
        pack.openings.create(point=packed, by=reviewer)
        point.passages.create(response=response, question="missing", by=reviewer)
        petition = Petition.objects.create(
            consultation=busy,
            number=1,
            title="Lights",
            text="Light them.",
            signatures=2,
            channel="post",
            received_on=timezone.localdate(),
            by=reviewer,
        )
        BatchPetition.objects.create(batch=member.batch, petition=petition)
        NoPoint.objects.create(
            response=response, question="missing", reason="off-subject", by=reviewer
        )
        SecondCoding.objects.create(
            consultation=busy, question="missing", by=reviewer, responses=[response.pk]
        )
        Redaction.objects.create(
            response=response, text="violence-comment", start=0, end=1, reason="name", by=reviewer
        )
        Approval.objects.create(response=response, publish=True, by=reviewer)
        PublishedSet.objects.create(consultation=busy, by=reviewer)
        if not MemberMarks.objects.exists():
            MemberMarks.objects.create(member=member)
        message = Message.objects.create(consultation=busy, sha256="0" * 64)
        keyed = Transcription.objects.create(
            response=response, received_on=timezone.localdate(), keyed_by=reviewer, message=message
        )
        SecondKeying.objects.create(transcription=keyed, by=reviewer, outcome="same")
        scan = b"Lights."
        keyed.attachments.create(
            file=default_storage.save("letter.pdf", ContentFile(scan)),
            kind="application/pdf",
            bytes=len(scan),
            sha256=hashlib.sha256(scan).hexdigest(),
            by=reviewer,
        )
        bundle = Bundle.objects.create(
            key=uuid4(),
            consultation=busy,
            edition=response.edition,
            kind=Bundle.Kind.IMPORTED,
            name="From the other system",
            by=reviewer,
            state=Bundle.State.DONE,
        )
        bundle.rows.create(number=1, sheet="A 1", response=response)
        SigningKey.objects.create(public_key="0" * 64)
        BulkChange.objects.create(
            key=uuid4(),
            by=reviewer,
            act="read",
            looked_at=timezone.now(),
            highest=1,
            seen=1,
            seen_changes=1,
        )
        SavedFilter.objects.create(by=reviewer, name="Mine")
        Reading.objects.create(response=response, by=reviewer)
        PublishedResponse.objects.create(response=response, consultation=busy)
        SecondPersonRequest.objects.create(act="publish", subject=busy.slug, asked_by=reviewer)
        reviewer.recovery_codes.create(hashed="used").delete()
        reviewer.recovery_codes.create(hashed="x")
    assert reconcile().differences == []
    return busy
