-- A sealed batch never changes, since its files are a function of what it holds.

-- Refuses to delete a batch, or to change what identifies it (number, when and by whom it was
-- sealed, whether it includes contact details), its size and codes once they are set, and what its
-- files are, and which batches before it our records lack, once they are written.
CREATE OR REPLACE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (NEW.consultation_id, NEW.number, NEW.sealed_at, NEW.sealed_by_id, NEW.includes_contacts)
        IS DISTINCT FROM
        (OLD.consultation_id, OLD.number, OLD.sealed_at, OLD.sealed_by_id, OLD.includes_contacts)
        OR (NEW.size <> OLD.size AND OLD.size <> 0)
        OR (OLD.codes IS NOT NULL AND NEW.codes IS DISTINCT FROM OLD.codes)
        OR (
            OLD.written_at IS NOT NULL
            AND (NEW.written_at, NEW.manifest_sha256, NEW.files, NEW.lost_before)
            IS DISTINCT FROM
            (OLD.written_at, OLD.manifest_sha256, OLD.files, OLD.lost_before)
        )
    THEN
        RAISE EXCEPTION 'batch % is sealed: % refused', OLD.number, TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER keep_sealed BEFORE UPDATE OR DELETE ON responses_batch
    FOR EACH ROW EXECUTE FUNCTION keep_sealed();
