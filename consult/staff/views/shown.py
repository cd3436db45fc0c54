"""What staff see if something was changed while its page was open."""

from django.utils.translation import gettext_lazy as _

CHANGED_WORDS = _(
    "It was changed since you opened it. Read it again. Nothing was saved, and what you typed is "
    "still here."
)
