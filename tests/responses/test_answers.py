import pytest
from hypothesis import given
from hypothesis import strategies as st

from consult.plans.document import Option, Plan, Question
from consult.text import is_blank, storable
from responses.answers import Answers, AnswersRefused, digest_of, read_answers, says_something


def question(
    slug: str, part: str, kind: str, options: tuple[Option, ...] = (), **more: object
) -> Question:
    values = {
        "text": slug,
        "help": "",
        "scale": "",
        "max_choices": None,
        "max_chars": None,
        "show_if": {},
    }
    return Question(slug=slug, part=part, kind=kind, options=options, **(values | more))


def options(*slugs: str) -> tuple[Option, ...]:
    return tuple(Option(slug, slug.title()) for slug in slugs)


SMALL_PLAN = Plan(
    **dict.fromkeys(
        [
            "title",
            "summary",
            "owner",
            "statute",
            "safety_notice",
            "statement",
            "recommendations_statement",
            "equality_intro",
        ],
        "",
    ),
    **dict.fromkeys(
        [
            "ways_to_respond",
            "alternative_formats",
            "sources",
            "references",
            "sections",
            "recommendations",
        ],
        (),
    ),
    contact={},
    questions=(
        question("agree", "general", "one", options("yes", "no")),
        question("comment", "general", "text", max_chars=20),
        question(
            "top",
            "general",
            "many",
            (*options("a", "b", "c"), Option("none", "None of these", exclusive=True)),
            max_choices=2,
        ),
        question("capacity", "about-you", "one", options("individual", "organisation")),
        question(
            "kind",
            "about-you",
            "one",
            (*options("council"), Option("other", "Other", write_in=True)),
            show_if={"capacity": "organisation"},
        ),
        question("age", "equality", "one", options("young", "old")),
    ),
)


def problems(**raw: object) -> dict[str, str]:
    with pytest.raises(AnswersRefused) as refused:
        read_answers(SMALL_PLAN, raw)
    return refused.value.problems


def test_answers_are_kept_by_slug_and_what_is_unanswered_has_no_key() -> None:
    raw = {"agree": "yes", "comment": "Words.", "top": ["b", "a"], "capacity": "", "unknown": "x"}
    assert read_answers(SMALL_PLAN, raw) == Answers(
        {"agree": "yes", "top": ["a", "b"]}, {"comment": "Words."}
    )


def test_a_line_break_is_one_character_however_the_browser_sends_it() -> None:
    text = "0123456789\r\n23456789\r"
    assert read_answers(SMALL_PLAN, {"comment": text}).texts == {
        "comment": "0123456789\n23456789\n"
    }


def test_too_long_says_by_how_much_and_never_cuts() -> None:
    assert problems(comment="x" * 21) == {
        "comment": "Your answer must be 20 characters or fewer. It is 1 over."
    }
    assert problems(comment="x" * 1_220) == {
        "comment": "Your answer must be 20 characters or fewer. It is 1,200 over."
    }


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=20))
def test_every_text_in_every_script_is_kept_to_the_letter(text: str) -> None:
    assert read_answers(SMALL_PLAN, {"comment": text}).texts == (
        {} if is_blank(text) else {"comment": text}
    )


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_text_the_database_cannot_store_is_refused_and_the_rest_is_kept(
    text: str,
) -> None:
    assert list(problems(comment=text)) == ["comment"]
    assert storable(text) == "ab"


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\u200b\u200b", "\u00a0\u202e", "\ufeff", "\u2800", "\u3164", "\ufe0f"]
)
def test_invisible_text_is_not_an_answer(text: str) -> None:
    assert read_answers(SMALL_PLAN, {"comment": text}) == Answers()


def test_choices_are_checked_against_the_question() -> None:
    assert problems(agree="maybe") == {"agree": "Select one of the answers shown."}
    assert problems(agree=["yes", "no"]) == {"agree": "Select one answer only."}
    assert problems(top=["a", "b", "c"]) == {"top": "Select up to 2. You selected 3."}
    assert problems(top=["a", "none"]) == {
        "top": "Select “None of these” or other answers, not both."
    }


@pytest.mark.parametrize("odd", [7, {"a": 1}, [["a"]], True])
def test_a_value_of_the_wrong_type_is_an_error_of_its_field(odd: object) -> None:
    assert list(problems(agree=odd, comment=odd)) == ["agree", "comment"]


def test_a_question_is_only_answered_where_it_was_asked() -> None:
    asked = {"capacity": "organisation", "kind": "other", "kind--other": "A choir"}
    assert read_answers(SMALL_PLAN, asked) == Answers(
        {"capacity": "organisation", "kind": "other"}, {"kind--other": "A choir"}
    )
    assert read_answers(SMALL_PLAN, asked | {"capacity": "individual"}) == Answers(
        {"capacity": "individual"}, {}
    )
    assert read_answers(SMALL_PLAN, asked | {"kind": "council"}).texts == {}


def test_an_error_in_a_written_in_line_is_beside_that_line() -> None:
    assert list(problems(capacity="organisation", kind="other", **{"kind--other": "x" * 201})) == [
        "kind--other"
    ]


def test_equality_answers_never_come_with_the_words() -> None:
    assert read_answers(SMALL_PLAN, {"age": "old"}) == Answers()


@pytest.mark.parametrize(
    ("raw", "something"),
    [
        ({}, False),
        ({"capacity": "individual"}, False),
        ({"agree": "no"}, True),
        ({"comment": "x"}, True),
    ],
)
def test_a_response_says_something_when_it_holds_a_view(
    raw: dict[str, object], something: bool
) -> None:
    assert says_something(SMALL_PLAN, read_answers(SMALL_PLAN, raw)) is something


def test_the_digest_speaks_of_everything_that_was_sent() -> None:
    base = {"answers": Answers({"agree": "yes"}, {"comment": "x"}), "contact": {"name": "R"}}
    others = [
        base | {"answers": Answers({"agree": "no"}, {"comment": "x"})},
        base | {"answers": Answers({"agree": "yes"}, {"comment": "y"})},
        base | {"contact": {"name": "S"}},
    ]
    assert len({digest_of(**case) for case in [base, *others]}) == 4
    assert digest_of(**base) == digest_of(
        answers=Answers({"agree": "yes"}, {"comment": "x"}), contact={"name": "R"}
    )
