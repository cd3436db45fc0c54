from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("responses", "0018_published_points")]

    operations = [install("responses", "bundles")]
