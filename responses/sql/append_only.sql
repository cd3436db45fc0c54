-- What happened to each response, and which batch it is in, is only ever added to. `refuse_change`
-- is in consult/sql/append_only.sql. Responses, attempts to send and steps of a review can also be
-- emptied, so their triggers are in erasing.sql.

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_batchmember
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- TRUNCATE fires no row trigger, so it needs its own; the tables whose changes are held to acts
-- have theirs from `hold_rows`.
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_response
    FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION refuse_change();
