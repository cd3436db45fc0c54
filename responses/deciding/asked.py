"""What a consultation has asked, in any edition: an answer counts in the figures whether or not its
question, or the option that someone chose, is still there.
"""

from dataclasses import replace

from consult.models import Consultation
from consult.plans.document import Question
from consult.plans.editions import plan_of

# By a question's slug: the title of the part that it stands in, and the question.
Asked = dict[str, tuple[str, Question]]


def ever_asked(consultation: Consultation) -> Asked:
    """Return each question in its newest wording, with the options that earlier editions had behind
    those it has now. Questions that are asked no more come last in their part, and parts that the
    plan has no more come last of all.
    """
    found: Asked = {}
    places: dict[str, int] = {}
    for edition in consultation.editions.defer("content").order_by("-number"):
        plan = plan_of(edition)
        titles = {part.slug: part.title for part in (*plan.parts, plan.equality)}
        for slug in titles:
            places.setdefault(slug, len(places))
        for question in plan.questions:
            title, newest = found.get(question.slug, (titles[question.part], question))
            known = {option.slug for option in newest.options}
            more = [option for option in question.options if option.slug not in known]
            found[question.slug] = title, replace(newest, options=(*newest.options, *more))
    return dict(sorted(found.items(), key=lambda item: places[item[1][1].part]))
