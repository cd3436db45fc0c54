"""The rules that the database itself keeps for this app's tables."""

from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("responses", "0001_initial"), ("consult", "0004_plan_files")]
    operations = [
        install("responses", name)
        for name in (
            "append_only",
            "arrivals",
            "compression",
            "equality",
            "changes",
        )
    ]
