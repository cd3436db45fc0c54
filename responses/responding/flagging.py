"""What looks odd about a response that arrives online.

Stored with it and shown to its reader, and never a reason to refuse it.

A person may be quick, a program that fills in forms may fill in the field that people do not see,
and a library is one address.
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
    HIDDEN_FIELD: _("Filled in a field that people do not see"),
    MANY_FROM_ONE_ADDRESS: _("One of very many from one internet address"),
}
# The form's own name of the field that people do not see.
FIELD = "homepage"
# Opening a part, choosing one answer, checking and sending take a practised person longer.
QUICK = timedelta(seconds=5)


def flags_of(
    *, started_at: datetime, now: datetime, hidden_field: str, address: str
) -> tuple[str, ...]:
    """What looks odd: how soon it was sent, what stands in the field that people do not see, how
    many came from `address` recently.
    """
    found = {
        SENT_QUICKLY: now - started_at < QUICK,
        HIDDEN_FIELD: bool(hidden_field),
        MANY_FROM_ONE_ADDRESS: is_over(limit="flag", key=address, counted_as="send"),
    }
    return tuple(flag for flag, odd in found.items() if odd)


def flags_in_words(flags: list[str]) -> list[str]:
    """Flags as people read them."""
    return [str(FLAGS.get(flag, flag)) for flag in flags]
