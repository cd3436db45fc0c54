-- The audit trail and what was published are only ever added to. The database refuses changes even
-- from the service's own user, so that neither a mistake in the code nor someone who has the
-- service's password can rewrite them.

-- Refuses every change: a row that was written stays as it is.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON consult_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON consult_edition
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON consult_removedrow
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
