"""Sending a draft: only what was checked, with the wording that was answered, and once."""

from dataclasses import dataclass

from django.db import transaction

from consult.models import Edition
from consult.plans.editions import current_edition, plan_of
from responses.answers import read_answers
from responses.contacts import read_contact
from responses.models import Draft, SentDraft
from responses.responding.amending import amend_response, version_to_replace
from responses.responding.attaching import files_of_draft
from responses.responding.drafting import changed_since
from responses.responding.submitting import Submission, Submitted, submit_response
from responses.wording import RewordedAnswer, reworded_answers


class AddedSince(Exception):
    """The draft was saved again after it was checked. `names` are the fields that changed; there
    are none where nothing says what was checked.
    """

    def __init__(self, names: set[str]) -> None:
        super().__init__(", ".join(sorted(names)))
        self.names = names


class QuestionsReworded(Exception):
    """Questions were reworded or dropped since they were answered. `answers` has both wordings.

    They count as seen if `Checked.edition` is `edition`, the number of the current one.
    """

    def __init__(self, answers: list[RewordedAnswer], edition: int) -> None:
        super().__init__(", ".join(answer.old.slug for answer in answers))
        self.answers, self.edition = answers, edition


@dataclass(frozen=True)
class Checked:
    """What the sender has looked at.

    `revision` is the draft's on the check page; without one nothing is sent. `edition` is the
    number of the edition whose new wording they have seen, and `replacing` that of a newer version
    that they still want to replace; each may be empty.
    """

    revision: int | None = None
    edition: str = ""
    replacing: str = ""


def send_draft(
    *,
    draft: Draft,
    checked: Checked,
    flags: tuple[str, ...] = (),
    language: str | None = None,
) -> Submitted:
    """Send `draft` and remove it, in one transaction.

    The draft is locked meanwhile: a save at the same time is either seen here, and refused as newer
    than what was checked, or finds no draft and says so on its page.

    Raises Draft.DoesNotExist if it was sent or discarded a moment ago, AddedSince,
    QuestionsReworded, AnswersRefused, and what `submit_response` and `amend_response` raise; then
    nothing was written.
    """
    with transaction.atomic():
        found = Draft.objects.select_for_update(of=("self",)).select_related(
            "consultation", "amends__consultation"
        )
        current = found.get(pk=draft.pk)
        if checked.revision is None:
            raise AddedSince(set())
        if current.revision != checked.revision:
            raise AddedSince(changed_since(draft=current, revision=checked.revision))
        edition = current_edition(current.consultation)
        reworded = answers_to_other_words(current, edition)
        if reworded and checked.edition != str(edition.number):
            raise QuestionsReworded(reworded, edition.number)
        answers = current.answers
        submission = Submission(
            edition=edition,
            submission_key=current.submission_key,
            answers=read_answers(plan_of(edition), answers),
            contact=read_contact(answers),
            started_at=current.started_at,
            flags=flags,
            files=files_of_draft(current),
            language=language,
        )
        if current.amends:
            earlier = version_to_replace(earlier=current.amends, seen=checked.replacing)
            submitted = amend_response(earlier=earlier, submission=submission)
        else:
            submitted = submit_response(submission=submission)
        SentDraft.objects.update_or_create(
            response=submitted.response, defaults={"token_hash": current.token_hash}
        )
        current.delete()
    return submitted


def answers_to_other_words(draft: Draft, edition: Edition) -> list[RewordedAnswer]:
    """Return the answers of a draft to questions that `edition` rewords or no longer asks."""
    given_to: dict[int, Edition] = {}
    names: dict[int, set[str]] = {}
    for row in draft.kept.exclude(edition=edition).select_related("edition"):
        given_to[row.edition_id] = row.edition
        names.setdefault(row.edition_id, set()).add(row.name)
    answers = draft.answers
    return [
        answer
        for pk, earlier in given_to.items()
        for answer in reworded_answers(
            given_to=plan_of(earlier), asked_now=plan_of(edition), raw=answers
        )
        if answer.old.slug in names[pk]
    ]
