"""The forms of the account pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.models import User
from consult.staff.forms.sign_in import StaffForm


class NewAccountForm(StaffForm):
    """A new account. The rule decides which names are allowed."""

    username = forms.CharField(
        label=_("User name"),
        max_length=100,
        help_text=_(
            "2 to 100 letters, digits and . @ + _ -, for example rosa.ruiz. You cannot change it "
            "later."
        ),
        error_messages={"required": _("Enter a user name.")},
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(
        choices=User.Role.choices,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )


class AccountForm(StaffForm):
    """What may be changed about an account."""

    role = forms.ChoiceField(
        choices=User.Role.choices,
        error_messages={"required": _("Choose a role."), "invalid_choice": _("Choose a role.")},
    )
    takes_contacts = forms.BooleanField(required=False)
