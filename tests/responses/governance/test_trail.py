"""The audit trail is a chain: what is altered, removed or put in outside the service shows."""

import re
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from consult.auditing import record
from consult.models import Action, AuditEntry, Consultation, User
from consult.staff.signing_in import check_password
from responses.governance.reconciling import go_through
from responses.governance.reconciling.rows import watched_tables
from responses.models import Response
from tests.support.acting import on_the_trail
from tests.support.tampering import behind_its_back

pytestmark = pytest.mark.django_db(transaction=True)

COPY = """INSERT INTO consult_auditentry (at, actor_id, actor_name, action, subject, details, seal)
    SELECT at, actor_id, actor_name, action, {subject}, details, {seal}
    FROM consult_auditentry ORDER BY id LIMIT 1"""


@pytest.fixture
def trail(reviewer: User) -> list[AuditEntry]:
    """Ten things that Rosa did."""
    for number in range(10):
        record(action=Action.RESPONSE_READ, actor=reviewer, subject=f"R{number}")
    return list(AuditEntry.objects.order_by("id"))


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def found_about(entry: int) -> list[str]:
    return [
        difference.words
        for difference in go_through().differences
        if difference.subject == f"audit entry {entry}"
    ]


def test_an_honest_trail_is_whole(trail: list[AuditEntry]) -> None:
    assert [words for entry in trail for words in found_about(entry.pk)] == []
    assert set(trail[-1].earlier) == {str(entry.pk) for entry in trail[-9:-1]}


def test_an_entry_altered_with_a_fitting_fingerprint_is_named(trail: list[AuditEntry]) -> None:
    old = trail[3].pk
    columns = dict(watched_tables())["consult_auditentry"]
    with behind_its_back(), connection.cursor() as cursor:
        cursor.execute("UPDATE consult_auditentry SET details = '[]' WHERE id = %s", [old])
        cursor.execute(
            """UPDATE consult_auditentry e SET fingerprint = fingerprint_of(to_jsonb(e), %s)
            WHERE id = %s""",
            [columns, old],
        )
    assert found_about(old) == ["Later entries recorded it with a different content."]


def test_an_entry_that_was_removed_is_named(trail: list[AuditEntry]) -> None:
    with behind_its_back():
        run(f"DELETE FROM consult_auditentry WHERE id = {trail[3].pk}")  # noqa: S608
    assert found_about(trail[3].pk) == ["Later entries name it, and it is gone."]


@pytest.mark.parametrize(
    ("subject", "seal", "words"),
    [
        ("'R77'", "seal || ''", "It was put on the trail outside the service."),
        ("'R77'", "''", "It was put on the trail outside the service."),
        ("subject", "seal", "It is on the trail more than once: it was copied in."),
    ],
)
def test_an_entry_that_was_copied_in_is_named(
    trail: list[AuditEntry], subject: str, seal: str, words: str
) -> None:
    with transaction.atomic():
        # With the constraint out of the way, only the integrity check can notice.
        run("ALTER TABLE consult_auditentry DROP CONSTRAINT consult_auditentry_seal_key")
        run(COPY.format(subject=subject, seal=seal))
        newest = AuditEntry.objects.latest("id").pk
        found = found_about(newest)
        transaction.set_rollback(True)
    assert words in found


def test_a_password_hashed_again_at_sign_in_raises_no_alarm(
    reviewer: User, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    before = reviewer.password
    check_password(username="rosa", password="rosa has a long password", address="192.0.2.1")
    assert User.objects.get().password != before
    assert AuditEntry.objects.filter(action=Action.PASSWORD_HASHED_AGAIN).count() == 1
    assert go_through().differences == []


def test_what_plain_sql_changes_is_named_until_an_act_changes_it(
    consultation: Consultation, editor: User
) -> None:
    assert go_through().differences == []
    run("UPDATE consult_consultation SET closes_at = closes_at + interval '1 day'")
    for _ in range(2):
        [difference] = go_through().differences
        assert difference.subject == f"consult_consultation {consultation.pk}"
        assert re.fullmatch(
            r"No act on the trail or in the ledger explains its change at [\d.: -]+ UTC\.",
            difference.words,
        )
    with on_the_trail():
        Consultation.objects.update(closes_at=consultation.closes_at)
    assert go_through().differences == []


def test_a_lease_is_no_act_and_raises_no_alarm(send: Callable[..., Response]) -> None:
    send()
    run("UPDATE responses_confirmation SET leased_until = now()")
    assert go_through().differences == []
