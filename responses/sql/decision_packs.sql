-- Decision packs: their tables are held to acts and carry fingerprints, as consult/sql/changes.sql
-- and consult/sql/fingerprints.sql say. What was sealed and decided is only ever added to.

-- Refuses every change of a sealed pack but to what is known of its files.
CREATE OR REPLACE FUNCTION keep_pack_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    aside CONSTANT text[] := ARRAY['files', 'manifest_sha256', 'instead_of', 'changed_in',
        'fingerprint'];
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - aside = to_jsonb(OLD) - aside THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a sealed decision pack stays as it is: % refused', TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

SELECT hold_rows('responses_decisionpack');
SELECT hold_rows('responses_packopening');
SELECT hold_rows('responses_packpoint');
SELECT hold_rows('responses_pointdecision');
SELECT watch_rows('responses_decisionpack');
SELECT watch_rows('responses_packopening');
SELECT watch_rows('responses_packpoint');
SELECT watch_rows('responses_pointdecision');

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_decisionpack
    FOR EACH ROW EXECUTE FUNCTION keep_pack_sealed();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_packpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_pointdecision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
