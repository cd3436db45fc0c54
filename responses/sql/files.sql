-- A file that came with a response, or stands in a draft, is kept as long as a row names it, and
-- goes with the last one, however that row is deleted.

-- Refuses nothing: has a file deleted that no row names any more. The lock lets no other
-- transaction name it, or let it go, meanwhile.
CREATE OR REPLACE FUNCTION remove_unnamed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('file'), hashtext(OLD.file));
    IF NOT EXISTS (SELECT FROM responses_attachment WHERE file = OLD.file)
        AND NOT EXISTS (SELECT FROM responses_draftfile WHERE file = OLD.file)
    THEN
        INSERT INTO responses_fileremoval (storage, name, attempts, reason)
        VALUES ('default', OLD.file, 0, '');
    END IF;
    RETURN NULL;
END $$;

-- Refuses a row that names a file which is to be deleted.
CREATE OR REPLACE FUNCTION refuse_removed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('file'), hashtext(NEW.file));
    IF EXISTS (SELECT FROM responses_fileremoval WHERE storage = 'default' AND name = NEW.file) THEN
        RAISE EXCEPTION 'the file % is to be deleted', NEW.file
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER last_name_of_a_file AFTER DELETE ON responses_attachment
    FOR EACH ROW EXECUTE FUNCTION remove_unnamed_file();
CREATE OR REPLACE TRIGGER last_name_of_a_file AFTER DELETE ON responses_draftfile
    FOR EACH ROW EXECUTE FUNCTION remove_unnamed_file();
CREATE OR REPLACE TRIGGER names_a_file BEFORE INSERT ON responses_attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_removed_file();
CREATE OR REPLACE TRIGGER names_a_file BEFORE INSERT ON responses_draftfile
    FOR EACH ROW EXECUTE FUNCTION refuse_removed_file();
