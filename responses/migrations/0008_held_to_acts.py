from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("responses", "0007_equality_mixed")]

    operations = [
        # Every fingerprint covers the column that holding a table adds to it.
        install("responses", "changes"),
        install("responses", "fingerprints"),
    ]
