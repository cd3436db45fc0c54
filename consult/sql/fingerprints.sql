-- Every row of a watched table carries a fingerprint of itself, so that `manage.py reconcile`
-- notices what was changed without the service. A trigger writes it on each INSERT and UPDATE.
-- Anyone who changes a row with triggers switched off, or in the database's files, leaves a
-- fingerprint that does not fit.

-- Returns the SHA-256 of the named columns; refuses nothing. Empty columns do not count, so that a
-- new column that may be empty changes no existing fingerprint.
CREATE OR REPLACE FUNCTION fingerprint_of(content jsonb, columns text[])
    RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(coalesce(
        (SELECT jsonb_object_agg(name, content -> name)
            FROM unnest(columns) AS name WHERE content -> name <> 'null'),
        '{}'
    )::text, 'UTF8')), 'hex')
$$;

-- Refuses no row, but replaces whatever fingerprint a statement gives it by its own. Times are
-- written in UTC, whatever the session's time zone.
CREATE OR REPLACE FUNCTION leave_fingerprint()
    RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$
BEGIN
    NEW.fingerprint := fingerprint_of(to_jsonb(NEW), TG_ARGV);
    RETURN NEW;
END $$;

-- Watches all the columns that a table has now; a migration that adds a column to a watched table
-- calls it again. If all are watched it does nothing: it locks nobody out, and does not replace a
-- fingerprint that someone removed. Only rows with something in a new column, or without a
-- fingerprint, are written again, since rewriting every row would lock people out for long.
CREATE OR REPLACE FUNCTION watch_rows(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text[] := ARRAY(
        SELECT attname FROM pg_attribute
        WHERE attrelid = watched AND attnum > 0 AND NOT attisdropped AND attname <> 'fingerprint'
        ORDER BY attnum
    );
    before text[] := (
        SELECT array_remove(string_to_array(encode(tgargs, 'escape'), '\000'), '')
        FROM pg_trigger WHERE tgrelid = watched AND tgname = 'leave_fingerprint'
    );
    frozen boolean := EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = watched AND tgname = 'append_only'
    );
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
        IF frozen THEN
            EXECUTE format('ALTER TABLE %s DISABLE TRIGGER append_only', watched);
        END IF;
        EXECUTE format('UPDATE %s SET fingerprint = NULL WHERE %s', watched, new_to_it);
        IF frozen THEN
            EXECUTE format('ALTER TABLE %s ENABLE TRIGGER append_only', watched);
        END IF;
    END IF;
END $$;

-- Not watched: rate limits and job runs. Nothing that was received depends on them.
SELECT watch_rows('consult_auditentry');
SELECT watch_rows('consult_consultation');
SELECT watch_rows('consult_edition');
SELECT watch_rows('consult_option');
SELECT watch_rows('consult_planfile');
SELECT watch_rows('consult_question');
SELECT watch_rows('consult_recommendation');
SELECT watch_rows('consult_recoverycode');
SELECT watch_rows('consult_removedrow');
SELECT watch_rows('consult_secondpersonrequest');
SELECT watch_rows('consult_section');
SELECT watch_rows('consult_user');
