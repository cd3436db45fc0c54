-- What staff type is kept as they type it, also at a page that was open before its response, or its
-- email, was erased: then nothing of it is kept.

-- Refuses nothing: empties what was typed at a page about something that was erased. An address may
-- spell a reference with small letters, other dashes or none. It holds the lock of
-- responses/sql/erased.sql, so that neither this nor the erasure overlooks the other.
CREATE OR REPLACE FUNCTION keep_nothing_about_erased() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    piece text;
    mine text;
    gone boolean;
BEGIN
    FOR piece IN
        SELECT regexp_split_to_table(NEW.page, '[/?&=]')
        UNION SELECT pair ->> 1 FROM jsonb_array_elements(NEW.fields) AS pair
            WHERE pair ->> 0 = 'reference'
    LOOP
        mine := upper(regexp_replace(
            regexp_replace(piece, '%[0-9A-Fa-f]{2}', '', 'g'), '[^0-9A-Za-z]', '', 'g'
        ));
        CONTINUE WHEN length(mine) <> 9;
        mine := concat_ws('-', left(mine, 4), substr(mine, 5, 4), right(mine, 1));
        PERFORM pg_advisory_xact_lock_shared(hashtext('erasing'), hashtext(mine));
        IF EXISTS (SELECT FROM responses_response WHERE reference = mine AND act = 'erased') THEN
            NEW.fields := '[]';
        END IF;
    END LOOP;
    FOR piece IN
        SELECT (regexp_matches(NEW.page, 'messages?[/=]([0-9]{1,17})(?![0-9])', 'g'))[1]
    LOOP
        SELECT file = '' INTO gone FROM responses_message WHERE id = piece::bigint FOR SHARE;
        IF gone THEN
            NEW.fields := '[]';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER not_about_erased BEFORE INSERT OR UPDATE ON consult_staffdraft
    FOR EACH ROW WHEN (NEW.fields <> '[]') EXECUTE FUNCTION keep_nothing_about_erased();
