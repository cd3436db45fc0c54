"""The integrity check holds the database's own rules to the files in `sql/`."""

import pytest
from django.db import connection

from responses.governance.reconciling.findings import Findings
from responses.governance.reconciling.rules import check_rules


def found() -> list[tuple[str, str]]:
    findings = Findings()
    check_rules(findings)
    return [(difference.subject, difference.words) for difference in findings.differences]


def test_a_database_as_migrations_make_it_has_the_rules_of_the_files(db: None) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("change", "subject", "words"),
    [
        (
            "DROP TRIGGER append_only ON consult_auditentry",
            "trigger append_only on consult_auditentry",
            "It is missing from the database.",
        ),
        (
            "DROP TRIGGER in_an_act ON consult_user",
            "trigger in_an_act on consult_user",
            "It is missing from the database.",
        ),
        (
            "ALTER TABLE responses_response DISABLE TRIGGER append_only",
            "responses_response",
            "The trigger append_only is switched off.",
        ),
        (
            "SELECT hold_rows('consult_user', 'role')",
            "trigger in_an_act on consult_user",
            "It is not as the service's rules say.",
        ),
        (
            """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RETURN NEW; END'""",
            "function refuse_change",
            "It is not as the service's rules say.",
        ),
        (
            "CREATE FUNCTION seal_of(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "function seal_of (another)",
            "It is in the database, but is not one of the service's.",
        ),
        (
            """CREATE OR REPLACE TRIGGER erase_words AFTER INSERT ON responses_response
            FOR EACH ROW WHEN (NEW.act = 'sent') EXECUTE FUNCTION erase_words()""",
            "trigger erase_words on responses_response",
            "It is not as the service's rules say.",
        ),
        (
            """CREATE TRIGGER unheard_of BEFORE UPDATE ON consult_jobrun FOR EACH ROW
            EXECUTE FUNCTION refuse_change()""",
            "trigger unheard_of on consult_jobrun",
            "It is in the database, but is not one of the service's.",
        ),
    ],
)
def test_a_rule_dropped_replaced_added_or_off_is_named(
    db: None, change: str, subject: str, words: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert found() == [(subject, words)]


def test_a_database_of_another_release_raises_no_alarm(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER append_only ON consult_auditentry")
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('consult', '9999', now())"
        )
    findings = Findings()
    check_rules(findings)
    assert findings.differences == []
    assert findings.totals["not_reached"] == {
        "the database's rules": "the database is of another release"
    }
