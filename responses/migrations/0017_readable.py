"""Columns hold only what pages can show and runs can read."""

from django.db import migrations

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0014_letters_not_kept"),
        ("responses", "0015_one_claim_a_response"),
        ("responses", "0016_returned_mail"),
        ("consult", "0011_readable"),
    ]
    operations = [install("responses", "readable")]
