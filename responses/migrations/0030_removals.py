"""That the files of a batch were removed after their time."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("responses", "0029_writing_is_told")]

    operations = [
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(help_text="When the last file was gone.", null=True)),
                ("batch", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="removal", to="responses.batch")),
            ],
        ),
        # It excuses files that are missing, so that it cannot be altered unnoticed either; see 0004.
        migrations.RunSQL("SELECT watch_rows('responses_removal')", migrations.RunSQL.noop),
    ]
