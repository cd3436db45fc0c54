"""A role for those who decide."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0005_outcome"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[
                    ("reviewer", "Reviewer"),
                    ("analyst", "Analyst"),
                    ("editor", "Editor"),
                    ("administrator", "Administrator"),
                    ("decision-maker", "Decision maker"),
                ],
                max_length=20,
            ),
        ),
    ]
