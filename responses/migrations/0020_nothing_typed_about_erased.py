from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0011_readable"),
        ("responses", "0019_bundles_are_held"),
    ]

    operations = [install("responses", "erased_typed")]
