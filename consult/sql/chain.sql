-- The audit trail is a chain, as the ledger is: each entry names the entries before it, each with
-- its fingerprint, which covers what that one names. Anyone who alters, removes or inserts an old
-- entry, even with a fingerprint made to fit, has to make all the later ones again.

-- Refuses no entry, but replaces whatever earlier entries a statement gives it. They are the last
-- eight committed before it, so that no entry waits for another: two at the same moment do not see
-- each other, and the next one sees both.
CREATE OR REPLACE FUNCTION chain_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.earlier := (
        SELECT coalesce(jsonb_object_agg(id, fingerprint), '{}') FROM (
            SELECT id, fingerprint FROM consult_auditentry
            WHERE id < NEW.id ORDER BY id DESC LIMIT 8
        ) AS before
    );
    RETURN NEW;
END $$;

-- Triggers run in the order of their names, so this one runs before `leave_fingerprint`, which has
-- to cover what this one writes.
CREATE OR REPLACE TRIGGER chain BEFORE INSERT ON consult_auditentry
    FOR EACH ROW EXECUTE FUNCTION chain_entry();
