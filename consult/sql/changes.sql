-- Every change is part of an act: whatever the service changes in a held table, it changes in a
-- transaction that also writes on the audit trail or in the ledger. Each row of a held table has
-- the instant at which the transaction began that changed it last, and so has each act. A row
-- whose instant no act has was changed without the service, triggers or not: `manage.py
-- reconcile` names it. Anyone who alters that column without the trigger leaves a fingerprint
-- that does not fit.

-- Refuses nothing, but replaces whatever instant a statement gives. The columns that the trigger
-- names are work in hand, such as a lease, that changes without an act.
CREATE OR REPLACE FUNCTION note_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    aside CONSTANT text[] := TG_ARGV || ARRAY['changed_in', 'fingerprint'];
BEGIN
    NEW.changed_in := CASE
        WHEN TG_OP = 'UPDATE' AND to_jsonb(NEW) - aside = to_jsonb(OLD) - aside THEN OLD.changed_in
        ELSE transaction_timestamp()
    END;
    RETURN NEW;
END $$;

-- Refuses nothing: notes which row went, and in which transaction.
CREATE OR REPLACE FUNCTION note_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consult_removedrow (of, row) VALUES (TG_TABLE_NAME, OLD.id);
    RETURN NULL;
END $$;

-- Holds all changes of a table to acts, but for those of the columns named after it, and refuses to
-- empty it. `watch_rows` comes after this, so that the fingerprints cover the instant. The second
-- time it does nothing new. The tests empty all tables between them, and set a variable that says
-- so.
CREATE OR REPLACE FUNCTION hold_rows(held regclass, VARIADIC in_hand text[] DEFAULT '{}')
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS changed_in timestamptz', held);
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER in_an_act BEFORE INSERT OR UPDATE ON %s
        FOR EACH ROW EXECUTE FUNCTION note_transaction(%s)',
        held, (SELECT string_agg(quote_literal(name), ', ') FROM unnest(in_hand) AS name)
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER removal AFTER DELETE ON %s
        FOR EACH ROW EXECUTE FUNCTION note_removal()', held
    );
    EXECUTE format(
        'CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT
        WHEN (current_setting(''consult.tests_may_truncate'', true) IS DISTINCT FROM ''on'')
        EXECUTE FUNCTION refuse_change()', held
    );
END $$;

SELECT hold_rows('consult_auditentry');
SELECT hold_rows('consult_consultation');
SELECT hold_rows('consult_edition');
SELECT hold_rows('consult_option');
SELECT hold_rows('consult_planfile');
SELECT hold_rows('consult_question');
SELECT hold_rows('consult_recommendation');
SELECT hold_rows('consult_recoverycode');
SELECT hold_rows('consult_removedrow');
SELECT hold_rows('consult_secondpersonrequest');
SELECT hold_rows('consult_section');
SELECT hold_rows('consult_user', 'last_login');
