-- The ledger ties each arrival to the response's own row, and to the entries before it.
--
-- Anyone who changes a row with its fingerprint trigger on gets a fresh fingerprint; the ledger's
-- seal is made once, on arrival. And if a response is deleted with everything that belongs to it,
-- the later entries that name its entry are still there.

-- Returns the SHA-256 of the columns that never change, even when a response is erased; refuses
-- nothing. The digest covers answers and contact details. Never add a column here: that would break
-- the seal of every response there is.
CREATE OR REPLACE FUNCTION seal_of(response responses_response)
    RETURNS text LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
    SELECT fingerprint_of(to_jsonb(response), ARRAY[
        'id', 'consultation_id', 'edition_id', 'reference', 'version', 'act', 'channel', 'timing',
        'started_at', 'received_at', 'submission_key', 'digest', 'receipt_hash', 'flags',
        'synthetic'
    ])
$$;

-- Refuses no entry, but replaces whatever seal and earlier entries a statement gives it. The
-- earlier entries are the last eight committed before it: responses that arrive at the same moment
-- do not see each other, the next one sees them all, and none waits for another.
CREATE OR REPLACE FUNCTION tie_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event IN ('received', 'amended', 'withdrawn', 'erased') THEN
        NEW.seal := (
            SELECT seal_of(response) FROM responses_response AS response
            WHERE response.id = NEW.response_id
        );
        NEW.earlier := ARRAY(
            SELECT id FROM responses_ledgerentry WHERE id < NEW.id ORDER BY id DESC LIMIT 8
        );
    END IF;
    RETURN NEW;
END $$;

-- Triggers run in the order of their names, so this one runs before `leave_fingerprint`, which has
-- to cover what this one writes.
CREATE OR REPLACE TRIGGER arrival BEFORE INSERT ON responses_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION tie_in();
