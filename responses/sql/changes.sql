-- The tables whose every change is part of an act, on the trail or in the ledger. What that is for:
-- consult/sql/changes.sql. The columns named after a table are no act: a lease is work in hand, and
-- what a mail server said can only be emptied, by an erasure.
--
-- Not held: responses, which the ledger seals; equality answers, in which no instant may stand; and
-- saved filters, each of which is its owner's own.

SELECT hold_rows('responses_approval');
SELECT hold_rows('responses_attachment');
SELECT hold_rows('responses_batch');
SELECT hold_rows('responses_batchmember');
SELECT hold_rows('responses_bulkchange');
SELECT hold_rows('responses_campaign');
SELECT hold_rows('responses_campaignmember');
SELECT hold_rows('responses_campaignstep');
SELECT hold_rows('responses_code');
SELECT hold_rows('responses_codedanswer');
SELECT hold_rows('responses_codeversion');
SELECT hold_rows('responses_coding');
SELECT hold_rows('responses_confirmation', 'leased_until');
SELECT hold_rows('responses_confirmationattempt', 'detail');
SELECT hold_rows('responses_contact');
SELECT hold_rows('responses_delivery', 'leased_until');
SELECT hold_rows('responses_ledgerentry');
SELECT hold_rows('responses_membermarks');
SELECT hold_rows('responses_message');
SELECT hold_rows('responses_publishedresponse');
SELECT hold_rows('responses_publishedset');
SELECT hold_rows('responses_reading');
SELECT hold_rows('responses_reconciliation');
SELECT hold_rows('responses_redaction');
SELECT hold_rows('responses_removal');
SELECT hold_rows('responses_review');
SELECT hold_rows('responses_reviewstep');
SELECT hold_rows('responses_secondcoding');
SELECT hold_rows('responses_secondkeying');
SELECT hold_rows('responses_signingkey');
SELECT hold_rows('responses_transcription');

-- Who answered the equality questions is held to how many answers there are, and no instant may
-- stand in it.
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON responses_equalityholder
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
