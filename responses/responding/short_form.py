"""For anyone who is short of time: every recommendation on one page, and one box.

The same questions as on their own pages, so that an answer here is an answer there. Pure.
"""

from dataclasses import replace

from django.utils.translation import gettext as _

from consult.plans.document import GENERAL, Part, Plan

SHORT = "short"


def short_part(plan: Plan) -> Part | None:
    """Return the page of how far someone agrees with each recommendation, or None if the plan has
    fewer than two of them.

    Each question is headed by its recommendation. The box is the last that asks about the plan as a
    whole.
    """
    rated = [
        replace(first, text=row.headline, help=first.text)
        for row in plan.recommendations
        if (first := next((one for one in plan.questions_of(row.slug) if one.scale), None))
    ]
    boxes = [one for one in plan.questions_of(GENERAL) if one.prose and not one.show_if]
    if len(rated) < 2:
        return None
    return Part(SHORT, "short", _("Short of time?"), (*rated, *boxes[-1:]))


def all_parts(plan: Plan) -> tuple[Part, ...]:
    """Return every page of the form: the parts in order, and the short one if there is one."""
    short = short_part(plan)
    return (*plan.parts, short) if short else plan.parts
