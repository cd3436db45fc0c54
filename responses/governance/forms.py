"""The forms for finding, and erasing, what is held about someone."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.staff.forms.sign_in import StaffForm
from responses.governance.naming import names_sender, names_writer
from responses.governance.subject_access import PersonalData
from responses.references import NotAReference, normalise_reference

NAMES_NOBODY = _("Write a reason that names nobody: it stays on the trail.")


def why_field() -> forms.CharField:
    """Return the field for the reason of an erasure, for the trail."""
    return forms.CharField(
        label=_("Why"),
        max_length=200,
        help_text=_("Such as “asked by letter on 3 March”. It stays on the trail: name nobody."),
        error_messages={"required": _("Write why.")},
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class PersonForm(StaffForm):
    words = forms.CharField(
        label=_("Reference, email address or name"),
        max_length=300,
        help_text=_("Separate several references with spaces. Every word of a name has to match."),
        error_messages={"required": _("Enter a reference, an email address or a name.")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )


class EraseUnsentForm(StaffForm):
    why = why_field()

    def __init__(self, *arguments: Any, held: PersonalData, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.held = held

    def clean_why(self) -> str:
        why: str = self.cleaned_data["why"]
        held = self.held
        if names_writer(drafts=held.drafts, letters=held.letters, rows=held.rows, words=why):
            raise forms.ValidationError(NAMES_NOBODY)
        return why


class EraseForm(StaffForm):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    typed = forms.CharField(
        label=_("Type the reference to continue"),
        max_length=60,
        error_messages={"required": _("Type the reference.")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    why = why_field()

    def __init__(self, *arguments: Any, reference: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.reference = reference

    def clean_why(self) -> str:
        why: str = self.cleaned_data["why"]
        if names_sender(reference=self.reference, words=why):
            raise forms.ValidationError(NAMES_NOBODY)
        return why

    def clean_typed(self) -> str:
        try:
            typed = normalise_reference(self.cleaned_data["typed"])
        except NotAReference as problem:
            raise forms.ValidationError(str(problem)) from problem
        if typed != self.reference:
            raise forms.ValidationError(_("This is not the reference of this response."))
        return typed
