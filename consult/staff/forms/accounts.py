"""The forms of the accounts' pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.models import User
from consult.staff.forms.sign_in import StaffForm


class NewAccountForm(StaffForm):
    """Who somebody is here. The rule says which names will do."""

    username = forms.CharField(
        label=_("User name"),
        max_length=100,
        help_text=_(
            "2 to 100 letters, digits and . @ + _ -, for example rosa.ruiz. It cannot be changed, "
            "and the trail names it."
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
