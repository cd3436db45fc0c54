from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("responses", "0019_published_points_readable")]

    operations = [install("responses", "bundles")]
