"""Every row carries a fingerprint of itself, so that `reconcile` notices what was changed behind the service's back.

A trigger makes it, on every INSERT and UPDATE that comes in by the front door. Whoever changes a row with triggers switched
off, or in the files beneath, leaves a fingerprint that does not fit.
"""

from django.db import migrations

WATCHED = [
    *["consult_auditentry", "consult_consultation", "consult_edition", "consult_option", "consult_question"],
    *["consult_recommendation", "consult_section", "consult_user"],
    *["responses_batch", "responses_batchmember", "responses_confirmation", "responses_confirmationattempt", "responses_contact"],
    *["responses_ledgerentry", "responses_response", "responses_review", "responses_reviewstep"],
]
# Of 0002, and the tries, which it forgot.
APPEND_ONLY = [
    *["responses_response", "responses_ledgerentry", "responses_batchmember", "responses_reviewstep"],
    *["consult_auditentry", "consult_edition", "responses_confirmationattempt"],
]

FINGERPRINT = """
CREATE FUNCTION fingerprint_of(content jsonb, columns text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to((SELECT jsonb_object_agg(name, content -> name) FROM unnest(columns) AS name)::text, 'UTF8')), 'hex')
$$;

-- Instants are written in one time zone, whatever the session's.
CREATE FUNCTION leave_fingerprint() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
BEGIN
    NEW.fingerprint := fingerprint_of(to_jsonb(NEW), TG_ARGV);
    RETURN NEW;
END $$;

-- Watches all the columns that a table has now. A migration that adds one to a watched table calls it again.
CREATE FUNCTION watch_rows(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text;
    frozen boolean := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'append_only');
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS fingerprint text', watched);
    SELECT string_agg(quote_literal(attname), ', ' ORDER BY attnum) INTO columns
        FROM pg_attribute WHERE attrelid = watched AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint';
    EXECUTE format('DROP TRIGGER IF EXISTS leave_fingerprint ON %s', watched);
    EXECUTE format(
        'CREATE TRIGGER leave_fingerprint BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION leave_fingerprint(%s)',
        watched, columns
    );
    IF frozen THEN EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', watched); END IF;
    EXECUTE format('UPDATE %s SET fingerprint = NULL', watched);
    IF frozen THEN EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', watched); END IF;
END $$;
"""
# Emptying a table row by row is refused already. The tests empty all tables between them, and say so.
NO_TRUNCATE = """
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change()
"""
SEALED = """
CREATE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (NEW.consultation_id, NEW.number, NEW.sealed_at, NEW.sealed_by_id, NEW.includes_contacts)
            IS DISTINCT FROM (OLD.consultation_id, OLD.number, OLD.sealed_at, OLD.sealed_by_id, OLD.includes_contacts)
        OR (NEW.size <> OLD.size AND OLD.size <> 0)
        OR (OLD.written_at IS NOT NULL AND (NEW.written_at, NEW.manifest_sha256, NEW.files)
            IS DISTINCT FROM (OLD.written_at, OLD.manifest_sha256, OLD.files))
    THEN
        RAISE EXCEPTION 'batch % is sealed: % refused', OLD.number, TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_sealed BEFORE UPDATE OR DELETE ON responses_batch FOR EACH ROW EXECUTE FUNCTION keep_sealed();
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0003_second_thoughts"), ("consult", "0001_initial")]
    operations = [
        migrations.RunSQL(
            """CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_confirmationattempt
            FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
            "DROP TRIGGER append_only ON responses_confirmationattempt",
        ),
        migrations.RunSQL(SEALED, "DROP FUNCTION keep_sealed() CASCADE"),
        *[
            migrations.RunSQL(NO_TRUNCATE.format(table=table), f"DROP TRIGGER no_truncate ON {table}")
            for table in [*APPEND_ONLY, "responses_batch"]
        ],
        migrations.RunSQL(FINGERPRINT, "DROP FUNCTION watch_rows(regclass), leave_fingerprint(), fingerprint_of(jsonb, text[]) CASCADE"),
        *[
            migrations.RunSQL(
                f"SELECT watch_rows('{table}')",
                f"DROP TRIGGER leave_fingerprint ON {table}; ALTER TABLE {table} DROP COLUMN fingerprint",
            )
            for table in WATCHED
        ],
    ]
