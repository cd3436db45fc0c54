"""The rule that the database itself keeps for how this app's columns are stored."""

from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("consult", "0001_initial")]
    operations = [install("consult", "compression")]
