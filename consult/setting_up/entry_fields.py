"""What the set-up pages ask of a section, a recommendation and a question."""

from django.utils.translation import gettext_lazy as _

from consult.plans.kinds import KINDS
from consult.setting_up.fields import Choice, Lines, Long, Rows, Table, Text, Tick
from consult.setting_up.option_fields import Marked, Options

ONE_A_LINE = _("One on each line.")
SLUG_HELP = _(
    "Small letters, digits and hyphens. Leave it empty to have it made from the words above. It "
    "cannot change once people have answered."
)
SECTION = (
    Text("title", _("Title")),
    Text("slug", _("Short name"), SLUG_HELP),
    Long("summary", _("What you propose"), _("Leave an empty line between paragraphs.")),
    Lines("commitments", _("Commitments"), ONE_A_LINE),
    Text(
        "comment_prompt", _("Hint for its comment"), _("Beside the question in people’s own words.")
    ),
    Lines("sources", _("Sources"), _("Web addresses. One on each line.")),
    Tick("official_theme", _("It is a theme of the plan itself"), usual="true"),
    Text("grouping_note", _("Why it is grouped like this"), _("If it is not a theme of the plan.")),
)
RECOMMENDATION = (
    Text("headline", _("Headline")),
    Text("slug", _("Short name"), SLUG_HELP),
    Text("attribution", _("Who recommends it")),
    Long("context", _("Why"), _("Leave an empty line between paragraphs.")),
    Long("draft_plan_coverage", _("What the plan says about it now")),
    Rows(
        "figures",
        _("Figures"),
        _("One on each line: the figure, what it counts, and where it is from, with bars between."),
        columns=("value", "what", "source"),
    ),
    Lines(
        "related_sections", _("Sections that it belongs to"), _("Their short names, one a line.")
    ),
    Text("comment_prompt", _("Hint for its comment")),
    Lines("sources", _("Sources"), _("Web addresses. One on each line.")),
    Long("since_closing", _("What happened after the closing"), _("Kept, and not shown.")),
)
QUESTION = (
    Text("text", _("Question")),
    Text("slug", _("Short name"), SLUG_HELP),
    Choice(
        "kind",
        _("How it is answered"),
        options=tuple((kind.name, kind.words) for kind in KINDS.values()),
    ),
    Text("help", _("Hint")),
    Options(
        "options",
        _("Options"),
        _("One on each line. A line that begins with # is a heading for those after it."),
    ),
    Marked(
        "write_in",
        _("Options with a line to write in"),
        _("Such as “Something else”. Repeat their words from above, one on each line."),
    ),
    Marked(
        "exclusive",
        _("Options that go with no other"),
        _("Such as “None of these”. Repeat their words from above, one on each line."),
    ),
    Choice("scale", _("Or: options from a scale"), among="scales"),
    Choice(
        "options_from",
        _("Or: options from the plan"),
        options=(("sections", _("Sections")), ("recommendations", _("Recommendations"))),
    ),
    Table(
        "show_if",
        _("Ask it only after a certain answer"),
        _("The other question’s short name, a bar, and the short name of its option."),
        rare=True,
    ),
    Tick(
        "individuals_only",
        _("Do not ask organisations"),
        _("For equality questions: someone who answers for an organisation is not asked it."),
        rare=True,
    ),
    Text("max_choices", _("How many can be chosen"), rare=True),
    Text("max_chars", _("Longest answer, in characters"), rare=True),
    Text("unit", _("Unit of the number"), _("Such as miles."), rare=True),
    Text("least", _("Least number"), rare=True),
    Text("most", _("Greatest number"), rare=True),
    Text("decimals", _("Decimal places"), rare=True),
    Text("from", _("Earliest year"), rare=True),
    Text("to", _("Latest year"), rare=True),
)
