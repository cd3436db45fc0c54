"""Forms of the staff pages."""

from typing import Any

from crispy_forms_gds.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _


class StaffForm(forms.Form):
    """A form drawn by gds/field.html, which needs to be told how each field looks."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for field in self.fields.values():
            long = isinstance(field.widget, forms.Textarea)
            field.look = "textarea" if long else "input"  # type: ignore[attr-defined]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True


class SignInForm(StaffForm):
    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        error_messages={"required": _("Enter your user name.")},
        widget=forms.TextInput({"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=500,
        strip=False,
        error_messages={"required": _("Enter your password.")},
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class CodeForm(StaffForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        help_text=_(
            "Six digits from the app on your phone. Without the phone: one of your recovery codes."
        ),
        error_messages={
            "required": _("Enter the code."),
            "max_length": _("A code has at most 40 characters."),
        },
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class PhoneForm(StaffForm):
    code = forms.CharField(
        label=_("Code that the app shows now"),
        max_length=40,
        help_text=_("Six digits. They change every half minute."),
        error_messages={
            "required": _("Enter the code."),
            "max_length": _("A code has six digits."),
        },
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class ConfirmForm(StaffForm):
    password = forms.CharField(
        label=_("Your password"),
        max_length=500,
        strip=False,
        error_messages={"required": _("Enter your password.")},
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class NewPasswordForm(StaffForm):
    password = forms.CharField(
        label=_("Your current password"),
        max_length=500,
        strip=False,
        error_messages={"required": _("Enter your current password.")},
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        max_length=500,
        strip=False,
        help_text=_(
            "At least 12 characters. Three or four words that do not belong together make a good "
            "one."
        ),
        error_messages={"required": _("Enter a new password.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    new_password_again = forms.CharField(
        label=_("New password again"),
        max_length=500,
        strip=False,
        error_messages={"required": _("Enter the new password again.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if (
            len({values.get("new_password"), values.get("new_password_again")}) == 2
            and not self.errors
        ):
            self.add_error("new_password_again", _("The two passwords are not the same."))
        return values


class MoveForm(StaffForm):
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 4}),
        strip=False,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    to_state = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
