"""The rules that the database itself keeps for this app's tables, and the functions that responses' rules use too."""

from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("consult", "0006_hand_over")]

    operations = [
        migrations.CreateModel(
            name="RemovedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("of", models.CharField(max_length=63)),
                ("row", models.BigIntegerField()),
            ],
        ),
        # Every fingerprint covers the column that holding a table adds to it.
        *(install("consult", name) for name in ("append_only", "chain", "changes", "fingerprints")),
    ]
