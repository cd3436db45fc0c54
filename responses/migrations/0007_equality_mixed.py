import django.db.models.deletion
from django.db import migrations, models

# Who answered, without what they said; and what they said, without whose it is, written again in
# one transaction in random order. What is in no batch yet gets new ids; of the rest the receivers
# hold theirs.
PART = """
    INSERT INTO responses_equalityholder (holder_hash, consultation_id)
    SELECT holder_hash, consultation_id FROM responses_equalityanswers ORDER BY holder_hash;

    WITH taken AS (DELETE FROM responses_equalityanswers RETURNING *)
    INSERT INTO responses_equalityanswers
        (id, consultation_id, edition_id, choices, texts, batch_id, stopped, recalled_in_id)
    SELECT CASE WHEN batch_id IS NULL THEN gen_random_uuid() ELSE id END AS id,
        consultation_id, edition_id, choices, texts, batch_id, stopped, recalled_in_id
    FROM taken ORDER BY id;

    SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consult", "0004_second_person"),
        ("responses", "0006_taken_back"),
    ]

    operations = [
        migrations.CreateModel(
            name="EqualityHolder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder_hash", models.CharField(max_length=64, unique=True)),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="equality_holders",
                        to="consult.consultation",
                    ),
                ),
            ],
        ),
        # The older version goes on writing it until it stops. Nothing reads it: a later migration
        # drops the column.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name="equalityanswers", name="holder_hash")
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE responses_equalityanswers ALTER COLUMN holder_hash DROP NOT NULL",
                    migrations.RunSQL.noop,
                )
            ],
        ),
        migrations.AlterField(
            model_name="equalityanswers",
            name="recalled_in",
            field=models.ForeignKey(
                help_text="The batch that says that they must not be used any more.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="equality_recalls",
                to="responses.batch",
            ),
        ),
        migrations.AlterField(
            model_name="equalityanswers",
            name="stopped",
            field=models.BooleanField(
                default=False, help_text="They were emptied: their time was up."
            ),
        ),
        migrations.AddIndex(
            model_name="equalityanswers",
            index=models.Index(
                condition=models.Q(("batch", None), ("stopped", False)),
                fields=["consultation", "id"],
                name="equality_answers_waiting",
            ),
        ),
        migrations.RunSQL(PART, migrations.RunSQL.noop),
    ]
