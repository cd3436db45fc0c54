"""Plan files that editors work on, and why a consultation was withdrawn."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0003_staff_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="consultation",
            name="withdrawn_reason",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="What the public reads.",
                max_length=500,
            ),
        ),
        migrations.CreateModel(
            name="PlanFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                (
                    "changed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("published_at", models.DateTimeField(null=True)),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "consultation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plan_files",
                        to="consult.consultation",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("published_at", None), ("deleted_at", None), _connector="OR"
                        ),
                        name="what_was_published_is_not_deleted",
                    )
                ],
            },
        ),
        install("consult", "changes"),
        # Every fingerprint covers the column that holding a table adds to it.
        install("consult", "fingerprints"),
    ]
