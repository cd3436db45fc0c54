"""The help page: what a new reviewer needs to know, in the order of a day's work."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from consult.models import Right
from consult.staff.access import StaffRequest, staff_only


@dataclass(frozen=True)
class Step:
    """One thing to learn.

    `picture` is a static file made by `make pictures`, and `alt` describes it.
    """

    slug: str
    title: str | Promise
    lines: tuple[str | Promise, ...]
    address: str
    alt: str | Promise

    @property
    def picture(self) -> str:
        return f"consult/help/{self.slug}.png"


STEPS = [
    Step(
        "responses",
        _("Find what to read"),
        (
            _(
                "The list shows the newest first. Choose what you look for and press Show: the "
                "filters stand in the page's address, "
                "so you can keep it or send it to a colleague."
            ),
            _(
                "Under words you can type several, put “a phrase” in quotation marks, or leave a "
                "word out with a minus sign before "
                "it. A reference finds its response."
            ),
        ),
        "review-list",
        _("The list of responses with its filters above it."),
    ),
    Step(
        "one",
        _("Read one response"),
        (
            _(
                "On the left is everything that was said, beside each question as it was asked. On "
                "the right you say how far you "
                "are: being read, considered, or set aside with the reason."
            ),
            _(
                "A note says why. Notes stay, also when two people write at once. “Newer” and "
                "“Older” lead through the list that "
                "you came from, and so do the keys k and j. Who else has it open is said at the "
                "top."
            ),
        ),
        "",
        _("One response: its answers on the left, the decision, details and history on the right."),
    ),
    Step(
        "codes",
        _("Say which ideas it holds"),
        (
            _(
                "Each question has a codebook. A code is one idea with a sentence on when it fits. "
                "Choose every code that fits the "
                "answer, or copy a passage and code that alone. The grid shows all answers to one "
                "question, to be sorted and coded many at a time."
            ),
            _(
                "Codes that the service suggests come with the words that led to them, and are "
                "never chosen for you. A second "
                "person can code a sample unseen; kappa shows how far you agree."
            ),
        ),
        "code-questions",
        _("An answer with the codes to choose from below it."),
    ),
    Step(
        "campaigns",
        _("See similar letters"),
        (
            _(
                "Every night the service looks for answers that are nearly the same. Two are "
                "enough for a group. Open it, see what "
                "each person changed, and give it a name if it is a campaign."
            ),
            _(
                "Three numbers always stand together: responses, different texts, and people. A "
                "campaign is not less than other "
                "responses, nor more."
            ),
        ),
        "campaign-list",
        _("A campaign: its three numbers, its text, and what each member changed."),
    ),
    Step(
        "many",
        _("Change many at once"),
        (
            _(
                "Filter the list, then choose “Change all that match…”. You see how many that are, "
                "some of them, and which would be left "
                "as they are and why. Nothing changes before you say so."
            ),
            _(
                "You can go on with other work meanwhile. The change stands in the history of each "
                "response, and it can be undone: what "
                "someone was at since stays as they left it."
            ),
        ),
        "bulk-list",
        _(
            "What is to be done to all responses that match the filters: a state, a code, a "
            "campaign, and a note."
        ),
    ),
    Step(
        "post",
        _("Enter letters, emails and calls"),
        (
            _(
                "Enter what came by another way word for word. Write the reference on the letter, "
                "keep a scan with it, and ask a "
                "colleague to key it a second time."
            ),
            _(
                "A mailbox can be loaded as a file. Each message becomes a response, or is set "
                "aside with the reason, until none is left."
            ),
        ),
        "entering",
        _("The page on which letters and a mailbox are worked through."),
    ),
    Step(
        "publication",
        _("Decide what the public reads"),
        (
            _(
                "Open a response and choose “Publish”. Left is what was sent, right is what "
                "everyone would see. Keep back what "
                "tells who someone is, then approve it or hold it back."
            ),
            _("Nothing is published that its sender did not agree to."),
        ),
        "publication",
        _("A response as it was sent beside what the public would see of it."),
    ),
    Step(
        "dashboard",
        _("See how far you all are"),
        (
            _(
                "The dashboard counts what came in, from where, and how much is read and coded. It "
                "is not a vote and not a sample: "
                "say so when you quote it."
            ),
        ),
        "dashboard",
        _("The dashboard with responses by day and a map of London."),
    ),
]


@staff_only(Right.READ_RESPONSES)
@require_safe
def guide(request: StaffRequest) -> HttpResponse:
    return render(request, "reviewing/help.html", {"steps": STEPS})
