"""What a person wrote can be erased, and nothing else can be changed that way.

`erase_words` is the one function that may. It cannot be called: it runs when the tombstone of a reference arrives, in the
transaction that brings it, whoever brings it. The append-only tables let through what it does and only that: the columns
named here, made empty, of a reference that has a tombstone.
"""

from django.db import migrations, models

ERASURE = """
CREATE FUNCTION erase_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_response SET choices = '{}', texts = '{}' WHERE reference = NEW.reference AND id <> NEW.id;
    UPDATE responses_contact SET name = '', email = '', postcode_district = '', corrected_email = ''
        WHERE response_id IN (SELECT id FROM responses_response WHERE reference = NEW.reference);
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT c.id FROM responses_confirmation c JOIN responses_response r ON r.id = c.response_id WHERE reference = NEW.reference);
    UPDATE responses_reviewstep SET note = 'Erased.' WHERE note <> '' AND review_id IN (
        SELECT v.id FROM responses_review v JOIN responses_response r ON r.id = v.response_id WHERE reference = NEW.reference);
    RETURN NULL;
END $$;

CREATE TRIGGER erase_words AFTER INSERT ON responses_response FOR EACH ROW WHEN (NEW.act = 'erased') EXECUTE FUNCTION erase_words();

CREATE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
    said text;
    mine text;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND stack ~ '\\nPL/pgSQL function erase_words[(][)] line [0-9]+ at SQL statement$'
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    THEN
        mine := CASE TG_TABLE_NAME
            WHEN 'responses_response' THEN to_jsonb(OLD) ->> 'reference'
            WHEN 'responses_confirmationattempt' THEN (SELECT reference FROM responses_confirmation c
                JOIN responses_response r ON r.id = c.response_id WHERE c.id = (to_jsonb(OLD) ->> 'confirmation_id')::bigint)
            WHEN 'responses_reviewstep' THEN (SELECT reference FROM responses_review v
                JOIN responses_response r ON r.id = v.response_id WHERE v.id = (to_jsonb(OLD) ->> 'review_id')::bigint)
        END;
        SELECT string_agg(DISTINCT to_jsonb(NEW) ->> name, '') INTO said FROM unnest(TG_ARGV) AS name;
        IF said IN ('{}', '', 'Erased.') AND EXISTS (SELECT FROM responses_response WHERE reference = mine AND act = 'erased') THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
MAY_BE_EMPTIED = {
    "responses_response": "'choices', 'texts'",
    "responses_confirmationattempt": "'detail'",
    "responses_reviewstep": "'note'",
}
REPLACE = "CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}({columns})"
EVENTS = [
    ("received", "received"),
    ("amended", "changed by the respondent"),
    ("withdrawn", "withdrawn by the respondent"),
    ("erased", "erased"),
    ("confirmed", "confirmation sent"),
    ("confirmation-failed", "confirmation could not be delivered"),
    ("address-corrected", "email address corrected by the respondent"),
    ("batched", "put in a batch"),
]


class Migration(migrations.Migration):
    dependencies = [("responses", "0017_watching_rewrites_nothing")]
    operations = [
        migrations.AlterField("ledgerentry", "event", models.CharField(choices=EVENTS, max_length=20)),
        migrations.RunSQL(ERASURE, "DROP FUNCTION erase_words() CASCADE; DROP FUNCTION refuse_all_but_erasure()"),
        *[
            migrations.RunSQL(
                REPLACE.format(table=table, function="refuse_all_but_erasure", columns=columns),
                REPLACE.format(table=table, function="refuse_change", columns=""),
            )
            for table, columns in MAY_BE_EMPTIED.items()
        ],
    ]
