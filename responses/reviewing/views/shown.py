"""What a form says that its page showed, and what staff see if that was changed meanwhile."""

from django.utils.translation import gettext_lazy as _

from consult.staff.access import StaffRequest
from responses.requests import number_in
from responses.reviewing.codes_shown import CodesShown

REDACTED_WORDS = _(
    "What the public would read was changed by a colleague since you opened it. Read it again. "
    "Nothing was saved, and what you typed is still here."
)
CHANGED_FILE_WORDS = _(
    "It was changed since you opened it. Read it again, then choose the file again. Nothing was "
    "saved."
)
CODES_CHANGED_WORDS = _(
    "Changed since you opened this page, or not to be given any more: %(names)s. Nothing was "
    "saved, and what you chose is still here. Read what the codes mean now."
)
SAID_WORDS = _(
    "You gave this answer other codes since you opened this page, perhaps in another window. "
    "Nothing was saved, and what you chose is still here. See which codes it has now."
)


def codes_shown(request: StaffRequest) -> CodesShown:
    """What the form of one answer says that its page showed of the codes."""
    return CodesShown(versions_shown(request), request.POST.get("said", ""))


def versions_shown(request: StaffRequest) -> dict[int, int]:
    """The version of each code that a page offered, from `id:version` pairs in its form."""
    pairs = (pair.partition(":") for pair in request.POST.get("codes", "").split())
    return {number_in(pk): number_in(version) for pk, _colon, version in pairs}
