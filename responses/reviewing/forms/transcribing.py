"""The forms in which staff enter what did not come through the website."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from consult.clock import YEARS, start_of_day
from consult.staff.forms.sign_in import StaffForm
from responses.responding.forms import PartForm
from responses.reviewing.transcribing import CHANNELS, REASON_MAX_CHARS

EARLIEST, LATEST = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
_LOST = _("This page has lost its start time. Open it in a new window, and copy your entries over.")


class ArrivalForm(StaffForm):
    """How and when it came."""

    channel = forms.ChoiceField(
        label=_("How did it come?"),
        choices=[("", _("Choose")), *((channel.value, channel.label) for channel in CHANNELS)],
        error_messages={
            "required": _("Choose how it came."),
            "invalid_choice": _("Choose how it came."),
        },
    )
    received_on = forms.DateField(
        label=_("What day did it reach you?"),
        help_text=_("The day of the postmark or the received stamp, not today."),
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
    late_reason = forms.CharField(
        label=_("If it came after closing: why is it accepted?"),
        required=False,
        max_length=REASON_MAX_CHARS,
        widget=forms.TextInput,
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput)
    started_at = forms.DateTimeField(
        widget=forms.HiddenInput,
        validators=[
            MinValueValidator(start_of_day(EARLIEST), _LOST),
            MaxValueValidator(start_of_day(LATEST), _LOST),
        ],
        error_messages={"required": _LOST, "invalid": _LOST},
    )


class WholeForm:
    """Every part of a response on one page, for someone who keys a letter."""

    def __init__(
        self, *, plan: Any, data: Any = None, initial: dict[str, Any] | None = None
    ) -> None:
        self.parts = [
            PartForm(plan=plan, part=part, data=data, initial=initial) for part in plan.parts
        ]

    def is_valid(self) -> bool:
        """Whether every part is valid. All are checked, so that every problem is shown."""
        fits = [part.is_valid() for part in self.parts]
        return all(fits)

    def problems(self) -> list[tuple[str, str]]:
        """What is wrong, each with the id of its field."""
        return [
            (form[name].id_for_label, str(errors[0]))
            for form in self.parts
            for name, errors in form.errors.items()
            if name in form.fields
        ]

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, right or wrong."""
        return {name: value for part in self.parts for name, value in part.typed.items()}
