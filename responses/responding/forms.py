"""The form of one part of a response, made from its questions."""

from dataclasses import dataclass, field
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from consult.plans.document import EQUALITY, Option, Part, Plan, Question
from responses.answers import AnswersRefused, read_answers, read_equality_answers, write_in_name
from responses.contacts import read_contact

SELECT_FROM = 13  # More options than this fill a phone's screen; a list to pick from is shorter.


@dataclass
class Item:
    """One radio button or checkbox. `reveals` are the fields that choosing it opens."""

    option: Option
    reveals: list[forms.BoundField] = field(default_factory=list)


class PartForm(forms.Form):
    """The questions of one part, each optional.

    Django's own fields check nothing here: `responses.answers` and `responses.contacts` are the one
    place of the rules, for this form and for sending.
    """

    def __init__(
        self, *, plan: Plan, part: Part, data: Any = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data=data, initial=initial)
        self.plan, self.part = plan, part
        hidden: set[str] = set()
        for question in part.questions:
            self.fields[question.slug] = _field(question)
            for option in question.options:
                if option.write_in:
                    name = write_in_name(question.slug, option.slug)
                    self.fields[name] = _text_field(
                        _("Tell us more"), "", forms.TextInput(), look="input"
                    )
                    hidden.add(name)
        if part.kind == "about-you":
            self._add_contact()
        for question in part.questions:
            if question.show_if:
                hidden.add(question.slug)
        for question in part.questions:
            if question.closed:
                self.fields[question.slug].items = [  # type: ignore[attr-defined]
                    Item(option, self._revealed(question, option)) for option in question.options
                ]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*[name for name in self.fields if name not in hidden])

    def _revealed(self, question: Question, option: Option) -> list[forms.BoundField]:
        names = [
            other.slug
            for other in self.part.questions
            if other.show_if == {question.slug: option.slug}
        ]
        names += [write_in_name(question.slug, option.slug)] if option.write_in else []
        return [self[name] for name in names]

    def _add_contact(self) -> None:
        self.fields["name"] = _text_field(
            _("Your name"),
            _(
                "For an organisation, give the name and email address of the person we can write "
                "to."
            ),
            forms.TextInput({"autocomplete": "name"}),
            look="input",
        )
        self.fields["email"] = _text_field(
            _("Your email address"),
            _("We only use it to send you a confirmation and to write to you about this response."),
            forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
            look="input",
        )
        self.fields["postcode"] = _text_field(
            _("The first half of your postcode"),
            _("For example, SE1"),
            forms.TextInput(),
            look="input",
        )

    @property
    def names(self) -> list[str]:
        """The names of its fields."""
        return list(self.fields)

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, right or wrong."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, name)
            for name, field in self.fields.items()
        }

    def worded(self, name: str, value: Any) -> list[str]:
        """A field's value as people read it: the labels of what was chosen, or the text."""
        items = getattr(self.fields[name], "items", None)
        return (
            [item.option.label for item in items if item.option.slug in value]
            if items
            else [value]
            if value
            else []
        )

    def clean(self) -> dict[str, Any]:
        """Hold what was typed against the rules, and put each problem at its field."""
        reader = read_equality_answers if self.part.kind == EQUALITY else read_answers
        readers = [lambda raw: reader(self.plan, raw)] + (
            [read_contact] if "email" in self.fields else []
        )
        for read in readers:
            try:
                read(self.typed)
            except AnswersRefused as refused:
                for name, problem in refused.problems.items():
                    if name in self.fields:
                        self.add_error(name, problem)
        return self.cleaned_data


def _field(question: Question) -> forms.Field:
    if question.kind == "text":
        made = _text_field(
            question.text, question.help, forms.Textarea({"rows": 8}), look="textarea"
        )
        made.max_chars = question.max_chars  # type: ignore[attr-defined]
        return made
    if question.kind == "short-text":
        return _text_field(question.text, question.help, forms.TextInput(), look="input")
    widget: forms.Widget
    if question.kind == "many":
        widget, look = forms.SelectMultiple(), "checkboxes"
    else:
        widget, look = (
            forms.TextInput(),
            "select" if len(question.options) >= SELECT_FROM else "radios",
        )
    return _text_field(question.text, question.help, widget, look=look)


def _text_field(label: Any, help_text: Any, widget: forms.Widget, *, look: str) -> forms.Field:
    made = forms.Field(label=label, help_text=help_text, required=False, widget=widget)
    made.look = look  # type: ignore[attr-defined]  # which branch of gds/field.html draws it
    return made
