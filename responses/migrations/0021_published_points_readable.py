"""What was published of decisions holds only what pages can show and runs can read."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("responses", "0020_nothing_typed_about_erased")]
    operations = [
        migrations.RunSQL(
            "SELECT hold_in_bounds('responses_publishedpoint')", migrations.RunSQL.noop
        )
    ]
