"""Finding entries by who, what and to what. Made while everybody goes on writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("consult", "0004_actions_need_no_migration")]
    operations = [
        AddIndexConcurrently("auditentry", models.Index(fields=["actor_name", "-id"], name="audit_by_actor")),
        AddIndexConcurrently("auditentry", models.Index(fields=["action", "-id"], name="audit_by_action")),
        AddIndexConcurrently("auditentry", models.Index(fields=["subject", "-id"], name="audit_by_subject")),
    ]
