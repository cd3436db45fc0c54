-- Nothing can be added to what was erased: what someone writes or attaches at that moment ends
-- before the erasure, which then removes it, or comes after it and is refused.

-- Refuses a note, a reason, a scan or a draft about a response that was erased. Both this and the
-- erasure hold one lock for each reference, so that neither overlooks the other.
CREATE OR REPLACE FUNCTION refuse_for_erased() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    content jsonb := to_jsonb(NEW);
    mine text;
BEGIN
    SELECT reference INTO mine FROM responses_response WHERE id = CASE TG_TABLE_NAME
        WHEN 'responses_reviewstep' THEN (SELECT response_id FROM responses_review
            WHERE id = (content ->> 'review_id')::bigint)
        WHEN 'responses_attachment' THEN coalesce((content ->> 'response_id')::bigint,
            (SELECT response_id FROM responses_transcription
                WHERE id = (content ->> 'transcription_id')::bigint))
        WHEN 'responses_draft' THEN (content ->> 'amends_id')::bigint
        ELSE (content ->> 'response_id')::bigint
    END;
    IF mine IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtext('erasing'), hashtext(mine));
        IF EXISTS (SELECT FROM responses_response WHERE reference = mine AND act = 'erased') THEN
            RAISE EXCEPTION '% was erased: nothing can be added to it', mine
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER not_for_erased BEFORE INSERT ON responses_reviewstep
    FOR EACH ROW WHEN (NEW.note <> '') EXECUTE FUNCTION refuse_for_erased();
CREATE OR REPLACE TRIGGER not_for_erased BEFORE INSERT ON responses_approval
    FOR EACH ROW WHEN (NEW.reason <> '') EXECUTE FUNCTION refuse_for_erased();
CREATE OR REPLACE TRIGGER not_for_erased BEFORE INSERT ON responses_attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_for_erased();
CREATE OR REPLACE TRIGGER not_for_erased BEFORE INSERT ON responses_draft
    FOR EACH ROW WHEN (NEW.amends_id IS NOT NULL) EXECUTE FUNCTION refuse_for_erased();
