"""What staff see if a response was changed while its page was open."""

from django.utils.translation import gettext_lazy as _

REDACTED_WORDS = _(
    "What the public would read was changed by a colleague since you opened it. Read it again. "
    "Nothing was saved, and what you typed is still here."
)
CHANGED_FILE_WORDS = _(
    "It was changed since you opened it. Read it again, then choose the file again. Nothing was "
    "saved."
)
