from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("responses", "0007_equality_mixed")]

    operations = [
        migrations.AddField(
            model_name="equalityanswers",
            name="seal",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="SHA-256 of what it says; empty where it was emptied, or altered by others.",
                max_length=64,
            ),
        ),
        install("responses", "equality"),
        # Every fingerprint covers the columns that are new here.
        install("responses", "changes"),
        install("responses", "fingerprints"),
    ]
