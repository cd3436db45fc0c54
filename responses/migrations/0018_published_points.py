"""What was published of decisions."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0017_readable"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PublishedPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sentence", models.CharField(max_length=300)),
                ("answer", models.TextField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("agreed", "Agreed as proposed"),
                            ("partly", "Agreed in part"),
                            ("not-agreed", "Not agreed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("new_wording", models.TextField(blank=True)),
                (
                    "responses",
                    models.PositiveIntegerField(help_text="How many made it when it was decided."),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responses.pointdecision",
                    ),
                ),
                (
                    "point",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="published",
                        to="responses.point",
                    ),
                ),
            ],
            options={
                "ordering": ["point__number"],
            },
        ),
        install("responses", "outcomes"),
    ]
