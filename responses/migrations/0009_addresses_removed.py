"""An email address that was someone else's can be removed, and nothing else with it."""

from django.db import migrations, models

from consult.sql import install

EVENTS = [
    ("received", "received"),
    ("amended", "changed by the respondent"),
    ("withdrawn", "withdrawn by the respondent"),
    ("erased", "erased"),
    ("details-removed", "contact details removed after their time"),
    ("address-removed", "email address removed: it was someone else's"),
    ("confirmed", "confirmation sent"),
    ("confirmation-failed", "confirmation could not be delivered"),
    ("address-corrected", "email address corrected by the respondent"),
    ("batched", "put in a batch"),
    ("delivered", "delivered"),
    ("acknowledged", "acknowledged by whom it was delivered to"),
]


class Migration(migrations.Migration):
    dependencies = [("responses", "0008_petitions")]
    operations = [
        migrations.AlterField(
            model_name="ledgerentry",
            name="event",
            field=models.CharField(choices=EVENTS, max_length=20),
        ),
        install("responses", "erasing"),
    ]
