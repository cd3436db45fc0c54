"""A watched table gets a column while people send: without rewriting every row of it behind a lock.

What is empty no longer counts in a fingerprint, so that a new column that may be empty changes none of those that are there; and
`watch_rows` touches only rows that have something in a new column, or no fingerprint yet.
"""

from django.db import migrations

FINGERPRINT = """
CREATE OR REPLACE FUNCTION fingerprint_of(content jsonb, columns text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(coalesce(
        (SELECT jsonb_object_agg(name, content -> name) FROM unnest(columns) AS name WHERE content -> name <> 'null'), '{}'
    )::text, 'UTF8')), 'hex')
$$;

-- Watches all the columns that a table has now. A migration that adds one to a watched table calls it again.
CREATE OR REPLACE FUNCTION watch_rows(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text;
    before text[] := (
        SELECT string_to_array(encode(tgargs, 'escape'), '\\000') FROM pg_trigger WHERE tgrelid = watched AND tgname = 'leave_fingerprint'
    );
    new_to_it text;
    stale boolean;
    frozen boolean := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'append_only');
BEGIN
    IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = watched AND attname = 'fingerprint') THEN
        EXECUTE format('ALTER TABLE %s ADD COLUMN fingerprint text', watched);
    END IF;
    SELECT string_agg(quote_literal(attname), ', ' ORDER BY attnum),
        string_agg(format('%I IS NOT NULL', attname), ' OR ') FILTER (WHERE attname <> ALL (coalesce(before, '{}')))
        INTO columns, new_to_it
        FROM pg_attribute WHERE attrelid = watched AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint';
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER leave_fingerprint BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION leave_fingerprint(%s)',
        watched, columns
    );
    new_to_it := format('fingerprint IS NULL OR %s', coalesce(new_to_it, 'false'));
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', watched, new_to_it) INTO stale;
    IF stale THEN
        IF frozen THEN EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', watched); END IF;
        EXECUTE format('UPDATE %s SET fingerprint = NULL WHERE %s', watched, new_to_it);
        IF frozen THEN EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', watched); END IF;
    END IF;
END $$;
"""
# Once, those that are there, by the new rule.
AGAIN = """
DO $$
DECLARE
    watched regclass;
    frozen boolean;
BEGIN
    FOR watched IN SELECT tgrelid FROM pg_trigger WHERE tgname = 'leave_fingerprint' ORDER BY 1 LOOP
        frozen := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'append_only');
        IF frozen THEN EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', watched); END IF;
        EXECUTE format('UPDATE %s SET fingerprint = NULL', watched);
        IF frozen THEN EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', watched); END IF;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0016_redactions")]
    operations = [migrations.RunSQL(FINGERPRINT, migrations.RunSQL.noop), migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
