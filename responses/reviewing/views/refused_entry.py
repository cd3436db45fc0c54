"""Why something could not be entered, in words at the field where it can be put right."""

from django.utils.translation import gettext as _

from responses.models import Transcription
from responses.responding.amending import ChangedMeanwhile
from responses.responding.submitting import ConsultationClosed, NothingToSend, SentDifferently
from responses.reviewing.transcribing import (
    LateWithoutReason,
    MessageDecided,
    NotReceivedYet,
    SenderWithdrew,
)

REFUSALS = (
    *(NotReceivedYet, LateWithoutReason, NothingToSend, SentDifferently, MessageDecided),
    *(SenderWithdrew, ChangedMeanwhile, ConsultationClosed),
)


def why_refused(refusal: Exception) -> tuple[str | None, str]:
    """Return the field of the arrival form that a refusal is about, None for no one field, and
    what to say.
    """
    match refusal:
        case NotReceivedYet():
            return "received_on", _("The day it reached you must be today or in the past.")
        case LateWithoutReason():
            return "late_reason", _("It came after closing. Give the reason for accepting it.")
        case NothingToSend():
            return None, _("There are no answers yet. Enter what the letter says.")
        case SentDifferently(response=response):
            words = _(
                "This page was sent before with other answers, as %(reference)s. Open a new page "
                "for another letter."
            )
            return None, words % {"reference": response.reference}
        case SenderWithdrew(response=response):
            words = _(
                "%(reference)s was made from this message and is withdrawn since, so it cannot be "
                "entered again. Set the message aside."
            )
            return None, words % {"reference": response.reference}
        case ChangedMeanwhile():
            return None, _("Its sender changed it at this moment. Look at it, and send this again.")
        case MessageDecided():
            return None, _decided_in_words(refusal)
        case _:
            return None, _("This consultation was withdrawn.")


def _decided_in_words(decided: MessageDecided) -> str:
    """Who was first, for someone whose own words stay on the page."""
    entered = Transcription.objects.filter(message=decided.message).first()
    if entered:
        words = _(
            "%(who)s has entered this message already, as %(reference)s. What you typed is still "
            "here: compare it with theirs, and key it again there if they differ."
        )
        values = {"who": entered.keyed_by.username, "reference": entered.response.reference}
    else:
        words = _(
            "%(who)s has set this message aside: %(reason)s. What you typed is still here. Open "
            "the message again to enter it."
        )
        by = decided.message.decided_by
        values = {"who": by.username if by else "", "reason": decided.message.reason}
    return words % values
