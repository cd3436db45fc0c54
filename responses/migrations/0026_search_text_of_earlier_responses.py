"""The words of the responses that were there before. By itself, since it may take minutes, in which nobody has to wait for it."""

from django.db import migrations

GATHER = """
INSERT INTO responses_searchtext (response_id, words) SELECT id, words_of(texts) FROM responses_response
ON CONFLICT (response_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0025_search_text")]
    operations = [migrations.RunSQL(GATHER, migrations.RunSQL.noop)]
