"""What the page for weighing says of each refusal, and at which field."""

from django.utils.translation import gettext_lazy as _lazy

from responses.deciding.places import FileIsWhole, NoSuchPassage
from responses.deciding.points import MergedAlready
from responses.deciding.reasons import NoSuchReason, NotTheSameLetter
from responses.deciding.views.register import PROBLEMS

WEIGH_PROBLEMS: dict[type[Exception], tuple[str, object]] = {
    **PROBLEMS,
    NoSuchPassage: (
        "passage",
        _lazy("The answer does not hold these words. Copy them from it just as they are."),
    ),
    FileIsWhole: (
        "point",
        _lazy("Nobody typed the words of this file, so it makes the point as a whole."),
    ),
    MergedAlready: (
        "point",
        _lazy("A colleague put that point into another one meanwhile. Choose again."),
    ),
    NoSuchReason: ("reason-no-code", _lazy("Choose why it makes no point.")),
    NotTheSameLetter: (
        "same-as",
        _lazy(
            "Give the reference of a response that says the same to a question and makes a point."
        ),
    ),
}
