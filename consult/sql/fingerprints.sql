-- Every row of a watched table carries a fingerprint of itself, so that `manage.py reconcile` notices what was changed behind
-- the service's back. A trigger writes it on each INSERT and UPDATE that comes in by the front door. Anyone who changes a row
-- with triggers switched off, or in the files beneath, leaves a fingerprint that does not fit.

-- SHA-256 of the columns named. What is empty does not count, so that a new column that may be empty changes no fingerprint
-- that is there. Refuses nothing.
CREATE OR REPLACE FUNCTION fingerprint_of(content jsonb, columns text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(coalesce(
        (SELECT jsonb_object_agg(name, content -> name) FROM unnest(columns) AS name WHERE content -> name <> 'null'), '{}'
    )::text, 'UTF8')), 'hex')
$$;

-- Refuses no row, but any fingerprint that is not the row's own: what a statement says of it is written over. Instants are
-- written in one time zone, whatever the session's.
CREATE OR REPLACE FUNCTION leave_fingerprint() RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
BEGIN
    NEW.fingerprint := fingerprint_of(to_jsonb(NEW), TG_ARGV);
    RETURN NEW;
END $$;

-- Watches all the columns that a table has now; a migration that adds one to a watched table calls it again. Where they are all
-- watched it does nothing and holds nobody up, nor does it make good a fingerprint that somebody took away. Only rows that have
-- something in a new column, or no fingerprint yet, are written again: the others would keep everybody waiting for nothing.
CREATE OR REPLACE FUNCTION watch_rows(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text[] := ARRAY(
        SELECT attname FROM pg_attribute
        WHERE attrelid = watched AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint' ORDER BY attnum
    );
    before text[] := (
        SELECT array_remove(string_to_array(encode(tgargs, 'escape'), '\000'), '')
        FROM pg_trigger WHERE tgrelid = watched AND tgname = 'leave_fingerprint'
    );
    frozen boolean := EXISTS (SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'append_only');
    new_to_it text;
    stale boolean;
BEGIN
    IF columns = before THEN RETURN; END IF;
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS fingerprint text', watched);
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER leave_fingerprint BEFORE INSERT OR UPDATE ON %s
        FOR EACH ROW EXECUTE FUNCTION leave_fingerprint(%s)',
        watched, (SELECT string_agg(quote_literal(name), ', ') FROM unnest(columns) AS name)
    );
    SELECT string_agg(format(' OR %I IS NOT NULL', name), '') INTO new_to_it
        FROM unnest(columns) AS name WHERE name <> ALL (coalesce(before, '{}'));
    new_to_it := concat('fingerprint IS NULL', new_to_it);
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', watched, new_to_it) INTO stale;
    IF stale THEN
        IF frozen THEN EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', watched); END IF;
        EXECUTE format('UPDATE %s SET fingerprint = NULL WHERE %s', watched, new_to_it);
        IF frozen THEN EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', watched); END IF;
    END IF;
END $$;

-- Not watched: rate limits and job runs, on which nothing that was received depends.
SELECT watch_rows('consult_auditentry');
SELECT watch_rows('consult_consultation');
SELECT watch_rows('consult_edition');
SELECT watch_rows('consult_option');
SELECT watch_rows('consult_question');
SELECT watch_rows('consult_recommendation');
SELECT watch_rows('consult_recoverycode');
SELECT watch_rows('consult_section');
SELECT watch_rows('consult_user');
