"""What the set-up pages ask, page by page.

A test holds them to the shapes of a plan file: each of its keys has a field here.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from consult.setting_up.entry_fields import ONE_A_LINE, QUESTION, RECOMMENDATION, SECTION
from consult.setting_up.fields import Lines, Long, Rows, Text, Words
from consult.setting_up.option_fields import Scales
from consult.setting_up.places import Place


@dataclass(frozen=True)
class Page:
    """One form. `place` is where in the file its fields are."""

    name: str
    title: Words
    fields: tuple[Text, ...]
    place: Place = ()


@dataclass(frozen=True)
class Group:
    """A list of entries of one sort, each with a form of its own.

    `named_by` is the field whose words name an entry, and from which its slug is made.
    """

    name: str
    title: Words
    one: Words
    fields: tuple[Text, ...]
    place: Place
    named_by: str
    longest_slug: int
    hint: Words = ""


ABOUT = Page(
    "about",
    _("What it is about"),
    (
        Text("title", _("Title")),
        Text("slug", _("Address"), _("The last part of its web address, such as parks-at-night.")),
        Long("summary", _("Summary"), _("What you are asking about, in two or three sentences.")),
        Text("owner", _("Who is asking")),
        Text("statute", _("The law that requires it"), _("If there is one.")),
        Long(
            "statement",
            _("Whose words these are"),
            _("Shown on every page, for example if this is a summary by someone else."),
        ),
        Long("recommendations_statement", _("Whose words the recommendations are")),
        Long(
            "safety_notice", _("Safety notice"), _("Shown first, where the subject may distress.")
        ),
        Lines("sources", _("Sources"), _("Web addresses. One on each line.")),
    ),
    ("consultation",),
)
DATES = Page(
    "dates",
    _("Dates"),
    (
        Text("opens", _("First day"), _("Such as 1 March 2027. Empty: when you publish it.")),
        Text("closes", _("Last day"), _("It closes at 11:59pm (UK time) on that day.")),
        Text(
            "grace_minutes",
            _("Minutes of grace"),
            _("For anyone who had begun before the closing. Usually 10."),
        ),
        Text(
            "batch_hour",
            _("Hour of the daily batch"),
            _("0 to 23 (UK time). Usually 2, which is 2am."),
        ),
    ),
    ("consultation",),
)
CONTACT = Page(
    "contact",
    _("Contact and ways to respond"),
    (
        Text("contact.organisation", _("Organisation")),
        Lines("contact.postal_address", _("Postal address"), ONE_A_LINE),
        Text("contact.email", _("Email address")),
        Text("contact.telephone", _("Telephone number")),
        Text("contact.formats", _("How to ask for another format")),
        Text("contact.controller", _("Who is responsible for people’s data")),
        Text("contact.data_protection", _("How to reach the data protection officer")),
        Rows(
            "ways_to_respond",
            _("Ways to respond"),
            _(
                "One on each line: online, email, post or telephone, then a bar and what people "
                "read. For example: post | By post"
            ),
            columns=("slug", "label"),
        ),
        Lines("alternative_formats", _("Other formats"), ONE_A_LINE),
    ),
    ("consultation",),
)
EQUALITY = Page(
    "equality-introduction",
    _("Introduction to the equality questions"),
    (Long("equality_intro", _("Introduction")),),
)
REFERENCES = Page(
    "references",
    _("References, and titles of sources"),
    (
        Rows(
            "references",
            _("References"),
            _(
                "One on each line: the number, its title, its web address and, where it has none, "
                "why, with bars between."
            ),
            columns=("number", "title", "address", "no_address"),
        ),
        Rows(
            "source_titles",
            _("Titles of sources"),
            _("One on each line: the web address of a source, a bar, and its title."),
            columns=("address", "title"),
        ),
    ),
)
SCALES = Page(
    "scales",
    _("Scales"),
    (
        Scales(
            "scales",
            _("Scales"),
            _(
                "A line that begins with # names a scale. Its options follow, one on each line "
                "from one end to the other, each with a bar and its value. For example: Agree | 2"
            ),
        ),
    ),
)
FILES = Page(
    "files",
    _("Files that people can attach"),
    (
        Text("attachments", _("How many"), _("0 to 10. Empty: none.")),
        Lines("attachment_types", _("Which"), _("Such as pdf, word or image. One on each line.")),
        Text("attachment_megabytes", _("Largest, in megabytes")),
    ),
    ("consultation",),
)
VERSIONS = Page(
    "other-versions",
    _("Easy Read, BSL and summaries"),
    (
        Rows(
            "other_versions",
            _("Other versions"),
            _(
                "One on each line: easy-read, bsl or summary, then its title, its web address and "
                "its language, with bars between."
            ),
            columns=("kind", "title", "address", "language"),
        ),
    ),
)
PAGES = {
    page.name: page
    for page in (ABOUT, DATES, CONTACT, FILES, VERSIONS, REFERENCES, SCALES, EQUALITY)
}

GROUPS = {
    group.name: group
    for group in (
        Group("sections", _("Sections"), _("section"), SECTION, ("sections",), "title", 60),
        Group(
            "recommendations",
            _("Recommendations"),
            _("recommendation"),
            RECOMMENDATION,
            ("recommendations",),
            "headline",
            60,
        ),
        *(
            Group(name, title, _("question"), QUESTION, ("questions", name), "text", 40, hint)
            for name, title, hint in (
                (
                    "each_section",
                    _("Questions about each section"),
                    _("Asked once for each. {title} stands for the section’s title."),
                ),
                (
                    "each_recommendation",
                    _("Questions about each recommendation"),
                    _("Asked once for each. {headline} stands for its headline."),
                ),
                ("general", _("Questions about the plan as a whole"), ""),
                ("about_you", _("Questions about the person who answers"), ""),
                (
                    "equality",
                    _("Equality questions"),
                    _("Asked after sending, and kept apart from the response."),
                ),
            )
        ),
    )
}
