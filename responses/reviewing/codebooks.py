"""Codebooks: for each question answered in free text, the codes that its answers can be given."""

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.document import ABOUT_YOU, Question
from consult.plans.editions import current_edition, plan_of
from responses.models import Code, CodeVersion, Response

NAME_MAX_CHARS = 80
DEFINITION_MAX_CHARS = 2000


class CodeNameMissing(ValueError):
    """A code needs a name."""


class CodeNameTaken(ValueError):
    """Another code of the question has this name."""


class CodeChangedMeanwhile(Exception):
    """Someone else changed the code since its page was opened."""


def questions_to_code(consultation: Consultation) -> list[Question]:
    """Return the questions about the plan that are answered in free text, in order."""
    plan = plan_of(current_edition(consultation))
    return [question for question in plan.asked if question.prose and question.part != ABOUT_YOU]


def part_titles(consultation: Consultation) -> dict[str, str]:
    """Return the titles of the plan's parts by slug: many questions have the same wording, and
    differ in the part that they ask about.
    """
    return {part.slug: part.title for part in plan_of(current_edition(consultation)).parts}


def codes_of(consultation: Consultation, question: str) -> QuerySet[Code]:
    """Return the codes of a question, each with `given`: how many responses that count today have
    it.
    """
    today = Q(codings__removed_at=None, codings__response__review__superseded=False) & ~Q(
        codings__response__act__in=[Response.Act.WITHDRAWN, Response.Act.ERASED]
    )
    codes = Code.objects.filter(consultation=consultation, question=question)
    return codes.annotate(given=Count("codings__response", filter=today, distinct=True)).order_by(
        "retired", "group", "name"
    )


def make_code(
    *, consultation: Consultation, question: str, name: str, group: str, definition: str, by: User
) -> Code:
    """Add a code to a question's codebook. Raises CodeNameMissing and CodeNameTaken."""
    with transaction.atomic():
        # Two reviewers at once with one name: the second waits, and is told.
        Consultation.objects.select_for_update(no_key=True).get(pk=consultation.pk)
        named = _free_name(consultation.pk, question, name)
        words = {
            "group": _line(group),
            "name": named,
            "definition": definition.strip()[:DEFINITION_MAX_CHARS],
        }
        code = Code.objects.create(consultation=consultation, question=question, **words)
        CodeVersion.objects.create(code=code, version=1, by=by, **words)
        record(action=Action.CODE_CHANGED, actor=by, subject=f"code {code.pk}", version=1)
    return code


def change_code(
    *, code: Code, version: int, name: str, group: str, definition: str, retired: bool, by: User
) -> Code:
    """Rename, redefine or retire a code: a new version is added, and the old one is kept.

    Raises CodeChangedMeanwhile if `version` is no longer the newest, CodeNameMissing and
    CodeNameTaken.
    """
    with transaction.atomic():
        locked = Code.objects.select_for_update().get(pk=code.pk)
        if locked.version != version:
            raise CodeChangedMeanwhile
        named = _free_name(locked.consultation_id, locked.question, name, but=locked.pk)
        words = {
            "group": _line(group),
            "name": named,
            "definition": definition.strip()[:DEFINITION_MAX_CHARS],
            "retired": retired,
        }
        if all(getattr(locked, field) == value for field, value in words.items()):
            return locked
        locked.version += 1
        for field, value in words.items():
            setattr(locked, field, value)
        locked.save(update_fields=[*words, "version"])
        CodeVersion.objects.create(code=locked, version=locked.version, by=by, **words)
        record(
            action=Action.CODE_CHANGED,
            actor=by,
            subject=f"code {locked.pk}",
            version=locked.version,
        )
    return locked


def restore_code(*, code: Code, to: int, version: int, by: User) -> Code:
    """Make a code again what it was in version `to`, as a new version: renaming, moving, redefining
    and retiring are all undone so.

    Raises CodeVersion.DoesNotExist and what `change_code` does.
    """
    was = code.versions.get(version=to)
    return change_code(
        code=code,
        version=version,
        name=was.name,
        group=was.group,
        definition=was.definition,
        retired=was.retired,
        by=by,
    )


def _line(words: str) -> str:
    return " ".join(words.split())[:NAME_MAX_CHARS]


def _free_name(consultation_id: int, question: str, name: str, *, but: int = 0) -> str:
    named = _line(name)
    if not named:
        raise CodeNameMissing
    if (
        Code.objects.filter(consultation_id=consultation_id, question=question, name__iexact=named)
        .exclude(pk=but)
        .exists()
    ):
        raise CodeNameTaken(named)
    return named
