"""Someone who has the database, its backups, the batches and the secret key, and wants to know who
gave which equality answers.

Everyone here wrote a number of their own into an equality answer, so that guesses can be marked. By
chance one guess is right on average, and ten or more are once in nine million times. Ranks fit as
well as `FITS_BY_CHANCE` says, five standard deviations off, less than once in a million times.
"""

import csv
import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from consult.models import Consultation, Edition
from consult.plans.document import Plan
from responses.answers import read_equality_answers
from responses.exporting.batches import folder_of, seal_batch
from responses.exporting.writing import write_batch
from responses.governance.erasing import erase_response
from responses.models import Batch, Response
from responses.responding.equality import MIXED_WITH, give_equality_answers
from responses.responding.submitting import Submitted
from tests.support.dumping import dumped_rows

pytestmark = pytest.mark.django_db(transaction=True)

Submit = Callable[..., Submitted]
Give = Callable[[str, int], None]
# More than are mixed with one who arrives, so that not all rows are written every time.
PEOPLE = MIXED_WITH + 20
RIGHT_BY_CHANCE = 10
FITS_BY_CHANCE = 5 / (PEOPLE - 1) ** 0.5
NUMBER = "equality-gender-same--no"
# Whatever PostgreSQL and the service say about a row.
ORDERS = ("xmin::text::bigint, ctid", "xmin::text::bigint, id", "ctid", "id")
CROWDED = 4


@pytest.fixture
def give(consultation: Consultation, edition: Edition, plan: Plan) -> Give:
    def give(token: str, number: int) -> None:
        raw = {"equality-gender-same": "no", NUMBER: str(number)}
        said = read_equality_answers(plan, raw)
        give_equality_answers(consultation=consultation, edition=edition, token=token, answers=said)

    return give


@pytest.fixture
def crowd(submit: Submit, give: Give) -> list[int]:
    """The numbers of people in the order in which their responses came. Each answered the equality
    questions straight after, several of them at a time.
    """
    came: list[tuple[int, int]] = []

    def person(number: int) -> None:
        try:
            sent = submit(email="")
            came.append((sent.response.pk, number))
            give(sent.receipt_token, number)
        finally:
            connection.close()

    numbers = random.Random(6).sample(range(1000), PEOPLE)  # noqa: S311  # the same every time
    with ThreadPoolExecutor(CROWDED) as together:
        list(together.map(person, numbers))
    return [number for _, number in sorted(came)]


def ask(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def rows_by(order: str) -> list[int]:
    found = ask(f"SELECT texts::text FROM responses_equalityanswers ORDER BY {order}")  # noqa: S608
    return [int(json.loads(texts)[NUMBER]) for (texts,) in found]


def right(guessed: list[int], came: list[int]) -> int:
    """How many guesses are right where the first row is taken for the first response's."""
    return sum(one == other for one, other in zip(guessed, came, strict=True))


def fit(guessed: list[int], came: list[int]) -> float:
    """How far both have one order, from -1 to 1: Spearman's rank correlation."""
    place = {number: at for at, number in enumerate(came)}
    apart = sum((at - place[number]) ** 2 for at, number in enumerate(guessed))
    return 1 - 6 * apart / (len(came) * (len(came) ** 2 - 1))


def assert_chance(guessed: list[int], came: list[int]) -> None:
    assert sorted(guessed) == sorted(came)
    assert right(guessed, came) < RIGHT_BY_CHANCE
    assert abs(fit(guessed, came)) < FITS_BY_CHANCE


def assert_no_order_of_rows_tells(came: list[int], folder: Path) -> None:
    for order in ORDERS:
        assert_chance(rows_by(order), came)
    dumped = dumped_rows("responses_equalityanswers", folder)
    assert_chance([int(json.loads(row["texts"])[NUMBER]) for row in dumped], came)


def close(consultation: Consultation, *, hours: int = 20) -> None:
    Consultation.objects.update(closes_at=timezone.now() - timedelta(hours=hours))
    consultation.refresh_from_db()


def hand_over(consultation: Consultation) -> Batch:
    batch = seal_batch(consultation=consultation, actor=None)
    write_batch(batch=batch)
    return batch


def table(exports: Path, batch: Batch, name: str) -> list[dict[str, str]]:
    path = exports / folder_of(batch) / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def everything_about_equality() -> list[Any]:
    """Each row with what PostgreSQL says about it."""
    return [
        ask("SELECT t::text, xmin::text, ctid::text FROM responses_equalityanswers t ORDER BY id"),
        ask("SELECT t::text, xmin::text, ctid::text FROM responses_equalityholder t ORDER BY 1"),
    ]


def test_marking_guesses_sees_whatever_order_leads_to_people() -> None:
    came = random.Random(1).sample(range(1000), PEOPLE)  # noqa: S311  # the same every time
    assert right(came, came) == PEOPLE
    assert fit(came[::-1], came) == -1
    # Written in groups of ten, each in any order: what is left of the order is seen.
    grouped = [number for at in range(0, PEOPLE, 10) for number in came[at : at + 10][::-1]]
    assert fit(grouped, came) > FITS_BY_CHANCE
    assert_chance(random.Random(2).sample(came, PEOPLE), came)  # noqa: S311  # the same every time


def test_no_order_of_equality_rows_tells_whose_they_are(crowd: list[int], tmp_path: Path) -> None:
    assert_no_order_of_rows_tells(crowd, tmp_path)
    # By the secret key one finds the holder, and by its xmin the rows of the same transaction:
    # MIXED_WITH others are of it.
    [(newest,)] = ask(
        "SELECT count(*) FROM responses_equalityanswers WHERE xmin = "
        "(SELECT xmin FROM responses_equalityholder ORDER BY xmin::text::bigint DESC LIMIT 1)"
    )
    assert newest == MIXED_WITH + 1


def test_who_answered_last_stands_anywhere_among_the_rows(submit: Submit, give: Give) -> None:
    tokens = [submit(email="").receipt_token for _ in range(51)]
    give(tokens[0], 0)
    places: dict[str, list[float]] = {order: [] for order in ORDERS}
    for number, token in enumerate(tokens[1:], start=1):
        give(token, number)
        for order in ORDERS:
            places[order].append(rows_by(order).index(number) / number)
    # Among n + 1 rows a place is as likely as any other, and is said as a number from 0 to 1.
    spread = sum(1 / 12 + 1 / (6 * n) for n in range(1, 51)) ** 0.5
    for order, found in places.items():
        assert abs(sum(found) - 25) < 5 * spread, order


def test_neither_a_batch_nor_what_it_leaves_tells_whose_answers_they_are(
    crowd: list[int], consultation: Consultation, exports: Path, tmp_path: Path
) -> None:
    close(consultation)
    before = set(ask("SELECT id FROM responses_equalityanswers"))
    batch = hand_over(consultation)
    rows = table(exports, batch, "equality.csv")
    [written_in] = [
        name for name in rows[0] if "gender-same" in name and name != "equality-gender-same"
    ]
    # A number on its own is written as text.
    assert_chance([int(row[written_in].lstrip("'")) for row in rows], crowd)
    assert_no_order_of_rows_tells(crowd, tmp_path)
    # All were written together, with other ids than any copy of the database before had.
    assert ask("SELECT count(DISTINCT xmin::text) FROM responses_equalityanswers") == [(1,)]
    assert not before & set(ask("SELECT id FROM responses_equalityanswers"))


def test_giving_equality_answers_changes_no_other_table(submit: Submit, give: Give) -> None:
    token, other = submit(email="").receipt_token, submit(email="").receipt_token
    give(other, 1)
    tables = [name for (name,) in ask("SELECT tablename FROM pg_tables WHERE schemaname='public'")]

    def contents() -> dict[str, Any]:
        return {
            name: ask(f'SELECT t::text, xmin::text FROM "{name}" t ORDER BY 1')  # noqa: S608
            for name in tables
        }

    before = contents()
    give(token, 2)
    after = contents()
    assert {name for name in tables if before[name] != after[name]} == {
        "responses_equalityanswers",
        "responses_equalityholder",
    }


def test_two_copies_around_an_erasure_differ_in_no_equality_answer(
    submit: Submit, give: Give, consultation: Consultation, exports: Path
) -> None:
    people = [submit(email="") for _ in range(12)]
    for number, sent in enumerate(people):
        give(sent.receipt_token, number)
    first, second, third = (sent.response.reference for sent in people[:3])
    before = everything_about_equality()
    erase_response(reference=first, actor=None, why="asked")
    assert everything_about_equality() == before
    close(consultation)
    hand_over(consultation)
    handed_over = everything_about_equality()
    # The batch that names an erasure says nothing of equality answers.
    erase_response(reference=second, actor=None, why="asked")
    named = hand_over(consultation)
    assert [row["act"] for row in table(exports, named, "responses.csv")] == ["erased"]
    assert not [file["name"] for file in named.files if "equality" in file["name"]]
    erase_response(reference=third, actor=None, why="asked")
    assert everything_about_equality() == handed_over


def test_an_extension_hands_over_no_equality_answers_of_a_few(
    submit: Submit, give: Give, consultation: Consultation, exports: Path
) -> None:
    for number in range(12):
        give(submit(email="").receipt_token, number)
    close(consultation)
    hand_over(consultation)
    close(consultation, hours=-1)
    give(submit(email="").receipt_token, 99)
    close(consultation)
    batch = hand_over(consultation)
    assert len(table(exports, batch, "responses.csv")) == 1
    assert not [file["name"] for file in batch.files if "equality" in file["name"]]


def test_two_who_answer_at_once_are_mixed_with_each_other(submit: Submit, give: Give) -> None:
    """Otherwise the second would be mixed without the first, which it does not see yet."""
    one, other, third = (submit(email="").receipt_token for _ in range(3))
    give(third, 3)

    def second() -> None:
        try:
            give(other, 2)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        give(one, 1)
        thread.start()
        while not ask("SELECT FROM pg_locks WHERE NOT granted"):
            assert thread.is_alive()
    thread.join()
    written = ask("SELECT count(*), count(DISTINCT xmin::text) FROM responses_equalityanswers")
    assert written == [(3, 1)]
    assert Response.objects.count() == 3
