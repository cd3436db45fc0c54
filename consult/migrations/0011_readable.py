"""Columns hold only what pages can show and runs can read."""

from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [("consult", "0010_rows_left_out")]
    operations = [install("consult", "readable")]
