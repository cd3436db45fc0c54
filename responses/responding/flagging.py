"""What looks odd about a response that arrives online.

It is stored with the response and shown to its reader, and is never a reason to refuse it: a person
may be quick, software that fills in forms may fill in the hidden field, and a library is one
address.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from consult.web.rate_limits import is_over

SENT_QUICKLY, HIDDEN_FIELD, MANY_FROM_ONE_ADDRESS = (
    "sent-quickly",
    "hidden-field",
    "many-from-one-address",
)
FLAGS = {
    SENT_QUICKLY: _("Sent within seconds of opening the form"),
    HIDDEN_FIELD: _("Filled in a field that is hidden from people"),
    MANY_FROM_ONE_ADDRESS: _("One of very many from one internet address"),
}
# The name of the field that is hidden from people.
FIELD = "homepage"
# Even someone who knows the form takes longer to open a part, choose an answer, check and send.
QUICK = timedelta(seconds=5)


def flags_of(
    *, started_at: datetime, now: datetime, hidden_field: str, address: str
) -> tuple[str, ...]:
    """Return what looks odd: how soon it was sent, whether the hidden field was filled in, and how
    many came from `address` recently.
    """
    found = {
        SENT_QUICKLY: now - started_at < QUICK,
        HIDDEN_FIELD: bool(hidden_field),
        MANY_FROM_ONE_ADDRESS: is_over(limit="flag", key=address, counted_as="send"),
    }
    return tuple(flag for flag, odd in found.items() if odd)


def flags_in_words(flags: list[str]) -> list[str]:
    return [str(FLAGS.get(flag, flag)) for flag in flags]
