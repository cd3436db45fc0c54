"""What must never change is kept from changing by the database itself, for this service's own user too."""

from django.db import migrations

TABLES = [
    "responses_response",
    "responses_ledgerentry",
    "responses_batchmember",
    "responses_reviewstep",
    "consult_auditentry",
    "consult_edition",
]

FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
# Long answers and snapshots are read far more often than written, and lz4 unpacks in half the time of the default. Some
# builds of PostgreSQL come without it; the default does the same work more slowly.
LZ4 = """
DO $$ BEGIN
    ALTER TABLE responses_response ALTER COLUMN choices SET COMPRESSION lz4;
    ALTER TABLE responses_response ALTER COLUMN texts SET COMPRESSION lz4;
    ALTER TABLE consult_edition ALTER COLUMN content SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0001_initial"), ("consult", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_change() CASCADE"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
                f"DROP TRIGGER append_only ON {table}",
            )
            for table in TABLES
        ],
        migrations.RunSQL(LZ4, migrations.RunSQL.noop),
    ]
