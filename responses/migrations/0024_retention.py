"""Contact details can be removed when they have been kept for their time, while the answers stay.

As with erasing, what may empty an append-only row is one function, and it cannot be called: `remove_details` runs when the
ledger's entry about it arrives, in the transaction that brings it.
"""

from django.db import migrations, models

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
    said text;
    known boolean;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
        AND stack ~ '\\nPL/pgSQL function (erase_words|remove_details)[(][)] line [0-9]+ at SQL statement$'
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    THEN
        known := CASE TG_TABLE_NAME
            WHEN 'responses_response' THEN EXISTS (
                SELECT FROM responses_response WHERE reference = to_jsonb(OLD) ->> 'reference' AND act = 'erased')
            WHEN 'responses_confirmationattempt' THEN EXISTS (
                SELECT FROM responses_confirmation c JOIN responses_response r ON r.id = c.response_id
                WHERE c.id = (to_jsonb(OLD) ->> 'confirmation_id')::bigint AND (
                    EXISTS (SELECT FROM responses_ledgerentry WHERE response_id = r.id AND event = 'details-removed')
                    OR EXISTS (SELECT FROM responses_response WHERE reference = r.reference AND act = 'erased')))
            WHEN 'responses_reviewstep' THEN EXISTS (
                SELECT FROM responses_review v JOIN responses_response r ON r.id = v.response_id
                JOIN responses_response e ON e.reference = r.reference AND e.act = 'erased'
                WHERE v.id = (to_jsonb(OLD) ->> 'review_id')::bigint)
        END;
        SELECT string_agg(DISTINCT to_jsonb(NEW) ->> name, '') INTO said FROM unnest(TG_ARGV) AS name;
        IF said IN ('{}', '', 'Erased.') AND known THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
REMOVE = """
CREATE FUNCTION remove_details() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_contact SET name = '', email = '', postcode_district = '', corrected_email = '' WHERE response_id = NEW.response_id;
    UPDATE responses_confirmation SET reason = '' WHERE response_id = NEW.response_id AND reason <> '';
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT id FROM responses_confirmation WHERE response_id = NEW.response_id);
    RETURN NULL;
END $$;

CREATE TRIGGER remove_details AFTER INSERT ON responses_ledgerentry
    FOR EACH ROW WHEN (NEW.event = 'details-removed') EXECUTE FUNCTION remove_details();
"""
EVENTS = [
    ("received", "received"),
    ("amended", "changed by the respondent"),
    ("withdrawn", "withdrawn by the respondent"),
    ("erased", "erased"),
    ("details-removed", "contact details removed after their time"),
    ("confirmed", "confirmation sent"),
    ("confirmation-failed", "confirmation could not be delivered"),
    ("address-corrected", "email address corrected by the respondent"),
    ("batched", "put in a batch"),
    ("delivered", "delivered"),
    ("acknowledged", "acknowledged by whom it was delivered to"),
]


class Migration(migrations.Migration):
    dependencies = [("responses", "0023_extracts")]
    operations = [
        migrations.AlterField("ledgerentry", "event", models.CharField(choices=EVENTS, max_length=20)),
        migrations.AlterField("message", "file", models.CharField(blank=True, max_length=120)),
        # Going back leaves the newer one, which refuses as much.
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(REMOVE, "DROP FUNCTION remove_details() CASCADE"),
    ]
