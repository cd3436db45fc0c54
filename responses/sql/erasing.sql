-- What a person wrote can be erased, contact details can be removed after their time, and an email
-- address that was someone else's at once. Nothing else can be changed that way.
--
-- Only `erase_words`, `remove_details` and `remove_address` may do it, and nobody can call them:
-- each runs when the row that records the erasure or the removal arrives, in the same transaction.
-- The append-only tables let through what those do and nothing more: the columns named in the
-- trigger, emptied, for a response that has such a row.

-- Refuses nothing: when a reference is recorded as erased, it empties everything said under it.
CREATE OR REPLACE FUNCTION erase_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_response SET choices = '{}', texts = '{}'
        WHERE reference = NEW.reference AND id <> NEW.id;
    UPDATE responses_contact
        SET name = '', email = '', postcode_district = '', corrected_email = ''
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

-- Refuses nothing: when the ledger records that a response's contact details were removed, it
-- removes them.
CREATE OR REPLACE FUNCTION remove_details() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_contact
        SET name = '', email = '', postcode_district = '', corrected_email = ''
        WHERE response_id = NEW.response_id;
    UPDATE responses_confirmation SET reason = ''
        WHERE response_id = NEW.response_id AND reason <> '';
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT id FROM responses_confirmation WHERE response_id = NEW.response_id);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER remove_details AFTER INSERT ON responses_ledgerentry
    FOR EACH ROW WHEN (NEW.event = 'details-removed') EXECUTE FUNCTION remove_details();

-- Refuses nothing: when the ledger records that an email address was someone else's, it removes it,
-- and what mail servers said about it.
CREATE OR REPLACE FUNCTION remove_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE responses_contact SET email = '', corrected_email = ''
        WHERE response_id = NEW.response_id;
    UPDATE responses_confirmation SET reason = ''
        WHERE response_id = NEW.response_id AND reason <> '';
    UPDATE responses_confirmationattempt SET detail = '' WHERE detail <> '' AND confirmation_id IN (
        SELECT id FROM responses_confirmation WHERE response_id = NEW.response_id);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER remove_address AFTER INSERT ON responses_ledgerentry
    FOR EACH ROW WHEN (NEW.event = 'address-removed') EXECUTE FUNCTION remove_address();

-- Refuses every change, as `refuse_change` does, except those that the three functions above make:
-- only to the columns that the trigger names, only to empty them, and only if the erasure or the
-- removal is recorded. The same statement from anywhere else is refused, since no such function
-- called it.
CREATE OR REPLACE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stack text;
    said text;
    known boolean;
    erasing CONSTANT text :=
        '\nPL/pgSQL function (erase_words|remove_details|remove_address)[(][)] line [0-9]+ at SQL'
        || ' statement$';
BEGIN
    GET DIAGNOSTICS stack = PG_CONTEXT;
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() > 1 AND stack ~ erasing
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    THEN
        known := CASE TG_TABLE_NAME
            WHEN 'responses_response' THEN EXISTS (
                SELECT FROM responses_response
                WHERE reference = to_jsonb(OLD) ->> 'reference' AND act = 'erased')
            WHEN 'responses_confirmationattempt' THEN EXISTS (
                SELECT FROM responses_confirmation c
                JOIN responses_response r ON r.id = c.response_id
                WHERE c.id = (to_jsonb(OLD) ->> 'confirmation_id')::bigint AND (
                    EXISTS (
                        SELECT FROM responses_ledgerentry
                        WHERE response_id = r.id
                            AND event IN ('details-removed', 'address-removed'))
                    OR EXISTS (
                        SELECT FROM responses_response
                        WHERE reference = r.reference AND act = 'erased')))
            WHEN 'responses_reviewstep' THEN EXISTS (
                SELECT FROM responses_review v JOIN responses_response r ON r.id = v.response_id
                JOIN responses_response e ON e.reference = r.reference AND e.act = 'erased'
                WHERE v.id = (to_jsonb(OLD) ->> 'review_id')::bigint)
        END;
        SELECT string_agg(DISTINCT to_jsonb(NEW) ->> name, '') INTO said
            FROM unnest(TG_ARGV) AS name;
        IF said IN ('{}', '', 'Erased.') AND known THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_response
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('choices', 'texts');
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_confirmationattempt
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('detail');
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_reviewstep
    FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure('note');
