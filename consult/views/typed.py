"""What someone typed into a form that could not be saved, under the questions' wording.

It does not query the database, which may be what is down.
"""

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from consult.plans.document import Plan, Question
from consult.text import with_symbols

# Never shown, and never sent again by our pages.
SECRET = {"csrfmiddlewaretoken", "password", "new_password", "new_password_again"}
# What our own pages put into a form. Sent again, because the form needs it, but not shown.
OURS = {
    *("clear", "draft", "edition", "email_meant", "homepage", "language", "replacing", "revision"),
    "seen",
    *("seen_edition", "submission_key", "to", "version"),
}
# The newest plan of each consultation that this process has shown, by slug and language.
_shown_plans: dict[tuple[str, str], Plan] = {}


def remember_plan(slug: str, plan: Plan) -> None:
    """Keep the plan at hand for when the database is down."""
    _shown_plans[slug, get_language() or ""] = plan


def slug_of(request: HttpRequest) -> str:
    """Return the slug of the consultation that an address begins with."""
    return request.path.strip("/").partition("/")[0]


def plan_shown(request: HttpRequest) -> Plan | None:
    """Return the plan that the page asked about, if this process has shown it."""
    return _shown_plans.get((slug_of(request), get_language() or ""))


def fields_to_send_again(request: HttpRequest) -> list[tuple[str, str]]:
    """Return every field that the page needs to send the form again."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in SECRET
        for value in values
    ]


def typed_in_words(request: HttpRequest) -> list[tuple[str, str]]:
    """Return each answered question, or its field's label, with what was typed.

    A label is empty if we cannot tell what the field was.
    """
    plan = plan_shown(request)
    contact = {"name": _("Name"), "email": _("Email"), "postcode": _("Postcode")}
    rows = []
    for name, values in request.POST.lists():
        if name in SECRET | OURS:
            continue
        question = plan.by_slug.get(name.partition("--")[0]) if plan else None
        label = question.text if question else contact.get(name, "")
        # If the questions are known, we put everything else into the form ourselves.
        if plan and "/respond/" in request.path and not label:
            continue
        rows += [(label, with_symbols(_in_words(question, value))) for value in values if value]
    return rows


def _in_words(question: Question | None, value: str) -> str:
    labels = {option.slug: option.label for option in question.options} if question else {}
    return labels.get(value, value)
