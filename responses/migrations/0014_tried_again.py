"""When staff had an email tried again that was given up."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("responses", "0013_signing_keys")]
    operations = [
        migrations.AddField(
            "confirmation",
            "tried_again_at",
            models.DateTimeField(null=True, help_text="When staff had it tried again after it was given up; nothing before counts."),
        ),
        # The new column is part of the fingerprint too; see 0004.
        migrations.RunSQL("SELECT watch_rows('responses_confirmation')", migrations.RunSQL.noop),
    ]
