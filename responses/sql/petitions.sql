-- Petitions, and as they stood in each batch: held to acts, with fingerprints, as consult/sql/
-- changes.sql and consult/sql/fingerprints.sql say. Only an organiser's name and address may go.

-- Refuses to change what a petition says or how many signed it, and to delete it.
CREATE OR REPLACE FUNCTION refuse_petition_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    aside CONSTANT text[] := '{organiser_name,organiser_email,changed_in,fingerprint}';
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - aside <> to_jsonb(OLD) - aside
        OR NEW.organiser_name NOT IN ('', OLD.organiser_name)
        OR NEW.organiser_email NOT IN ('', OLD.organiser_email)
    THEN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

SELECT hold_rows('responses_batchpetition');
SELECT hold_rows('responses_petition');
SELECT watch_rows('responses_batchpetition');
SELECT watch_rows('responses_petition');

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_batchpetition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER only_organisers_go BEFORE UPDATE OR DELETE ON responses_petition
    FOR EACH ROW EXECUTE FUNCTION refuse_petition_change();
