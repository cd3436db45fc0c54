-- What the ledger says of an arrival is tied to the response's own row, and to the entries before it.
--
-- A fingerprint is made again by anyone who changes a row with that trigger left on; the ledger's seal is made once, on arrival.
-- And a response deleted with all that belongs to it leaves nothing that points to it, but for the later entries that name it.

-- SHA-256 of the columns that never change, also when a response is erased; answers and contact details are in the digest. A
-- column that a later migration adds has no place here: it would break the seal of everything that was there. Refuses nothing.
CREATE OR REPLACE FUNCTION seal_of(response responses_response) RETURNS text LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
    SELECT fingerprint_of(to_jsonb(response), ARRAY['id', 'consultation_id', 'edition_id', 'reference', 'version', 'act',
        'channel', 'timing', 'started_at', 'received_at', 'submission_key', 'digest', 'receipt_hash', 'flags', 'synthetic'])
$$;

-- Refuses no entry, but any seal and earlier entries other than these: what a statement says of them is written over. Earlier
-- are the eight entries before it that are committed: what arrives at one moment does not see each other, and what comes next
-- sees all of it. No row is waited for.
CREATE OR REPLACE FUNCTION tie_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event IN ('received', 'amended', 'withdrawn', 'erased') THEN
        NEW.seal := (SELECT seal_of(response) FROM responses_response AS response WHERE response.id = NEW.response_id);
        NEW.earlier := ARRAY(SELECT id FROM responses_ledgerentry WHERE id < NEW.id ORDER BY id DESC LIMIT 8);
    END IF;
    RETURN NEW;
END $$;

-- Of two triggers the one whose name comes first goes first: the fingerprint has to cover what this one says.
CREATE OR REPLACE TRIGGER arrival BEFORE INSERT ON responses_ledgerentry FOR EACH ROW EXECUTE FUNCTION tie_in();
