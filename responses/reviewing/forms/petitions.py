"""The forms in which staff record petitions."""

from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from consult.clock import YEARS
from consult.staff.forms.sign_in import StaffForm
from responses.reviewing.transcribing import CHANNELS, KEYED_MAX_CHARS, REASON_MAX_CHARS

EARLIEST, LATEST = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
MOST_SIGNATURES = 100_000_000


class PetitionForm(StaffForm):
    """What was signed, by how many, and who organised it."""

    title = forms.CharField(
        label=_("What is it called?"),
        max_length=200,
        error_messages={"required": _("Give the petition’s title.")},
    )
    text = forms.CharField(
        label=_("What did people sign?"),
        help_text=_("Word for word."),
        max_length=KEYED_MAX_CHARS,
        widget=forms.Textarea({"rows": 8}),
        error_messages={"required": _("Enter what people signed.")},
    )
    signatures = forms.IntegerField(
        label=_("How many signatures does it have?"),
        help_text=_("As you counted them, or as its organiser says."),
        min_value=1,
        max_value=MOST_SIGNATURES,
        error_messages={
            "required": _("Enter the number of signatures."),
            "invalid": _("The number of signatures must be a whole number, like 31033."),
        },
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    channel = forms.ChoiceField(
        label=_("How did it come?"),
        choices=[("", _("Choose")), *((channel.value, channel.label) for channel in CHANNELS)],
        error_messages={"required": _("Choose how it came.")},
    )
    received_on = forms.DateField(
        label=_("What day did it reach you?"),
        widget=forms.DateInput({"type": "date"}),
        error_messages={
            "required": _("Enter the day on which it came."),
            "invalid": _("Enter a date, like 2027-01-21."),
        },
        validators=[
            MinValueValidator(EARLIEST, _("Enter the year with four digits.")),
            MaxValueValidator(LATEST, _("Enter the year with four digits.")),
        ],
    )
    organiser_name = forms.CharField(label=_("Who organised it?"), required=False, max_length=200)
    organiser_email = forms.EmailField(
        label=_("The organiser’s email address"),
        required=False,
        error_messages={"invalid": _("Enter an email address like name@example.com.")},
    )


class CorrectionForm(PetitionForm):
    """The same, and why it is corrected."""

    withdrawn = forms.BooleanField(label=_("It does not count any more"), required=False)
    reason = forms.CharField(
        label=_("Why is it corrected?"),
        max_length=REASON_MAX_CHARS,
        error_messages={"required": _("Write why.")},
    )
