"""The filters of the audit trail's page."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from consult.clock import YEARS
from consult.models import Action

IN_RANGE = [
    MinValueValidator(date(YEARS[0], 1, 1), _("Enter the year with four digits.")),
    MaxValueValidator(date(YEARS[-1], 12, 31), _("Enter the year with four digits.")),
]


class TrailForm(forms.Form):
    """Every field may be empty; a wrong one is named and ignored."""

    who = forms.CharField(required=False, max_length=150, label=_("User name, or “service”"))
    action = forms.ChoiceField(
        choices=[("", _("Anything")), *Action.choices], required=False, label=_("What was done")
    )
    subject = forms.CharField(
        required=False, max_length=120, label=_("To what, such as a reference")
    )
    since = forms.DateField(
        required=False,
        label=_("From"),
        widget=forms.DateInput({"type": "date"}),
        validators=IN_RANGE,
    )
    until = forms.DateField(
        required=False,
        label=_("Until"),
        widget=forms.DateInput({"type": "date"}),
        validators=IN_RANGE,
    )

    @property
    def wanted(self) -> dict[str, Any]:
        """Return the fields with a valid value."""
        self.is_valid()
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if isinstance(value, date) or value
        }
