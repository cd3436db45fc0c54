"""Which questions one edition words differently from another. Pure."""

from dataclasses import dataclass

from consult.plans.document import Plan, Question


@dataclass(frozen=True)
class Reworded:
    """A question as it was asked and as it is asked now, or None if it is no longer asked."""

    old: Question
    new: Question | None


def changed_questions(old_plan: Plan, new_plan: Plan) -> dict[str, Reworded]:
    """Return the questions of `old_plan`, by slug and in its order, that `new_plan` asks in
    different words or not at all.

    The words are those that people read when they answer: the question, its hint, and its options
    with their headings, so an added option counts too. A higher limit or a different place does not
    change the meaning. Nobody has answered yet what only `new_plan` asks.
    """
    return {
        slug: Reworded(old, new)
        for slug, old in old_plan.by_slug.items()
        if (new := new_plan.by_slug.get(slug)) is None or _words(new) != _words(old)
    }


def _words(question: Question) -> tuple[object, ...]:
    options = [(option.slug, option.group, option.label) for option in question.options]
    return (question.kind, question.text, question.help, options)
