"""What the pages that correct a consultation's wording share.

Two people may have the same page open. A page carries what it showed in each field, so that saving
changes only what this editor changed, and asks about a field that both changed.
"""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.db import models
from django.http import HttpRequest, QueryDict

from consult.admin.staff_site import ByRight, signed_in
from consult.models import Consultation, Right
from consult.plans.publishing import publish_edition


class Words(forms.CharField):
    """Long text. Browsers send a line break as two characters, which must not count as a change."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


class Lines(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea

    def __init__(self, *, addresses: bool = False, **options: Any) -> None:
        super().__init__(required=False, help_text="One per line.", **options)
        self.addresses = addresses

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        if self.addresses:
            for line in value:
                URLValidator(["http", "https"], message=f"“{line}” is not a web address.")(line)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


class SharedForm(forms.ModelForm):
    """A form that several people may have open at once.

    A field that this editor did not change keeps its current value. A field that someone else
    changed too is refused once, with both values on the page; saving again replaces theirs.
    """

    data: QueryDict

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in self.shared:
            self.fields[name].show_hidden_initial = True

    @property
    def shared(self) -> list[str]:
        """Return the fields that show what is stored."""
        return [
            name
            for name, field in self.fields.items()
            if name in self.initial and not field.widget.is_hidden
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.data = self.data.copy()
        mine = []
        for name in self.changed_data:
            if name not in self.shared:
                mine.append(name)
            elif self.fields[name].has_changed(self[name].initial, self[name].data):
                mine.append(name)
                if self._changed_since(name):
                    self.add_error(name, self._question(name))
        self.changed_data = mine
        for name in self.shared:
            self._show(name, as_initial=True)
            if name not in mine:
                self._show(name)
                cleaned[name] = self.initial[name]
        return cleaned

    def _changed_since(self, name: str) -> bool:
        """Tell whether a field's stored value has changed since the page was shown."""
        field = self.fields[name]
        shown = field.hidden_widget().value_from_datadict(
            self.data, self.files, self[name].html_initial_name
        )
        return bool(field.has_changed(self[name].initial, shown))

    def _question(self, name: str) -> str:
        now = " ".join(self._now(name)) or "nothing"
        return (
            f"Someone else changed this while you had the page open. It now says: “{now}”. "
            "What you typed is still here. Save again to replace theirs with yours."
        )

    def _now(self, name: str) -> list[str]:
        """Return what is stored in a field, as its inputs show it."""
        field, value = self.fields[name], self[name].initial
        if isinstance(field.widget, forms.MultiWidget):
            parts = zip(field.widget.widgets, field.widget.decompress(value) or [], strict=True)
            return [widget.format_value(part) or "" for widget, part in parts]
        return [field.widget.format_value(field.prepare_value(value)) or ""]

    def _show(self, name: str, *, as_initial: bool = False) -> None:
        """Put what is stored in a field, in case the page is shown again."""
        key = self[name].html_initial_name if as_initial else self[name].html_name
        now = self._now(name)
        several = isinstance(self.fields[name].widget, forms.MultiWidget)
        # Django looks only for this name before it shows the values of the others.
        self.data[key] = ""
        for place, part in enumerate(now):
            self.data[f"{key}_{place}" if several else key] = part


class WordingAdmin(ByRight):
    """Correcting what a consultation says.

    Saving makes a new edition; people who answered before keep theirs.
    """

    right = Right.EDIT_PLAN
    formfield_overrides = {models.TextField: {"form_class": Words}}
    list_select_related = True
    ordering = ["consultation", "order"]

    def consultation_of(self, row: Any) -> Consultation:
        consultation: Consultation = row.consultation
        return consultation

    def get_object(self, request: Any, object_id: Any, from_field: Any = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST":
            return found
        # Everything that changes wording takes this lock, so what is read now is what gets changed.
        consultation = self.consultation_of(found)
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        return super().get_object(request, object_id, from_field)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Only the fields this editor changed: someone else may be editing the others.
        columns = {field.name for field in self.opts.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in columns])

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        publish_edition(consultation=self.consultation_of(form.instance), actor=signed_in(request))
