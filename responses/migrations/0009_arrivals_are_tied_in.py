"""What the ledger says of an arrival is tied to the response's own row, and to the entries before it.

A fingerprint is made again by whoever changes a row with that trigger left on; the ledger's seal is made once, on arrival.
And a response deleted with all that belongs to it leaves nothing that points to it, but for the later entries that name it.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

SEAL = """
-- Answers and contact details are in the digest. These columns never change, also when a response is erased; a column that a
-- later migration adds has no place here.
CREATE FUNCTION seal_of(response responses_response) RETURNS text LANGUAGE sql STABLE SET timezone TO 'UTC' AS $$
    SELECT fingerprint_of(to_jsonb(response), ARRAY['id', 'consultation_id', 'edition_id', 'reference', 'version', 'act', 'channel',
        'timing', 'started_at', 'received_at', 'submission_key', 'digest', 'receipt_hash', 'flags', 'synthetic'])
$$;

-- The eight entries before it that are committed: what arrives at one moment does not see each other, and what comes next sees
-- all of it. No row is waited for.
CREATE FUNCTION tie_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event IN ('received', 'amended', 'withdrawn', 'erased') THEN
        NEW.seal := (SELECT seal_of(response) FROM responses_response AS response WHERE response.id = NEW.response_id);
        NEW.earlier := ARRAY(SELECT id FROM responses_ledgerentry WHERE id < NEW.id ORDER BY id DESC LIMIT 8);
    END IF;
    RETURN NEW;
END $$;

-- Of two triggers the one whose name comes first goes first: the fingerprint has to cover what this one says.
CREATE TRIGGER arrival BEFORE INSERT ON responses_ledgerentry FOR EACH ROW EXECUTE FUNCTION tie_in();

ALTER TABLE responses_ledgerentry DISABLE TRIGGER append_only;
UPDATE responses_ledgerentry AS entry SET
    seal = seal_of(response),
    earlier = ARRAY(SELECT id FROM responses_ledgerentry WHERE id < entry.id ORDER BY id DESC LIMIT 8)
    FROM responses_response AS response
    WHERE response.id = entry.response_id AND event IN ('received', 'amended', 'withdrawn', 'erased');
ALTER TABLE responses_ledgerentry ENABLE TRIGGER append_only;
SELECT watch_rows('responses_ledgerentry');
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0008_contacts_by_email")]
    operations = [
        migrations.AddField(
            model_name="ledgerentry",
            name="seal",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, help_text="SHA-256 of the response's other columns.", max_length=64
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="earlier",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), editable=False, help_text="The entries before this one.", null=True, size=None
            ),
        ),
        migrations.RunSQL(SEAL, "DROP FUNCTION tie_in() CASCADE; DROP FUNCTION seal_of(responses_response)"),
    ]
