"""A consultation has its own hour for the daily batch. It is watched, and so are the columns of accounts that 0006 made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consult", "0006_second_factor"), ("responses", "0017_watching_rewrites_nothing")]

    operations = [
        migrations.AddField(
            model_name="consultation",
            name="batch_hour",
            field=models.PositiveSmallIntegerField(
                db_default=2, default=2, help_text="At which hour of London's clocks, 0 to 23, the daily batch is sealed."
            ),
        ),
        migrations.AddConstraint(
            model_name="consultation",
            constraint=models.CheckConstraint(condition=models.Q(batch_hour__lte=23), name="the_batch_hour_is_an_hour_of_the_day"),
        ),
        migrations.RunSQL("SELECT watch_rows('consult_consultation'); SELECT watch_rows('consult_user')", migrations.RunSQL.noop),
    ]
