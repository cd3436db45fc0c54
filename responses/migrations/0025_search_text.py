"""The words of every response, kept ready for the search: a trigger writes them, whoever writes the response."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# PostgreSQL keeps at most 1 MB of words in one value, and refuses the row otherwise. A response is never refused for how much it
# says: words beyond its first 200,000 characters, which cannot take as much, are not searched.
GATHER_WORDS = """
CREATE FUNCTION gather_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO responses_searchtext (response_id, words) VALUES (NEW.id, words_of(NEW.texts))
        ON CONFLICT (response_id) DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;

CREATE FUNCTION words_of(texts jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(texts::text) <= 200000 THEN to_tsvector('english', texts) ELSE
        to_tsvector('english', left((SELECT string_agg(value, E'\\n') FROM jsonb_each_text(texts)), 200000)) END
$$;

CREATE TRIGGER gather_words AFTER INSERT OR UPDATE OF texts ON responses_response FOR EACH ROW EXECUTE FUNCTION gather_words();
"""


class Migration(migrations.Migration):
    dependencies = [("responses", "0024_retention")]
    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "response",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="responses.response",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={"indexes": [django.contrib.postgres.indexes.GinIndex(fields=["words"], name="responses_by_words")]},
        ),
        migrations.RunSQL(GATHER_WORDS, "DROP FUNCTION gather_words() CASCADE; DROP FUNCTION words_of(jsonb)"),
    ]
