"""Codes, campaigns, redactions, what was entered from paper, and the rest that people rely on carry fingerprints too: see 0004.

Rows that are there get theirs, behind a lock on their table that holds up staff, and nobody who sends.
"""

from django.db import migrations

WATCHED = [
    *["responses_campaign", "responses_campaignmember", "responses_campaignstep"],
    *["responses_code", "responses_codeversion", "responses_coding", "responses_codedanswer", "responses_secondcoding"],
    *["responses_redaction", "responses_approval", "responses_publishedset", "responses_membermarks"],
    *["responses_transcription", "responses_secondkeying", "responses_attachment", "responses_message"],
    *["responses_signingkey", "responses_reconciliation", "responses_bulkchange", "responses_savedfilter", "consult_recoverycode"],
]


class Migration(migrations.Migration):
    dependencies = [("responses", "0030_removals"), ("consult", "0007_batch_hour")]

    operations = [migrations.RunSQL(f"SELECT watch_rows('{table}')", migrations.RunSQL.noop) for table in WATCHED]
