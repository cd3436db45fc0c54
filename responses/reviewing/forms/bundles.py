"""The forms in which staff load many responses at once."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.staff.forms.sign_in import StaffForm
from responses.models import Bundle

FILE_MAX_BYTES = 50_000_000
FROM_FILE, FROM_MAILS = "file", "mails"


class BundleForm(StaffForm):
    """What a bundle is called, and its file."""

    name = forms.CharField(
        label=_("What do you call it?"),
        help_text=_("For example: the postcards from Camden, or the letter of the bus users."),
        max_length=120,
        error_messages={"required": _("Give it a name.")},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)


class TableForm(BundleForm):
    """A table of answers, each row of its own."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            (Bundle.Kind.SHEETS.value, Bundle.Kind.SHEETS.label),
            (Bundle.Kind.IMPORTED.value, Bundle.Kind.IMPORTED.label),
        ],
        error_messages={"required": _("Choose what it is.")},
    )


class LetterForm(BundleForm):
    """A standard letter, and where its senders are."""

    senders = forms.ChoiceField(
        label=_("Where are its senders?"),
        choices=[
            (FROM_FILE, _("In a list: CSV or XLSX")),
            (FROM_MAILS, _("In the mailbox: every message that waits and carries the letter")),
        ],
        initial=FROM_FILE,
    )
