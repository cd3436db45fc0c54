"""What a person typed into a form that could not be taken, in the questions' words.

It does not query the database: that may be what is away.
"""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from consult.plans.document import Plan, Question
from consult.text import with_symbols

# Never shown, and never sent again by our page.
SECRET = {"csrfmiddlewaretoken", "password", "new_password", "new_password_again"}
# What our own pages put into a form. Sent again, since the form needs it, and not shown.
OURS = {
    *("clear", "draft", "edition", "email_meant", "homepage", "replacing", "revision", "seen"),
    *("seen_edition", "submission_key", "to", "version"),
}
# The newest plan of each consultation that this process has shown, by slug.
_shown_plans: dict[str, Plan] = {}


def remember_plan(slug: str, plan: Plan) -> None:
    """Keep the plan at hand for when the database is away."""
    _shown_plans[slug] = plan


def slug_of(request: HttpRequest) -> str:
    """The consultation that an address begins with."""
    return request.path.strip("/").partition("/")[0]


def plan_shown(request: HttpRequest) -> Plan | None:
    """What the page asked about, where this process has shown it."""
    return _shown_plans.get(slug_of(request))


def fields_to_send_again(request: HttpRequest) -> list[tuple[str, str]]:
    """Every field that the page needs to send the form again."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in SECRET
        for value in values
    ]


def typed_in_words(request: HttpRequest) -> list[tuple[str, str]]:
    """Each question that was answered, or its field's label, and what was typed.

    A label is empty where we cannot tell what the field was.
    """
    plan = plan_shown(request)
    contact = {"name": _("Name"), "email": _("Email"), "postcode": _("Postcode")}
    rows = []
    for name, values in request.POST.lists():
        if name in SECRET | OURS:
            continue
        question = plan.by_slug.get(name.partition("--")[0]) if plan else None
        label = question.text if question else contact.get(name, "")
        # Where the questions are known, anything else was put into the form by us.
        if plan and "/respond/" in request.path and not label:
            continue
        rows += [(label, with_symbols(_in_words(question, value))) for value in values if value]
    return rows


def _in_words(question: Question | None, value: str) -> str:
    labels = {option.slug: option.label for option in question.options} if question else {}
    return labels.get(value, value)
