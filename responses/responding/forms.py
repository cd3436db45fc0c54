"""The form of one part of a response, made from its questions."""

from dataclasses import dataclass, field
from typing import Any

from crispy_forms_gds.helper import FormHelper
from crispy_forms_gds.layout import Layout
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consult.plans.document import EQUALITY, Option, Part, Plan, Question
from consult.plans.kinds.choosing import write_in_name
from consult.plans.kinds.entry import Box, Kind, box_name
from responses.answers import AnswersRefused, read_answers, read_equality_answers
from responses.contacts import read_contact


@dataclass
class Item:
    """One radio button or checkbox. Choosing it shows the fields in `reveals`."""

    option: Option
    reveals: list[forms.BoundField] = field(default_factory=list)


class AsTyped(forms.TextInput):
    """Reads a question's answer from a submitted form, as its kind says."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return self.kind.typed(name, data)


def _said_first(question: Question) -> str:
    """Return a hint for what someone would otherwise only learn from an error."""
    most = question.max_choices
    return gettext("Select up to %(most)s.") % {"most": most} if most else ""


class LineField(forms.Field):
    """A field beside the questions. `look` is the branch of gds/field.html that draws it."""

    look: str


class QuestionField(forms.Field):
    """A question as the templates ask it.

    `look` is the branch of gds/field.html that draws it, unless its kind has its own partial.
    """

    def __init__(self, question: Question) -> None:
        super().__init__(
            label=question.text,
            help_text=" ".join(filter(None, [question.help, _said_first(question)])),
            required=False,
            widget=AsTyped(question.entry),
        )
        self.question = question
        self.look = question.entry.look_of(question)
        self.partial = f"gds/{self.look}.html" if question.entry.partial else ""
        self.max_chars = question.max_chars
        self.items: list[Item] = []
        # The input that a problem is about, where it has several.
        self.wrong = ""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> "QuestionBox":
        return QuestionBox(form, self, field_name)


class QuestionBox(forms.BoundField):
    """A question in a form. Some have several inputs: the first has the field's own id."""

    field: QuestionField

    @property
    def boxes(self) -> list[tuple[str, Box]]:
        """Return each of its inputs, with its id."""
        made = self.field.question.entry.boxes(self.field.question, self.value())
        return [
            (f"id_{box.name}" if place else self.auto_id, box) for place, box in enumerate(made)
        ]

    @property
    def id_for_label(self) -> str:
        """Return the id that a link to its problem leads to: that of the input that is wrong."""
        return next((pk for pk, box in self.boxes if box.name == self.field.wrong), self.auto_id)


class PartForm(forms.Form):
    """The questions of one part, each optional.

    Django's own fields check nothing here: the rules are in `responses.answers` and
    `responses.contacts`, for this form and for sending.
    """

    # Whether the page has buttons that clear a radio button; its view must know them.
    clearable = False

    def __init__(
        self, *, plan: Plan, part: Part, data: Any = None, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data=data, initial=initial)
        self.plan, self.part = plan, part
        hidden: set[str] = set()
        self.asked = {question.slug: QuestionField(question) for question in part.questions}
        for question in part.questions:
            self.fields[question.slug] = self.asked[question.slug]
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
                self.asked[question.slug].items = [
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
                "If you are responding for an organisation, give the "
                "name and email address of the person we should contact."
            ),
            forms.TextInput({"autocomplete": "name"}),
            look="input",
        )
        self.fields["email"] = _text_field(
            _("Your email address"),
            _(
                "We’ll only use it to send you a confirmation and to contact you about "
                "this response."
            ),
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
        """Return the names of its fields."""
        return list(self.fields)

    @property
    def typed(self) -> dict[str, Any]:
        """Return what was typed, right or wrong."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, name)
            for name, field in self.fields.items()
        }

    def worded(self, name: str, value: Any) -> list[str]:
        """Return a field's value as people read it: the labels of what was chosen, or the text."""
        field = self.fields[name]
        if isinstance(field, QuestionField):
            return list(field.question.entry.lines(field.question, {name: value}))
        return [value] if value else []

    def clean(self) -> dict[str, Any]:
        """Check what was typed against the rules, and put each problem at its field."""
        reader = read_equality_answers if self.part.kind == EQUALITY else read_answers
        readers = [lambda raw: reader(self.plan, raw)] + (
            [read_contact] if "email" in self.fields else []
        )
        for read in readers:
            try:
                read(self.typed)
            except AnswersRefused as refused:
                for name, problem in refused.problems.items():
                    # An input within a question has no field of its own.
                    within = name if name in self.fields else name.partition(box_name("", ""))[0]
                    if within in self.fields:
                        self.add_error(within, problem)
                    if within in self.asked:
                        self.asked[within].wrong = name
        return self.cleaned_data


def _text_field(label: Any, help_text: Any, widget: forms.Widget, *, look: str) -> LineField:
    made = LineField(label=label, help_text=help_text, required=False, widget=widget)
    made.look = look
    return made
