"""An older backup is put back after equality answers were handed over: they come back with their
batch, are not handed over twice, and still lead to nobody.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from consult.models import Consultation, Edition
from consult.plans.document import Plan
from responses import journal
from responses.answers import read_equality_answers
from responses.models import Batch, EqualityAnswers, EqualityHolder
from responses.responding.equality import gave_equality_answers, give_equality_answers
from responses.responding.submitting import Submitted
from tests.support.acting import on_the_trail
from tests.support.dumping import dump_to, restored
from tests.support.handing_over import differences, hand_over, recover

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("exports", "at_mopac"),
]
SAID = [
    {"equality-age": "16-to-24", "equality-sex": "female"},
    {"equality-age": "25-to-34"},
    {"equality-gender-same": "no", "equality-gender-same--no": "=as I say"},
]


@pytest.fixture
def give(consultation: Consultation, edition: Edition, plan: Plan) -> Callable[..., None]:
    def give(token: str, raw: dict[str, Any]) -> None:
        answers = read_equality_answers(plan, raw)
        give_equality_answers(
            consultation=consultation, edition=edition, token=token, answers=answers
        )

    return give


def close(consultation: Consultation) -> None:
    """Have it closed for so long that equality answers are handed over."""
    with on_the_trail():
        Consultation.objects.update(closes_at=timezone.now() - timedelta(hours=20))
    consultation.refresh_from_db()


def said() -> Counter[str]:
    return Counter(f"{row.choices} {row.texts}" for row in EqualityAnswers.objects.all())


def test_equality_answers_come_back_with_their_batch_and_are_not_doubled(
    submit: Callable[..., Submitted],
    give: Callable[..., None],
    consultation: Consultation,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tokens = [submit(email="").receipt_token for _ in range(14)]
    for turn, token in enumerate(tokens[:11]):
        give(token, SAID[turn % 3])
    hand_over(consultation)
    dump_to(tmp_path / "backup")
    for turn, token in enumerate(tokens[11:]):
        give(token, SAID[turn % 3])
    close(consultation)
    before = said()
    gone = hand_over(consultation)
    ids = set(EqualityAnswers.objects.filter(batch=gone).values_list("pk", flat=True))
    assert len(ids) == 14
    with restored(tmp_path / "backup"):
        close(consultation)
        # Nobody knows yet which of those that wait are in the lost batch: none goes.
        early = hand_over(consultation)
        assert not EqualityAnswers.objects.filter(batch=early).exists()
        recover("2", capsys=capsys)
        assert set(EqualityAnswers.objects.values_list("pk", flat=True)) == ids
        assert said() == before
        assert all(gave_equality_answers(token) for token in tokens)
        assert EqualityHolder.objects.count() == 14
        assert differences() == set()
        assert not EqualityAnswers.objects.filter(batch=hand_over(consultation)).exists()
        assert Batch.objects.count() == 4


def test_the_journal_says_who_gave_equality_answers_only_all_together(
    submit: Callable[..., Submitted],
    give: Callable[..., None],
    consultation: Consultation,
) -> None:
    tokens = [submit(email="").receipt_token for _ in range(10)]
    for token in tokens:
        give(token, SAID[0])
    assert not [line for line in journal.read_journal() if line["event"] == "equality"]
    close(consultation)
    hand_over(consultation)
    [line] = [line for line in journal.read_journal() if line["event"] == "equality"]
    assert set(line) == {"event", "consultation", "holders", "at"}
    assert line["holders"] == sorted(line["holders"])
    assert len(line["holders"]) == 10
