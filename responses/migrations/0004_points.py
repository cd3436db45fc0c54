"""The register of points."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from consult.sql import install


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0002_rules"),
        ("responses", "0003_reminders"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Point",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                (
                    "part",
                    models.SlugField(
                        help_text="The part of the plan that it concerns.", max_length=80
                    ),
                ),
                ("sentence", models.CharField(max_length=300)),
                ("analysis", models.TextField(blank=True, help_text="What officers make of it.")),
                ("answer", models.TextField(blank=True, help_text="The answer that they propose.")),
                (
                    "change",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not said yet"),
                            ("none", "No change to the plan"),
                            ("wording", "New wording"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("old_wording", models.TextField(blank=True)),
                ("new_wording", models.TextField(blank=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Being analysed"),
                            ("ready", "Ready to be decided"),
                            ("decided", "Decided"),
                            ("merged", "Part of another point"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points",
                        to="consult.consultation",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="responses.point",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="PointCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "code",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="points",
                        to="responses.code",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="codes",
                        to="responses.point",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PointPassage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("question", models.SlugField(help_text="The key of the text.", max_length=200)),
                ("start", models.PositiveIntegerField(null=True)),
                ("end", models.PositiveIntegerField(null=True)),
                (
                    "quote",
                    models.BooleanField(default=False, help_text="One of the point's best quotes."),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="passages",
                        to="responses.point",
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="point_passages",
                        to="responses.response",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PointVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("content", models.JSONField()),
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
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="responses.point",
                    ),
                ),
            ],
            options={
                "ordering": ["version"],
            },
        ),
        migrations.CreateModel(
            name="NoPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("question", models.SlugField(help_text="The key of the text.", max_length=200)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("no-code", "It makes no point: nothing to weigh in it"),
                            ("off-subject", "Off the subject of this consultation"),
                            ("same-letter", "The same letter as another response"),
                        ],
                        max_length=14,
                    ),
                ),
                ("same_question", models.SlugField(blank=True, max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="no_points",
                        to="responses.response",
                    ),
                ),
                (
                    "same_as",
                    models.ForeignKey(
                        help_text="Whose letter it is; it makes the points that this one makes.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responses.response",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("response", "question"),
                        name="one_reason_an_answer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "same-letter"), ("same_as__isnull", False)),
                            models.Q(
                                models.Q(("reason", "same-letter"), _negated=True),
                                ("same_as", None),
                            ),
                            _connector="OR",
                        ),
                        name="the_same_letter_names_the_other",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="point",
            constraint=models.UniqueConstraint(
                fields=("consultation", "number"), name="one_point_a_consultation_and_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="point",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into__isnull", False), ("status", "merged")),
                    models.Q(models.Q(("status", "merged"), _negated=True), ("merged_into", None)),
                    _connector="OR",
                ),
                name="a_merged_point_names_the_other",
            ),
        ),
        migrations.AddConstraint(
            model_name="pointcode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("point", "code"),
                name="one_feed_a_point_and_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="pointpassage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("point", "response", "question", "start", "end"),
                name="one_passage_a_point",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="pointpassage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end", None), ("start", None)),
                    ("start__lt", models.F("end")),
                    _connector="OR",
                ),
                name="a_points_passage_has_both_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="pointversion",
            constraint=models.UniqueConstraint(
                fields=("point", "version"), name="one_version_a_point_and_number"
            ),
        ),
        install("responses", "points"),
    ]
