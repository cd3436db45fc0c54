"""Coding free text: a codebook for each question, codes given to answers and passages, and how far
two reviewers agree.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now, Random

from consult.auditing import record
from consult.models import Action, Consultation, User
from consult.plans.document import ABOUT_YOU, Question
from consult.plans.editions import current_edition, plan_of
from responses.current import current_responses
from responses.models import Code, CodedAnswer, CodeVersion, Coding, Response, SecondCoding, Tally
from responses.reviewing.similarity import words_of

NAME_MAX_CHARS = 80
DEFINITION_MAX_CHARS = 2000
# From so many answers coded last, words are learnt.
LEARN_FROM = 2000
# A word has to be this much commoner among answers with the code than among the others, as a
# logarithm, and in this many of them.
TELLING = math.log(3)
FEWEST_TELLING_ANSWERS = 3
# So many telling words make a suggestion, and so many are named.
FEWEST_TELLING_WORDS = 2
NAMED_WORDS = 5


GIVE_TO_MANY = """
    INSERT INTO responses_coding (response_id, question, code_id, by_id)
    SELECT id, %(question)s, %(code)s, %(by)s FROM unnest(%(ids)s) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING response_id, id
"""
GONE_THROUGH_MANY = """
    INSERT INTO responses_codedanswer (response_id, question, by_id)
    SELECT id, %(question)s, %(by)s FROM unnest(%(ids)s::bigint[]) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING response_id, id
"""
TAKE_OFF_MANY = """
    UPDATE responses_coding SET removed_at = statement_timestamp()
    WHERE response_id = ANY(%(ids)s) AND code_id = %(code)s AND by_id = %(by)s
        AND removed_at IS NULL
    RETURNING response_id, id
"""


class CodeNameMissing(ValueError):
    """A code needs a name."""


class CodeNameTaken(ValueError):
    """Another code of the question has this name."""


class CodeChangedMeanwhile(Exception):
    """Somebody else changed the code since its page was opened."""


class NoSuchPassage(ValueError):
    """The answer does not hold these words."""


@dataclass(frozen=True)
class Progress:
    """Of the answers to a question, how many somebody has gone through."""

    answers: int
    coded: int

    @property
    def percent(self) -> int:
        """In whole per cent, 100 only when all are."""
        return 100 * self.coded // self.answers if self.answers else 100


@dataclass(frozen=True)
class Suggestion:
    """A code that may fit, and the words that made it seem so. Never given by itself."""

    code: Code
    words: list[str]


@dataclass(frozen=True)
class Agreement:
    """How two reviewers compare on one code.

    `kappa` is Cohen's; None where chance alone would make them agree always.
    """

    code: Code | None
    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def kappa(self) -> float | None:
        """From -1 to 1: agreement beyond what chance would give.

        Cohen, J. (1960), Educational and Psychological Measurement 20.
        """
        total = self.both + self.first_only + self.second_only + self.neither
        if not total:
            return None
        observed = (self.both + self.neither) / total
        first, second = (
            (self.both + self.first_only) / total,
            (self.both + self.second_only) / total,
        )
        chance = first * second + (1 - first) * (1 - second)
        return None if chance == 1 else (observed - chance) / (1 - chance)


def questions_to_code(consultation: Consultation) -> list[Question]:
    """The questions that are answered in free words about the plan, in order."""
    plan = plan_of(current_edition(consultation))
    return [question for question in plan.asked if question.prose and question.part != ABOUT_YOU]


def part_titles(consultation: Consultation) -> dict[str, str]:
    """The titles of the plan's parts by their slugs: many questions have the same words, and differ
    by the part they ask about.
    """
    return {part.slug: part.title for part in plan_of(current_edition(consultation)).parts}


def answers_to(consultation: Consultation, question: str) -> QuerySet[Response]:
    """The responses that say something to a question today, in the order of their arrival."""
    return current_responses(consultation).filter(texts__has_key=question).order_by("id")


def _gone_through(question: str, **by: User) -> Exists:
    return Exists(CodedAnswer.objects.filter(response=OuterRef("pk"), question=question, **by))


def progress_of(consultation: Consultation, question: str) -> Progress:
    """How much of a question is coded: the answers as the dashboard counted them last, those coded
    as they are now.
    """
    counted = (
        Tally.objects.filter(consultation=consultation)
        .values_list(f"figures__coded__{question}", flat=True)
        .first()
    )
    answers = answers_to(consultation, question)
    coded = answers.filter(_gone_through(question)).count()
    return Progress(max(counted[0], coded) if counted else answers.count(), coded)


def next_to_code(
    consultation: Consultation,
    question: str,
    *,
    after: int = 0,
    again: SecondCoding | None = None,
    by: User | None = None,
) -> Response | None:
    """The next answer that nobody has gone through, after a response's id; of a second coding, that
    `by` has not.
    """
    if again is not None and by is not None:
        left = Response.objects.filter(pk__in=again.responses).filter(
            ~_gone_through(question, by=by)
        )
        return left.filter(pk__gt=after).order_by("pk").first() or left.order_by("pk").first()
    left = answers_to(consultation, question).filter(~_gone_through(question))
    return left.filter(pk__gt=after).first() or left.first()


def codes_of(consultation: Consultation, question: str) -> QuerySet[Code]:
    """The codes of a question, each with `given`: in how many responses that count today it was
    found.
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
    """Put a code in a question's codebook. Raises CodeNameMissing and CodeNameTaken."""
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
    """Give a code another meaning or name, or retire it: a new version, and the old stays on
    record.

    Raises CodeChangedMeanwhile where `version` is not the newest any more, CodeNameMissing and
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


def code_answer(*, response: Response, question: str, codes: Sequence[Code], by: User) -> None:
    """Say which codes fit a whole answer, in place of what `by` said before, and that they have
    gone through it.

    Nobody else's codings change, nor those of passages.
    """
    with transaction.atomic():
        mine = Coding.objects.select_for_update().filter(
            response=response, question=question, by=by, removed_at=None, start=None
        )
        had = {coding.code_id for coding in mine}
        wanted = {code.pk for code in codes}
        mine.exclude(code__in=wanted).update(removed_at=Now())
        new = [
            Coding(response=response, question=question, code_id=pk, by=by)
            for pk in sorted(wanted - had)
        ]
        # The same page sent twice at once: the second finds its rows there.
        Coding.objects.bulk_create(new, ignore_conflicts=True)
        CodedAnswer.objects.get_or_create(response=response, question=question, by=by)
        record(
            action=Action.ANSWER_CODED,
            actor=by,
            subject=response.reference,
            question=question,
            codes=sorted(wanted),
        )


def code_passage(
    *, response: Response, question: str, code: Code, passage: str, by: User
) -> Coding:
    """Give a code to the first place where an answer holds `passage`. Raises NoSuchPassage."""
    words = passage.replace("\r\n", "\n").strip()
    start = response.texts.get(question, "").find(words)
    if not words or start < 0:
        raise NoSuchPassage
    with transaction.atomic():
        place = {"start": start, "end": start + len(words)}
        coding, new = Coding.objects.get_or_create(
            response=response, question=question, code=code, by=by, removed_at=None, **place
        )
        if new:
            record(
                action=Action.ANSWER_CODED,
                actor=by,
                subject=response.reference,
                question=question,
                codes=[code.pk],
                **place,
            )
    return coding


def give_code_to_many(
    *, code: Code, responses: Sequence[int], by: User
) -> dict[int, tuple[int, int | None]]:
    """Give a code to the whole answer of each of these responses, by primary key, that does not
    have it from `by`.

    Gives for each of those its coding, and the row that says that `by` has gone through the answer,
    if that is new.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            GIVE_TO_MANY,
            {"ids": list(responses), "question": code.question, "code": code.pk, "by": by.pk},
        )
        given = dict(cursor.fetchall())
        cursor.execute(
            GONE_THROUGH_MANY, {"ids": list(given), "question": code.question, "by": by.pk}
        )
        through = dict(cursor.fetchall())
    return {response: (coding, through.get(response)) for response, coding in given.items()}


def take_code_off_many(*, code: Code, responses: Sequence[int], by: User) -> dict[int, list[int]]:
    """Take a code that `by` gave off these responses, by primary key, from whole answers and
    passages. Gives the codings that ended.
    """
    ended: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_OFF_MANY, {"ids": list(responses), "code": code.pk, "by": by.pk})
        for response, coding in sorted(cursor.fetchall()):
            ended[response].append(coding)
    return ended


def take_back_given(*, codings: Sequence[int], through: Sequence[int]) -> None:
    """Undo what `give_code_to_many` did: end these codings, and forget that these answers were gone
    through.
    """
    Coding.objects.filter(pk__in=codings, removed_at=None).update(removed_at=Now())
    CodedAnswer.objects.filter(pk__in=through).delete()


def put_back_taken(*, codings: Sequence[int]) -> None:
    """Undo what `take_code_off_many` did: give the same codes to the same passages anew; the rows
    that ended stay ended.
    """
    ended = (
        Coding.objects.filter(pk__in=codings)
        .order_by("pk")
        .values("response_id", "question", "code_id", "start", "end", "by_id")
    )
    Coding.objects.bulk_create((Coding(**row) for row in ended), ignore_conflicts=True)


def take_off(*, coding: Coding, by: User) -> None:
    """Take a code off a passage. The row stays, with when."""
    with transaction.atomic():
        if Coding.objects.filter(pk=coding.pk, by=by, removed_at=None).update(removed_at=Now()):
            record(
                action=Action.ANSWER_CODED,
                actor=by,
                subject=coding.response.reference,
                question=coding.question,
                codes=[],
            )


def suggest_codes(*, response: Response, question: str) -> list[Suggestion]:
    """Codes whose telling words stand in an answer, those with the most first.

    A word tells of a code where it is at least three times as common in answers that were given the
    code as in the others, and in three of them at least. Learnt anew each time from the answers
    coded last, on this machine, and nothing is kept.
    """
    coded = CodedAnswer.objects.filter(
        question=question, response__consultation=response.consultation_id
    ).exclude(response=response)
    ids = list(coded.order_by("-id").values_list("response_id", flat=True)[:LEARN_FROM])
    texts = dict(
        Response.objects.filter(pk__in=ids).values_list("pk", KeyTextTransform(question, "texts"))
    )
    given: dict[int, set[int]] = defaultdict(set)
    for code_id, pk in Coding.objects.filter(
        response__in=ids, question=question, removed_at=None
    ).values_list("code_id", "response_id"):
        given[code_id].add(pk)
    words = {pk: set(words_of(text or "")) for pk, text in texts.items()}
    said = set(words_of(response.texts.get(question, "")))
    everywhere = Counter(word for bag in words.values() for word in bag & said)
    found = []
    for code in Code.objects.filter(pk__in=given, retired=False):
        inside = given[code.pk]
        here = Counter(word for pk in inside for word in words[pk] & said)
        telling = {}
        for word, count in here.items():
            others = everywhere[word] - count
            weight = math.log(
                (count / len(inside)) / ((others + 0.5) / (len(words) - len(inside) + 1))
            )
            if count >= FEWEST_TELLING_ANSWERS and weight >= TELLING:
                telling[word] = weight
        if len(telling) >= FEWEST_TELLING_WORDS:
            named = sorted(telling, key=lambda word: (-telling[word], word))[:NAMED_WORDS]
            found.append((sum(telling.values()), Suggestion(code, named)))
    return [
        suggestion
        for _weight, suggestion in sorted(found, key=lambda pair: (-pair[0], pair[1].code.name))
    ]


def draw_second_coding(
    *, consultation: Consultation, question: str, size: int, by: User
) -> SecondCoding | None:
    """Draw by lot up to `size` answers that others have coded, for `by` to code again unseen.

    None where there are none.
    """
    others = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question).exclude(by=by)
    mine = CodedAnswer.objects.filter(response=OuterRef("pk"), question=question, by=by)
    answers = (
        answers_to(consultation, question).filter(Exists(others), ~Exists(mine)).order_by(Random())
    )
    drawn = list(answers.values_list("pk", flat=True)[:size])
    if not drawn:
        return None
    with transaction.atomic():
        record(action=Action.SECOND_CODING_DRAWN, actor=by, subject=question, size=len(drawn))
        return SecondCoding.objects.create(
            consultation=consultation, question=question, by=by, responses=drawn
        )


def compare(second: SecondCoding) -> list[Agreement]:
    """How far the second reviewer agrees with whoever coded each answer first: over all codes
    (`code` is None), then code by code.

    Only answers that both have gone through are compared. Passages count as the answer that they
    stand in.
    """
    done: dict[int, list[int]] = defaultdict(list)
    rows = CodedAnswer.objects.filter(
        question=second.question, response__in=second.responses
    ).order_by("id")
    for pk, by in rows.values_list("response_id", "by_id"):
        done[pk].append(by)
    twice = {
        pk: people for pk, people in done.items() if len(people) > 1 and second.by_id in people
    }
    first_by = {pk: next(by for by in people if by != second.by_id) for pk, people in twice.items()}
    codings = Coding.objects.filter(
        response__in=first_by, question=second.question, removed_at=None
    )
    given = set(codings.values_list("response_id", "by_id", "code_id"))
    found = []
    for code in Code.objects.filter(consultation=second.consultation, question=second.question):
        cells = Counter(
            ((pk, by, code.pk) in given, (pk, second.by_id, code.pk) in given)
            for pk, by in first_by.items()
        )
        found.append(
            Agreement(
                code, cells[True, True], cells[True, False], cells[False, True], cells[False, False]
            )
        )
    used = [row for row in found if row.both or row.first_only or row.second_only]
    total = Agreement(
        None,
        *(
            sum(getattr(row, cell) for row in used)
            for cell in ("both", "first_only", "second_only", "neither")
        ),
    )
    return [total, *used]


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
