"""Which questions were reworded between two editions."""

from dataclasses import replace

from consult.plans.document import Option, Plan, Question
from consult.plans.rewording import Reworded, changed_questions

YES = Option(slug="agree", label="Agree")
NO = Option(slug="disagree", label="Disagree")
KEEP = Question(
    slug="keep",
    part="general",
    kind="one",
    text="Keep the wardens?",
    help="",
    scale="",
    max_choices=None,
    max_chars=None,
    show_if={},
    options=(YES, NO),
)
WHY = replace(KEEP, slug="why", kind="text", text="Why?", max_chars=500, options=())


def _asked(plan: Plan, *questions: Question) -> Plan:
    return replace(plan, questions=questions)


def test_same_words_are_no_change(plan: Plan) -> None:
    old = _asked(plan, KEEP, WHY)
    assert changed_questions(old, _asked(plan, WHY, KEEP)) == {}
    assert changed_questions(old, _asked(plan, KEEP, replace(WHY, max_chars=900))) == {}


def test_other_words_are_shown_as_they_were_and_as_they_are(plan: Plan) -> None:
    old = _asked(plan, KEEP, WHY)
    turned = replace(KEEP, options=(replace(YES, label="Yes, drop them"), NO))
    hinted = replace(WHY, help="In one sentence.")
    assert changed_questions(old, _asked(plan, turned, WHY)) == {"keep": Reworded(KEEP, turned)}
    assert changed_questions(old, _asked(plan, KEEP, hinted)) == {"why": Reworded(WHY, hinted)}


def test_option_added_or_gone_is_a_change(plan: Plan) -> None:
    two, three = KEEP, replace(KEEP, options=(YES, NO, Option(slug="unsure", label="Not sure")))
    assert list(changed_questions(_asked(plan, two), _asked(plan, three))) == ["keep"]
    assert list(changed_questions(_asked(plan, three), _asked(plan, two))) == ["keep"]


def test_question_gone_is_named_and_a_new_one_is_not(plan: Plan) -> None:
    assert changed_questions(_asked(plan, KEEP), _asked(plan, WHY)) == {
        "keep": Reworded(KEEP, None)
    }
