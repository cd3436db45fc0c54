"""How far the writing of a batch has got, and the zip of its files, which is kept since."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0028_bulk_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="pack",
            field=models.JSONField(help_text="bytes and sha256 of the zip with all its files", null=True),
        ),
        migrations.CreateModel(
            name="Writing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[("rows", "its rows are written"), ("files", "its files are stored"), ("zip", "its zip is made")],
                        max_length=10,
                    ),
                ),
                ("done", models.PositiveIntegerField()),
                ("total", models.PositiveIntegerField()),
                ("told_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "batch",
                    models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name="writing", to="responses.batch"
                    ),
                ),
            ],
        ),
        migrations.RunSQL("SELECT watch_rows('responses_batch')", migrations.RunSQL.noop),
    ]
