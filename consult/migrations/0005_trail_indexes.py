"""Finding entries by who, what and to what."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consult", "0004_actions_need_no_migration")]
    operations = [
        migrations.AddIndex("auditentry", models.Index(fields=["actor_name", "-id"], name="audit_by_actor")),
        migrations.AddIndex("auditentry", models.Index(fields=["action", "-id"], name="audit_by_action")),
        migrations.AddIndex("auditentry", models.Index(fields=["subject", "-id"], name="audit_by_subject")),
    ]
