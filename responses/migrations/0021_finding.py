"""What the list of responses is found by, and the filters that reviewers keep."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0006_second_factor"),
        ("responses", "0020_deliveries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("query", models.CharField(blank=True, max_length=2000)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddIndex(
            model_name="response",
            index=django.contrib.postgres.indexes.GinIndex(
                models.Func(django.contrib.postgres.search.SearchConfig("english"), models.F("texts"), function="to_tsvector"),
                name="words_of_responses",
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=django.contrib.postgres.indexes.GinIndex(fields=["choices"], name="choices_of_responses", opclasses=["jsonb_path_ops"]),
        ),
        migrations.AddIndex(
            model_name="response",
            index=django.contrib.postgres.indexes.GinIndex(fields=["flags"], name="flags_of_responses"),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(fields=["received_at"], name="responses_by_arrival"),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("channel", "online"), _negated=True), fields=["channel", "-id"], name="responses_not_online"
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                condition=models.Q(("timing", "in-time"), _negated=True), fields=["timing", "-id"], name="responses_not_in_time"
            ),
        ),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(condition=models.Q(("act", "sent"), _negated=True), fields=["act", "-id"], name="responses_changed"),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(condition=models.Q(("first_read_at", None)), fields=["-response"], name="reviews_never_opened"),
        ),
        migrations.AddField(
            model_name="savedfilter",
            name="by",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name="savedfilter",
            constraint=models.UniqueConstraint(fields=("by", "name"), name="one_saved_filter_a_name"),
        ),
    ]
