"""The language of a page, and the other one."""

from dataclasses import dataclass

from django import template
from django.conf import settings
from django.utils.translation import get_language, to_locale

from consult.plans.document import Plan

register = template.Library()


@dataclass(frozen=True)
class Language:
    code: str
    name: str


@register.simple_tag
def language_tag() -> str:
    """Return the language of this page as HTML and PDF name it: "en-GB", "cy"."""
    return to_locale(get_language() or settings.LANGUAGE_CODE).replace("_", "-")


@register.simple_tag
def other_language() -> Language:
    """Return the language that this page is not in, by its own name."""
    return next(Language(code, name) for code, name in settings.LANGUAGES if code != get_language())


@register.simple_tag
def plan_is_in_this_language(plan: Plan) -> bool:
    """Whether a plan says something in the language of this page: all of them do in English."""
    language = get_language() or settings.LANGUAGE_CODE
    return language == settings.LANGUAGE_CODE or language in plan.translations
