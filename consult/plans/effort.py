"""How long a plan takes to answer, by common speeds of reading and typing."""

from itertools import chain

from consult.plans.document import Part, Plan

READ = 230  # words a minute, silently, of plain text
TYPED = 30  # words a minute, composed
WORDS_OF_AN_ANSWER = 40
CHOOSING = 0.15  # minutes for one closed question
STEP = 5  # minutes: nobody plans by the minute


def minutes_for_all(plan: Plan) -> int:
    """Minutes for someone who reads and answers everything."""
    return _rounded(sum(_minutes(plan, part) for part in plan.parts))


def minutes_for_one(plan: Plan) -> int:
    """Minutes for someone who answers the one part that they care about."""
    parts = plan.parts
    return _rounded(sum(_minutes(plan, part) for part in parts) / max(len(parts), 1))


def _rounded(minutes: float) -> int:
    return max(STEP, round(minutes / STEP) * STEP)


def _minutes(plan: Plan, part: Part) -> float:
    texts = chain(
        *((row.summary, *row.commitments) for row in plan.sections if row.slug == part.slug),
        *(
            (row.context, row.draft_plan_coverage)
            for row in plan.recommendations
            if row.slug == part.slug
        ),
        (question.text for question in part.questions),
    )
    words = sum(len(text.split()) for text in texts)
    answering = sum(
        CHOOSING if question.closed else WORDS_OF_AN_ANSWER / TYPED for question in part.questions
    )
    return words / READ + answering
