"""Who has what in hand, and which answers say the same."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("responses", "0010_decision_packs"),
    ]
    operations = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "question",
                    models.SlugField(
                        blank=True,
                        help_text="Whose answer alone; empty for all of it.",
                        max_length=120,
                    ),
                ),
                ("until", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="responses.response",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("response", "question"), name="one_claim_a_response_and_question"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="codedanswer",
            name="seen_with",
            field=models.ForeignKey(
                help_text="The response whose answer, which says exactly the same, they had on "
                "the screen.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responses.response",
            ),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="prints",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                null=True,
                help_text="For each text its question and a hash of its words: the same for "
                "answers that say the same, whatever their case, accents and punctuation.",
                size=None,
            ),
        ),
        install("responses", "search"),
        # Every fingerprint covers the column that holding a table adds to it.
        install("responses", "fingerprints"),
        migrations.RunSQL(
            "UPDATE responses_searchtext SET prints = prints_of(texts) FROM responses_response"
            " WHERE responses_response.id = response_id",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name="searchtext",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["prints"], name="responses_by_prints"
            ),
        ),
    ]
