-- A sealed batch never changes, since its files are a function of what it holds.

-- Refuses to delete a batch, or to change what identifies it (number, when and by whom it was
-- sealed, whether it includes contact details), its size and codes once they are set, and what its
-- files are, and which batches before it our records lack, once they are written.
--
-- One thing it lets through: what was written and not handed over is to be written again, if
-- something in it was erased or removed, and notes the manifest that it stands instead of.
CREATE OR REPLACE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken_back boolean := false;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.written_at IS NOT NULL AND NEW.written_at IS NULL THEN
        taken_back := NEW.manifest_sha256 = '' AND NEW.files = '[]'
            AND NEW.lost_before = OLD.lost_before
            AND NEW.instead_of = OLD.instead_of || to_jsonb(OLD.manifest_sha256)
            AND NOT EXISTS (SELECT FROM responses_removal WHERE batch_id = OLD.id)
            AND NOT EXISTS (
                SELECT FROM responses_delivery WHERE batch_id = OLD.id
                    AND (state <> 'waiting' OR delivered_at IS NOT NULL OR sendings > 0))
            AND EXISTS (
                SELECT FROM responses_response r WHERE r.id IN (
                    SELECT response_id FROM responses_batchmember WHERE batch_id = OLD.id
                    UNION
                    SELECT coalesce(f.response_id, t.response_id) FROM responses_attachment f
                        LEFT JOIN responses_transcription t ON t.id = f.transcription_id
                    WHERE f.batch_id = OLD.id
                ) AND (
                    EXISTS (
                        SELECT FROM responses_response
                        WHERE reference = r.reference AND act = 'erased')
                    OR EXISTS (
                        SELECT FROM responses_ledgerentry
                        WHERE response_id = r.id
                            AND event IN ('details-removed', 'address-removed'))));
    END IF;
    IF TG_OP = 'DELETE'
        OR (NEW.consultation_id, NEW.number, NEW.sealed_at, NEW.sealed_by_id, NEW.includes_contacts)
        IS DISTINCT FROM
        (OLD.consultation_id, OLD.number, OLD.sealed_at, OLD.sealed_by_id, OLD.includes_contacts)
        OR (NEW.size <> OLD.size AND OLD.size <> 0)
        OR (OLD.codes IS NOT NULL AND NEW.codes IS DISTINCT FROM OLD.codes)
        OR (
            NOT taken_back
            AND NEW.instead_of IS DISTINCT FROM OLD.instead_of
        )
        OR (
            OLD.written_at IS NOT NULL AND NOT taken_back
            AND (NEW.written_at, NEW.manifest_sha256, NEW.files, NEW.lost_before,
                NEW.follows_sha256)
            IS DISTINCT FROM
            (OLD.written_at, OLD.manifest_sha256, OLD.files, OLD.lost_before, OLD.follows_sha256)
        )
    THEN
        RAISE EXCEPTION 'batch % is sealed: % refused', OLD.number, TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER keep_sealed BEFORE UPDATE OR DELETE ON responses_batch
    FOR EACH ROW EXECUTE FUNCTION keep_sealed();
