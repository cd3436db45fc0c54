-- What no page can show and no run can read is refused at the door, also from plain SQL: one row of
-- it would stop every list that it is in. An instant without end, or in a year that Python has not,
-- cannot even be fetched; an empty reference or slug has no address; answers of another shape are
-- not what the code takes them for.

-- Refuses instants, days and numbers that programs cannot calculate with. The second time it does
-- nothing new.
CREATE OR REPLACE FUNCTION hold_in_bounds(held regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
    type regtype;
BEGIN
    FOR name, type IN
        SELECT attname, atttypid FROM pg_attribute WHERE attrelid = held AND attnum > 0
            AND NOT attisdropped AND atttypid IN (
                'timestamptz'::regtype, 'date'::regtype, 'double precision'::regtype
            )
    LOOP
        PERFORM hold_check(held, name, 'in_bounds', CASE type
            WHEN 'double precision'::regtype THEN format('abs(%I) < ''Infinity''', name)
            ELSE format('%I >= ''1900-01-01'' AND %1$I < ''2300-01-01''', name)
        END);
    END LOOP;
END $$;

-- Refuses JSON that is not of the shape: "words" is an object of texts, "choices" one of texts and
-- of lists of texts. The second time it does nothing new.
CREATE OR REPLACE FUNCTION hold_shape(held regclass, name text, shape text)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hold_check(held, name, 'shape', format(
        'jsonb_typeof(%I) = ''object'' AND NOT jsonb_path_exists(%1$I, %L)', name,
        CASE shape
            WHEN 'words' THEN 'strict $.* ? (@.type() <> "string")'
            WHEN 'choices' THEN 'strict $.* ? (@.type() <> "string" && '
                '(@.type() <> "array" || exists(@[*] ? (@.type() <> "string"))))'
        END
    ));
END $$;

-- Refuses text that cannot stand in an address. The second time it does nothing new.
CREATE OR REPLACE FUNCTION hold_address(held regclass, name text, pattern text)
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hold_check(held, name, 'address', format('%I ~ %L', name, pattern));
END $$;

-- Adds a check to a column, unless it has it.
CREATE OR REPLACE FUNCTION hold_check(held regclass, name text, kind text, rule text)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    called CONSTANT text := left(
        format('%s_%s_%s', kind, name, md5(held::text || name)), 63
    );
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = held AND conname = called) THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s)', held, called, rule);
    END IF;
END $$;

SELECT hold_in_bounds(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'consult\_%';

SELECT hold_address(held::regclass, name, pattern) FROM (VALUES
    ('consult_consultation', 'slug', '^[-a-zA-Z0-9_]+$'),
    ('consult_section', 'slug', '^[-a-zA-Z0-9_]+$'),
    ('consult_recommendation', 'slug', '^[-a-zA-Z0-9_]+$'),
    ('consult_question', 'slug', '^[-a-zA-Z0-9_]+$'),
    ('consult_question', 'part', '^[-a-zA-Z0-9_]+$'),
    ('consult_question', 'scale', '^[-a-zA-Z0-9_]*$'),
    ('consult_option', 'slug', '^[-a-zA-Z0-9_]+$')
) AS columns (held, name, pattern);
