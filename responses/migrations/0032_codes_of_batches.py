"""The codes as they were when a batch was sealed: kept with it, since its files are a function of what it holds."""

from django.db import migrations, models

# As in 0004, with the codes among what a sealed batch keeps.
SEALED = """
CREATE OR REPLACE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
        OR (NEW.consultation_id, NEW.number, NEW.sealed_at, NEW.sealed_by_id, NEW.includes_contacts)
            IS DISTINCT FROM (OLD.consultation_id, OLD.number, OLD.sealed_at, OLD.sealed_by_id, OLD.includes_contacts)
        OR (NEW.size <> OLD.size AND OLD.size <> 0)
        {codes}
        OR (OLD.written_at IS NOT NULL AND (NEW.written_at, NEW.manifest_sha256, NEW.files)
            IS DISTINCT FROM (OLD.written_at, OLD.manifest_sha256, OLD.files))
    THEN
        RAISE EXCEPTION 'batch % is sealed: % refused', OLD.number, TG_OP USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""
CODES = "OR (OLD.codes IS NOT NULL AND NEW.codes IS DISTINCT FROM OLD.codes)"


class Migration(migrations.Migration):
    dependencies = [("responses", "0031_what_staff_do_is_watched")]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="codes",
            field=models.JSONField(help_text="The reviewers' codes with their meaning, as they were when it was sealed.", null=True),
        ),
        migrations.RunSQL(SEALED.format(codes=CODES), SEALED.format(codes="")),
        migrations.RunSQL("SELECT watch_rows('responses_batch')", migrations.RunSQL.noop),
    ]
