from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0008_other_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="consultation",
            name="source_titles",
            field=models.JSONField(
                help_text="The address of each source that has a title, and the title.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="consultation",
            name="references",
            field=models.JSONField(
                default=list,
                help_text="The number and title of each, and its address or why there is none.",
            ),
        ),
        migrations.RunSQL("SELECT watch_rows('consult_consultation')", migrations.RunSQL.noop),
    ]
