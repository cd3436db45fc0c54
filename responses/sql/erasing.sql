-- What a person wrote can be erased, and contact details can be removed after their time; nothing else can be changed that way.
--
-- `erase_words` and `remove_details` are the two functions that may. Neither can be called: each runs when the row that says so
-- arrives, in the transaction that brings it, whoever brings it. The append-only tables let through what they do and only that:
-- the columns named in the trigger, made empty, of a response that has such a row.

-- Refuses nothing: when the tombstone of a reference arrives, it empties what was said under that reference.
CREATE OR REPLACE FUNCTION erase_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_response SET choices = '{}', texts = '{}' WHERE reference = NEW.reference AND id <> NEW.id;
    UPDATE responses_contact SET name = '', email = '', postcode_district = '', corrected_email = ''
        WHERE response_id IN (SELECT id FROM responses_response WHERE reference = NEW.reference);
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT c.id FROM responses_confirmation c JOIN responses_response r ON r.id = c.response_id
        WHERE reference = NEW.reference);
    UPDATE responses_reviewstep SET note = 'Erased.' WHERE note <> '' AND review_id IN (
        SELECT v.id FROM responses_review v JOIN responses_response r ON r.id = v.response_id
        WHERE reference = NEW.reference);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER erase_words AFTER INSERT ON responses_response
    FOR EACH ROW WHEN (NEW.act = 'erased') EXECUTE FUNCTION erase_words();

-- Refuses nothing: when the ledger says that the contact details of a response were removed, it removes them.
CREATE OR REPLACE FUNCTION remove_details() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_contact SET name = '', email = '', postcode_district = '', corrected_email = ''
        WHERE response_id = NEW.response_id;
    UPDATE responses_confirmation SET reason = '' WHERE response_id = NEW.response_id AND reason <> '';
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT id FROM responses_confirmation WHERE response_id = NEW.response_id);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER remove_details AFTER INSERT ON responses_ledgerentry
    FOR EACH ROW WHEN (NEW.event = 'details-removed') EXECUTE FUNCTION remove_details();

-- Refuses every change, as `refuse_change` does, but for the one that the two functions above make: of the columns that the
-- trigger names and of no other, to nothing, and only where the tombstone or the ledger's entry is there. A statement of
-- anybody else's that looks the same is refused, since it is not called from within either.
CREATE OR REPLACE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
    said text;
    known boolean;
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1
        AND stack ~ '\nPL/pgSQL function (erase_words|remove_details)[(][)] line [0-9]+ at SQL statement$'
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

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_response
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('choices', 'texts');
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_confirmationattempt
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('detail');
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_reviewstep
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('note');
