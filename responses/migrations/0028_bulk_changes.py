"""Changes to many responses at once; and each step of a review says which of them it was part of."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("responses", "0027_words_are_found_elsewhere"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(help_text="Comes with the page; makes pressing twice the same as pressing once.", unique=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("query", models.TextField(blank=True, help_text="The filter, as the review list has it in its address.")),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("move", "move to a state"),
                            ("read", "mark as read"),
                            ("code", "give a code"),
                            ("uncode", "take a code off"),
                            ("campaign", "put into a campaign"),
                        ],
                        max_length=10,
                    ),
                ),
                ("to_state", models.CharField(blank=True, max_length=10)),
                ("note", models.TextField(blank=True)),
                (
                    "looked_at",
                    models.DateTimeField(help_text="When its figures were counted for whoever asked. What changed since is left as it is."),
                ),
                (
                    "highest",
                    models.BigIntegerField(help_text="The highest id of a response at that moment. What came in later is left as it is."),
                ),
                ("seen", models.PositiveIntegerField(help_text="How many responses fitted the filter at that moment.")),
                ("seen_changes", models.PositiveIntegerField(help_text="How many of them were to be changed. No more are.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0, help_text="How many responses were taken up to be changed.")),
                ("changed", models.PositiveIntegerField(default=0)),
                ("left", models.JSONField(default=dict, help_text="How many were left as they are, by the reason.")),
                ("ended_at", models.DateTimeField(null=True)),
                ("undo_asked_at", models.DateTimeField(null=True)),
                ("undone", models.PositiveIntegerField(default=0)),
                (
                    "kept",
                    models.PositiveIntegerField(default=0, help_text="How many were not put back, since somebody was at them afterwards."),
                ),
                ("undone_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, help_text="Failures one after another.")),
                ("failure", models.CharField(blank=True, max_length=300)),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "campaign",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="responses.campaign"),
                ),
                ("code", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="responses.code")),
                (
                    "undo_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="reviewstep",
            name="bulk",
            field=models.ForeignKey(
                db_index=False,
                help_text="The change to many responses that this was part of.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responses.bulkchange",
            ),
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("changed", "changed"),
                            ("left", "left as it is"),
                            ("undone", "put back"),
                            ("kept", "not put back"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("why", models.CharField(blank=True, help_text="Why it was left as it is, or not put back.", max_length=20)),
                ("from_state", models.CharField(help_text="Of the review, when it was taken up.", max_length=10)),
                ("version", models.PositiveIntegerField(help_text="Of the review, when it was taken up.")),
                ("rows", models.JSONField(default=list, help_text="The ids of the codings that were made or ended.")),
                (
                    "answered",
                    models.BigIntegerField(
                        help_text="The id of the row that says that the answer was gone through, if it is new.", null=True
                    ),
                ),
                ("changed_at", models.DateTimeField(null=True)),
                (
                    "bulk",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="items", to="responses.bulkchange"
                    ),
                ),
                (
                    "response",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="bulk_items", to="responses.response"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["bulk", "state", "response"], name="bulk_items_by_state")],
                "constraints": [models.UniqueConstraint(fields=("bulk", "response"), name="one_item_a_bulk_change_and_response")],
            },
        ),
        # The new column is part of the fingerprint too; see 0004. It is empty, so that no row is touched: see 0017.
        migrations.RunSQL("SELECT watch_rows('responses_reviewstep')", migrations.RunSQL.noop),
    ]
