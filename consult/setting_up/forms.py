"""The forms of the set-up pages that act on a whole plan file or a whole consultation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.plans.reading import MAX_BYTES
from consult.staff.forms.sign_in import StaffForm
from consult.text import CANNOT_BE_KEPT

LONGEST_REASON = 300


class BeginForm(StaffForm):
    """A new plan file: uploaded, a copy, or begun with a title."""

    file = forms.FileField(required=False, max_length=200)
    copy = forms.IntegerField(required=False)
    title = forms.CharField(required=False, max_length=200)

    def clean_file(self) -> str | None:
        """Return the file's text, whatever is wrong with it as a plan."""
        uploaded = self.cleaned_data["file"]
        if uploaded is None:
            return None
        if uploaded.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %(most)s bytes.") % {"most": f"{MAX_BYTES:,}"}
            )
        try:
            content = str(uploaded.read().decode("utf-8-sig"))
        except UnicodeDecodeError as reason:
            raise forms.ValidationError(
                _("The file is not UTF-8 text. Save it as UTF-8.")
            ) from reason
        if CANNOT_BE_KEPT.search(content):
            raise forms.ValidationError(
                _("The file contains a character that we cannot store. Is it a plan file?")
            )
        return content


class DatesForm(StaffForm):
    """Moving the opening or the closing of a consultation that is published."""

    opens = forms.CharField(
        required=False,
        max_length=40,
        label=_("First day"),
        help_text=_("Such as 1 March 2027. Leave it empty to keep it as it is."),
    )
    closes = forms.CharField(
        required=False,
        max_length=40,
        label=_("Last day"),
        help_text=_("It closes at 11:59pm (UK time) on that day. Leave it empty to keep it."),
    )
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label=_("Why"),
        help_text=_("One or two sentences. The public reads them beside a new last day."),
        error_messages={"max_length": _("Use 300 characters or fewer.")},
    )


class WithdrawForm(StaffForm):
    """Taking a consultation off the site."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label=_("Why"),
        help_text=_("One or two sentences. The public reads them at its address."),
        error_messages={
            "required": _("Say why. The public reads it."),
            "max_length": _("Use 300 characters or fewer."),
        },
    )
    sure = forms.BooleanField(
        error_messages={"required": _("Tick the box if you are sure that it has to go.")}
    )
