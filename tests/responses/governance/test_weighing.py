"""The integrity check says where what people said leads, and names what leads nowhere."""

from collections.abc import Callable

import pytest

from consult.models import Consultation, User
from responses.deciding.feeding import feed_passage
from responses.deciding.points import make_point
from responses.deciding.reasons import name_reason
from responses.governance.reconciling import go_through, in_sentences
from responses.models import Message, Reconciliation, Response

pytestmark = pytest.mark.django_db

Send = Callable[..., Response]


def sentences() -> list[str]:
    findings = go_through()
    assert findings.differences == []
    return list(in_sentences(Reconciliation(totals=findings.totals, differences=[])))


def test_the_check_names_what_leads_nowhere_and_passes(
    consultation: Consultation, send: Send, reviewer: User
) -> None:
    first, second, third = (send({"missing": words}) for words in ("Clubs.", "Hello.", "ਉਡੀਕ"))
    made = make_point(
        consultation=consultation, part="general", sentence="More clubs.", by=reviewer
    )
    feed_passage(point=made, response=first, question="missing", passage="", by=reviewer)
    name_reason(response=second, question="missing", reason="off-subject", by=reviewer)
    said = sentences()
    assert (
        f"{consultation.slug}: 3 answers in words = 1 that make a point + 1 that make none for a "
        "reason + 1 that lead nowhere yet"
    ) in said
    assert f"  nowhere yet: {third.reference} missing" in said
    name_reason(response=third, question="missing", reason="no-code", by=reviewer)
    assert not [line for line in sentences() if "nowhere yet:" in line]


def test_the_check_counts_messages_that_nobody_looked_at(
    consultation: Consultation, send: Send
) -> None:
    Message.objects.create(consultation=consultation, sha256="0" * 64)
    lines = [line for line in in_sentences(_found()) if "nobody has looked" in line]
    assert lines == [f"{consultation.slug}: 1 message that nobody has looked at"]


def test_the_check_names_the_first_twenty_and_counts_the_rest(
    consultation: Consultation, send: Send
) -> None:
    sent = [send({"missing": "Clubs."}) for _ in range(22)]
    (line,) = [line for line in sentences() if "nowhere yet:" in line]
    assert sent[19].reference in line
    assert sent[20].reference not in line
    assert line.endswith("and 2 more")


def _found() -> Reconciliation:
    return Reconciliation(totals=go_through().totals, differences=[])
