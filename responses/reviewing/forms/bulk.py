"""The form for a bulk change."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consult.staff.forms.sign_in import StaffForm
from responses.models import BulkChange, Campaign, Code, Review
from responses.reviewing.bulk_changes.asking import NOTE_MAX_CHARS

Act = BulkChange.Act
# What each act needs, and the message if it is missing.
NEEDS = {
    Act.MOVE: ("to_state", _("Choose the state.")),
    Act.CODE: ("code", _("Choose the code.")),
    Act.UNCODE: ("code_off", _("Choose the code.")),
    Act.CAMPAIGN: ("campaign", _("Choose the campaign.")),
}


class CodeField(forms.ModelChoiceField):
    """A code by its name and its question's, because two questions may have codes with the same
    name.
    """

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.question}: {obj.name}"


class BulkForm(StaffForm):
    """What is to be done. Each act has its own field, except marking as read."""

    act = forms.ChoiceField(
        choices=[
            (Act.MOVE, _("Move them to a state")),
            (Act.READ, _("Mark them as read")),
            (Act.CODE, _("Give them a code")),
            (Act.UNCODE, _("Take a code of yours off")),
            (Act.CAMPAIGN, _("Put them into a campaign")),
        ],
        error_messages={
            "required": _("Choose what is to be done."),
            "invalid_choice": _("Choose what is to be done."),
        },
    )
    to_state = forms.ChoiceField(label=_("State"), choices=Review.State.choices, required=False)
    code = CodeField(
        label=_("Code to give"),
        queryset=Code.objects.filter(retired=False).order_by("question", "name"),
        required=False,
    )
    code_off = CodeField(
        label=_("Code to take off"),
        queryset=Code.objects.order_by("question", "name"),
        required=False,
    )
    campaign = forms.ModelChoiceField(
        label=_("Campaign"), queryset=Campaign.objects.filter(ended=False), required=False
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=NOTE_MAX_CHARS,
        strip=False,
        widget=forms.Textarea,
        error_messages={"max_length": _("A note has at most 5,000 characters.")},
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        field, words = NEEDS.get(values.get("act", ""), ("", ""))
        if field and not values.get(field) and field not in self.errors:
            self.add_error(field, words)
        if (
            values.get("act") == Act.MOVE
            and values.get("to_state") == Review.State.SET_ASIDE
            and not values.get("note", "").strip()
        ):
            self.add_error("note", _("Write why they are set aside."))
        return values

    @property
    def change(self) -> dict[str, Any]:
        """The act as a `BulkChange`; anything that belongs to another act is left out."""
        values = self.cleaned_data
        act = values["act"]
        code = {Act.CODE: values["code"], Act.UNCODE: values["code_off"]}.get(act)
        return {
            "act": act,
            "to_state": values["to_state"] if act == Act.MOVE else "",
            "code": code,
            "campaign": values["campaign"] if act == Act.CAMPAIGN else None,
            "note": values["note"].replace("\r\n", "\n"),
        }
