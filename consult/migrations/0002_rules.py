"""The rules that the database itself keeps for this app's tables, and the functions that responses' rules use too."""

from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("consult", "0001_initial")]
    operations = [install("consult", name) for name in ("append_only", "compression", "chain")]
