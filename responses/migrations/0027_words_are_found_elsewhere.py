"""The search reads the words where they are kept, so that the index that took every text apart goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("responses", "0026_search_text_of_earlier_responses")]
    operations = [migrations.RemoveIndex("response", "words_of_responses")]
