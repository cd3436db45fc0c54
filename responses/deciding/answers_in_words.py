"""Every answer in words that counts today, and which points it makes: as SQL, so that the register
and the check that nothing went unweighed read the same.

An answer is a response and the key of a text in it: a question's slug, or what was written in
beside an option. Whatever is not known to hold no words counts as one that does.
"""

from typing import Any

from django.db import connection

from consult.models import Consultation
from consult.plans.document import ABOUT_YOU
from consult.plans.editions import plan_of
from consult.plans.kinds.choosing import write_in_name
from responses.models import Response

# The key of what came in a file: whatever a respondent attached, and a letter or an email of which
# nobody typed a word.
ATTACHED = "--attached"

# Arguments: `consultation`; `only`, the id of a response, or NULL for all; and `aside`, the keys of
# texts that are no answers in words.
ANSWERS = """
    typed AS (
        SELECT response.id AS response_id, text.key AS question
        FROM responses_response AS response
        JOIN responses_review AS review ON review.response_id = response.id
            AND NOT review.superseded,
        -- What is no object was altered behind the service's back, which another check finds.
        LATERAL jsonb_object_keys(CASE jsonb_typeof(response.texts) WHEN 'object'
            THEN response.texts ELSE '{}' END) AS text(key)
        WHERE response.consultation_id = %(consultation)s
            AND (%(only)s::bigint IS NULL OR response.id = %(only)s)
            AND response.act IN ('sent', 'amended') AND text.key <> ALL (%(aside)s)
    ),
    answer AS (
        SELECT response_id, question FROM typed
        UNION ALL
        SELECT response.id, '--attached'
        FROM responses_response AS response
        JOIN responses_review AS review ON review.response_id = response.id
            AND NOT review.superseded
        WHERE response.consultation_id = %(consultation)s AND response.act IN ('sent', 'amended')
            AND (%(only)s::bigint IS NULL OR response.id = %(only)s)
            AND (EXISTS (SELECT FROM responses_attachment AS attached
                    WHERE attached.response_id = response.id)
                -- By the reference: a keying that was corrected is a version of its own of the same
                -- letter, or the same email.
                OR EXISTS (SELECT FROM responses_response AS entered
                    JOIN responses_transcription AS keyed ON keyed.response_id = entered.id
                    WHERE entered.reference = response.reference
                        AND (keyed.message_id IS NOT NULL
                            OR EXISTS (SELECT FROM responses_attachment AS scan
                                WHERE scan.transcription_id = keyed.id)))
                AND NOT EXISTS (SELECT FROM typed WHERE typed.response_id = response.id))
    )"""

# Which answer makes which point: by a code, by a passage, or as the same letter as one that does.
MADE = """
    said AS (
        SELECT coding.response_id, coding.question, fed.point_id
        FROM responses_point AS point
        JOIN responses_pointcode AS fed ON fed.point_id = point.id AND fed.removed_at IS NULL
        JOIN responses_coding AS coding ON coding.code_id = fed.code_id
            AND coding.removed_at IS NULL
        WHERE point.consultation_id = %(consultation)s AND point.status <> 'merged'
        UNION
        SELECT passage.response_id, passage.question, passage.point_id
        FROM responses_point AS point
        JOIN responses_pointpassage AS passage ON passage.point_id = point.id
            AND passage.removed_at IS NULL
        WHERE point.consultation_id = %(consultation)s AND point.status <> 'merged'
    ),
    made AS (
        SELECT response_id, question, point_id FROM said
        UNION
        SELECT same.response_id, same.question, said.point_id
        FROM responses_nopoint AS same
        JOIN said ON said.response_id = same.same_as_id AND said.question = same.same_question
        WHERE same.removed_at IS NULL AND same.reason = 'same-letter'
    )"""

# Answers that make no point, for a reason that someone gave by name. The reviewer who went through
# an answer and gave it no code said that no code fits; where codes were taken off again, someone
# has to say so.
REASONED = """
    reasoned AS (
        SELECT none.response_id, none.question, none.reason, none.by_id, none.at
        FROM responses_nopoint AS none
        WHERE none.removed_at IS NULL AND none.reason <> 'same-letter'
        UNION ALL
        SELECT through.response_id, through.question, 'no-code', through.by_id, through.at
        FROM responses_codedanswer AS through
        WHERE NOT EXISTS (SELECT FROM responses_coding AS coding
            WHERE coding.response_id = through.response_id
                AND coding.question = through.question)
    )"""


def is_answer(response: Response, question: str) -> bool:
    """Whether a response is the newest version, counts, and has an answer in words under a key."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {ANSWERS} SELECT EXISTS (SELECT FROM answer WHERE response_id = %(response)s"  # noqa: S608
            " AND question = %(question)s)",
            arguments_for(response.consultation, only=response)
            | {"response": response.pk, "question": question},
        )
        return bool(cursor.fetchone()[0])


def arguments_for(consultation: Consultation, *, only: Response | None = None) -> dict[str, Any]:
    """Return what the statements above ask for."""
    return {
        "consultation": consultation.pk,
        "only": only.pk if only else None,
        "aside": sorted(_keys_aside(consultation)),
    }


def _keys_aside(consultation: Consultation) -> set[str]:
    """Texts that say who someone is, or that are a number or a date, in any edition."""
    aside, words = set(), set()
    for edition in consultation.editions.defer("content"):
        for question in plan_of(edition).questions:
            beside = {write_in_name(question.slug, option.slug) for option in question.options}
            if question.part == ABOUT_YOU:
                aside |= {question.slug, *beside}
            elif question.prose or question.closed:
                words |= {question.slug, *beside}
            else:
                aside.add(question.slug)
    return aside - words
