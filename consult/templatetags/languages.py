"""The language of a page, and the other one."""

from dataclasses import dataclass

from django import template
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.template.context import RequestContext
from django.utils.translation import get_language, to_locale

from consult.plans.document import Plan

register = template.Library()


@dataclass(frozen=True)
class Language:
    code: str
    name: str
    address: str


@register.simple_tag
def language_tag() -> str:
    """Return the language of this page as HTML and PDF name it: "en-GB", "cy"."""
    return to_locale(get_language() or settings.LANGUAGE_CODE).replace("_", "-")


@register.simple_tag(takes_context=True)
def other_language(context: RequestContext) -> Language:
    """Return the language that this page is not in, and the address of this page in it."""
    code, name = next(pair for pair in settings.LANGUAGES if pair[0] != get_language())
    try:
        query = context["request"].GET.copy() if "request" in context else QueryDict(mutable=True)
    except TooManyFieldsSent:
        # The page says so, and is shown all the same.
        query = QueryDict(mutable=True)
    query["language"] = code
    return Language(code, name, f"?{query.urlencode()}")


@register.simple_tag
def plan_is_in_this_language(plan: Plan) -> bool:
    """Whether a plan says something in the language of this page: all of them do in English."""
    language = get_language() or settings.LANGUAGE_CODE
    return language == settings.LANGUAGE_CODE or language in plan.translations
