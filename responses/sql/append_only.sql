-- What was received, what happened to it, and which batch it is in are only ever added to. `refuse_change` is in
-- consult/sql/append_only.sql; responses, tries to send and steps of a review can be emptied as well, see erasing.sql.

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_batchmember
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- TRUNCATE fires no trigger for a row, so it is refused apart. The tests empty all tables between them, and say so.
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_response FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_ledgerentry FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_batch FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_batchmember FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_confirmationattempt FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER no_truncate BEFORE TRUNCATE ON responses_reviewstep FOR EACH STATEMENT
    WHEN (current_setting('consult.tests_may_truncate', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
