"""Plan files: what loads, what is refused, and what loading again does."""

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from consult.models import AuditEntry, Consultation, Edition, Question
from consult.plans.checking import check_plan
from consult.plans.editions import plan_of
from consult.plans.loading import load_plan
from consult.plans.reading import MAX_BYTES, PlanProblems
from responses.models import Response
from tests.conftest import BUNDLED_PLAN

BUNDLED = BUNDLED_PLAN.read_text()
WORDING = "Is there anything missing from the plan?"
SMALL = """\
consultation:
  slug: parks
  title: Parks for London
  summary: Which parks should be open at night?
  owner: The Parks Office
  opens: 2026-01-01
  closes: 2030-06-30
scales:
  agreement:
    - {slug: agree, label: Agree, value: 2}
    - {slug: disagree, label: Disagree, value: 1}
sections:
  - {slug: night, title: Parks at night, summary: Open them.}
questions:
  each_section:
    - {slug: agree, kind: one, text: "Do you agree with {title}?", scale: agreement}
    - {slug: comment, kind: text, text: "Why?"}
  general:
    - slug: colour
      kind: many
      text: "Which colours?"
      options: [{label: Dark green}, {label: Red}]
"""


def everything() -> list[object]:
    """What the database holds of consultations, to see that nothing changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Consultation, Edition, Question, AuditEntry)
    ]


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(PlanProblems) as refused:
        check_plan(text)
    return [str(problem) for problem in refused.value.problems]


def test_everything_of_the_bundled_plan_is_loaded(db: None) -> None:
    load_plan(text=BUNDLED, actor=None)
    source = yaml.safe_load(BUNDLED)
    plan = plan_of(Edition.objects.get())
    assert [(row.slug, row.title) for row in plan.sections] == [
        (row["slug"], row["title"]) for row in source["sections"]
    ]
    assert [
        (row.slug, row.headline, row.attribution, row.context.split())
        for row in plan.recommendations
    ] == [
        (row["slug"], row["headline"], row["attribution"], row["context"].split())
        for row in source["recommendations"]
    ]
    assert len(plan.recommendations) == 4
    assert all(row.attribution == "Caroline Russell AM" for row in plan.recommendations)
    asked = source["questions"]
    each = (
        len(asked["each_section"]) * len(source["sections"]) + len(asked["each_recommendation"]) * 4
    )
    assert len(plan.questions) == each + len(asked["general"]) + len(asked["about_you"]) + len(
        asked["equality"]
    )
    consultation = Consultation.objects.get()
    assert consultation.contact["postal_address"][1] == "169 Union Street"
    assert [way["slug"] for way in consultation.ways_to_respond] == ["online", "email", "post"]
    assert len(consultation.references) == 5
    assert consultation.sources == source["consultation"]["sources"]
    assert consultation.statement.split() == source["consultation"]["statement"].split()
    assert (
        consultation.recommendations_statement.split()
        == source["consultation"]["recommendations_statement"].split()
    )


def test_the_bundled_plan_closes_at_the_end_of_21_january_in_london(db: None) -> None:
    load_plan(text=BUNDLED, actor=None)
    closes_at = Consultation.objects.get().closes_at
    now = datetime.now(UTC)
    assert (closes_at.month, closes_at.day, closes_at.hour) == (1, 22, 0)
    assert now < closes_at < now + timedelta(days=367)


def test_loading_twice_changes_nothing(db: None) -> None:
    load_plan(text=BUNDLED, actor=None)
    before = everything()
    assert load_plan(text=BUNDLED, actor=None).done == []
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_two_first_loads_at_once_make_one_consultation() -> None:
    failures: list[Exception] = []

    def load() -> None:
        try:
            load_plan(text=SMALL, actor=None)
        except Exception as reason:  # noqa: BLE001  # whatever it is, the test shows it
            failures.append(reason)
        finally:
            connection.close()

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, Consultation.objects.count(), Edition.objects.count()) == ([], 1, 1)


def test_a_second_plan_is_a_second_consultation_with_its_own_address(db: None) -> None:
    load_plan(text=BUNDLED, actor=None)
    visitor = Client()
    assert visitor.get("/")["Location"] == "/police-and-crime-plan-2021-25/"
    load_plan(text=SMALL, actor=None)
    home = visitor.get("/").content.decode()
    assert "Parks for London" in home
    assert "Draft Police and Crime Plan" in home
    assert "Parks at night" in visitor.get("/parks/").content.decode()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  title: Parks for London\n", "", "line 1, consultation.title: is missing"),
        (
            "  owner: The Parks Office",
            "  owner: [a, b]",
            "line 5, consultation.owner: is a list, should be text",
        ),
        ("  owner: The Parks Office", "  owner: ''", "line 5, consultation.owner: is empty"),
        ("  slug: parks", "  slug: Parks!", "line 2, consultation.slug: “Parks!” is not a slug"),
        (
            "  slug: parks",
            "  slug: staff",
            "line 2, consultation.slug: “staff” is an address of the service's own",
        ),
        (
            "closes: 2030-06-30",
            "closes: some day",
            "line 7, consultation.closes: “some day” is not a date",
        ),
        (
            "closes: 2030-06-30",
            "closes: 2025-06-30",
            "line 7, consultation.closes: is not after the opening",
        ),
        (
            "  opens: 2026-01-01",
            "  open: 2026-01-01",
            "line 6, consultation.open: is not a key here",
        ),
        ("kind: one", "kind: radio", "line 16, questions.each_section.1.kind: should be "),
        (
            "scale: agreement",
            "scale: agremeent",
            "line 16, questions.each_section.1.scale: “agremeent” is not one of the scales",
        ),
        (
            ", scale: agreement",
            "",
            (
                "line 16, questions.each_section.1: needs exactly one of scale, options and "
                "options_from"
            ),
        ),
        (
            "slug: comment",
            "slug: agree",
            ("line 17, questions.each_section.2.slug: “night-agree” is used by two questions"),
        ),
        (
            "{label: Red}",
            "{label: Dark green}",
            "line 22, questions.general.1.options: “dark-green” is listed twice",
        ),
        ("scales:", "  : :\nscales:", "line 8, file: cannot be read as YAML"),
        ("sections:", "sections: &all\n  - *all\nrest:", "line 13, file: cannot be read as YAML"),
        ("Open them.", "Open\\u0000 them.", None),
    ],
)
def test_a_wrong_plan_changes_nothing_and_its_errors_give_line_and_reason(
    db: None, old: str, new: str, problem: str | None
) -> None:
    assert old in SMALL
    broken = SMALL.replace(old, new, 1)
    if problem is None:
        check_plan(broken)  # backslashes are plain text where YAML has no quotes
        return
    before = everything()
    with pytest.raises(PlanProblems) as refused:
        load_plan(text=broken, actor=None)
    assert any(str(found).startswith(problem) for found in refused.value.problems), str(
        refused.value
    )
    assert everything() == before


def test_every_error_in_a_plan_is_listed_in_the_order_of_lines() -> None:
    broken = SMALL.replace("kind: text", "kind: essay").replace(
        "  title: Parks for London", "  title: {}"
    )
    found = problems(broken)
    assert [re.match(r"line (\d+)", line)[1] for line in found] == ["3", "17"]


def test_only_an_equality_question_can_be_for_individuals_only() -> None:
    marked = SMALL.replace("kind: text,", "kind: text, individuals_only: true,")
    assert problems(marked)[0] == (
        "line 17, questions.each_section.2.individuals_only: is only for equality questions: any "
        "other can have show_if"
    )


def test_individuals_only_needs_a_question_that_says_who_answers() -> None:
    age = '  equality: [{slug: age, kind: short-text, text: "Age?", individuals_only: true}]\n'
    (problem,) = problems(SMALL + age)
    assert problem == (
        "line 23, questions.equality.1.individuals_only: needs a question “capacity”, which says "
        "who answers for an organisation"
    )
    who = (
        "  about_you: [{slug: capacity, kind: one, text: For whom, options: [Me, Organisation]}]\n"
    )
    checked = check_plan(SMALL + age + who)
    assert checked.questions[-1]["details"] == {"individuals_only": True}
    assert check_plan(SMALL + age.replace("true", "false")).questions[-1]["details"] == {
        "individuals_only": False
    }


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"- a\n- b\n", "is a list, should be keys with values"),
        (b"a: 1\x00", "which YAML does not allow"),
        (b"x" * (MAX_BYTES + 1), "is larger than"),
        (b"[" * 200 + b"]" * 200, "nested too deeply"),
    ],
)
def test_a_file_that_is_not_a_plan_is_refused_with_the_reason(content: bytes, why: str) -> None:
    assert why in problems(content)[0]


def test_the_command_names_file_line_and_key(db: None, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(SMALL.replace("kind: text", "kind: essay"))
    with pytest.raises(CommandError) as refused:
        call_command("load_plan", str(file))
    first, *_, last = str(refused.value).splitlines()
    assert first.startswith(f"{file}:17: questions.each_section.2.kind: should be ")
    assert last == "Nothing was changed."
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("load_plan", str(tmp_path / "missing.yaml"))


def test_dates_given_to_the_command_override_those_in_the_file(db: None, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(SMALL)
    said = StringIO()
    call_command(
        "load_plan",
        str(file),
        opens="1 March 2027",
        closes="2027-04-30T12:00:00+01:00",
        stdout=said,
    )
    assert (
        "Opens 12:00am on 1 March 2027 (UK time), closes 12:00pm on 30 April 2027 (UK time)."
        in said.getvalue()
    )
    consultation = Consultation.objects.get()
    assert consultation.closes_at == datetime(2027, 4, 30, 11, tzinfo=UTC)
    with pytest.raises(CommandError, match="--closes: “never” is not a date"):
        call_command("load_plan", str(file), closes="never")


def test_a_new_closing_date_in_the_file_moves_the_window_and_is_recorded(db: None) -> None:
    load_plan(text=SMALL, actor=None)
    assert load_plan(text=SMALL.replace("2030-06-30", "2030-07-31"), actor=None).done == [
        "moved the window"
    ]
    assert Consultation.objects.get().closes_at == datetime(2030, 7, 31, 23, tzinfo=UTC)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "plan_loaded",
        "window_changed",
    ]


def test_a_plan_file_can_set_the_hour_of_the_daily_batch(db: None) -> None:
    load_plan(text=SMALL.replace("closes:", "batch_hour: 23\n  closes:"), actor=None)
    assert Consultation.objects.get().batch_hour == 23
    assert load_plan(text=SMALL, actor=None).done == []
    assert load_plan(
        text=SMALL.replace("closes:", "batch_hour: 0\n  closes:"), actor=None
    ).done == ["changed the hour of the daily batch"]
    assert Consultation.objects.get().batch_hour == 0
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "plan_loaded",
        # It changed nothing, and is what the next change begins with.
        "plan_loaded",
        "schedule_changed",
    ]
    with pytest.raises(PlanProblems, match="should be a whole number from 0 to 23"):
        load_plan(text=SMALL.replace("closes:", "batch_hour: 24\n  closes:"), actor=None)


def test_corrected_wording_is_a_new_edition_and_old_responses_keep_theirs(
    db: None, send: Callable[..., Response]
) -> None:
    response = send()
    corrected = BUNDLED.replace(WORDING, "What do you miss")
    assert corrected != BUNDLED
    done = load_plan(text=corrected, actor=None).done
    assert done == ["changed wording: edition 2"]
    kept = plan_of(Response.objects.get(pk=response.pk).edition).by_slug["missing"].text
    now = plan_of(Edition.objects.get(number=2)).by_slug["missing"].text
    assert (kept.startswith(WORDING), now.startswith("What do you miss")) == (True, True)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "slug: missing",
            "slug: gone",
            "“missing” is gone, but responses have come in: it must stay",
        ),
        ("slug: violence", "slug: other", "the part “violence” is gone"),
        (
            "slug: agree,",
            "slug: agrees,",
            "option “agree” of “violence-agree” is gone: it must stay",
        ),
    ],
)
def test_once_there_are_responses_no_question_can_be_removed(
    db: None, send: Callable[..., Response], old: str, new: str, why: str
) -> None:
    # Without its Welsh, which is refused first where it translates what has gone.
    changed = BUNDLED.partition("\ntranslations:")[0].replace(old, new, 1)
    changed = changed.replace("[violence", "[other") if "violence" in old else changed
    assert old in BUNDLED
    send()
    before = everything()
    with pytest.raises(PlanProblems, match=why):
        load_plan(text=changed, actor=None)
    assert everything() == before


def test_once_there_are_responses_no_question_can_change_kind(
    db: None, send: Callable[..., Response]
) -> None:
    changed = re.sub(r"(slug: missing,?\s+kind: )text", r"\1short-text", BUNDLED)
    assert changed != BUNDLED
    load_plan(text=changed, actor=None)  # nobody has answered yet
    load_plan(text=BUNDLED, actor=None)
    send()
    with pytest.raises(
        PlanProblems, match="“missing” was kind text on page general: it must stay the same"
    ):
        load_plan(text=changed, actor=None)


def test_every_key_of_a_plan_file_is_documented() -> None:
    described = (BUNDLED_PLAN.parents[2] / "docs" / "plan-files.md").read_text()
    headings = " ".join(re.findall(r"^## (.*)$", described, re.MULTILINE)).split()
    with pytest.raises(PlanProblems) as refused:
        check_plan(
            "x: 1\nconsultation: {x: 1}\nsections: [{x: 1}]\nrecommendations: [{x: 1}]\nquestions: "
            "{x: 1, general: [{x: 1}]}"
        )
    known = {
        key
        for problem in refused.value.problems
        for key in problem.why.partition("known are ")[2].split(", ")
        if key
    }
    assert len(known) > 40
    assert [
        key for key in sorted(known) if f"`{key}`" not in described and key not in headings
    ] == []
