"""The columns as variables of SPSS, Stata and R: their names, and the numbers of their options.

Pure: values in, values out.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping

from consult.plans.document import EQUALITY, Plan
from responses.exporting.columns.responses import RESPONSES

# Stata's longest name; SPSS and R take longer ones.
NAME_CHARACTERS = 32
PLAIN = re.compile(r"[a-z][a-z0-9]*(?:-{1,2}[a-z0-9]+)*")
# Words that one of the three has taken, and no name may be.
TAKEN = {
    *["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"],
    *["byte", "double", "float", "if", "in", "int", "long", "using"],
    *["break", "else", "false", "for", "function", "inf", "na", "nan", "next", "null", "repeat"],
    *["true", "while"],
}
OURS = {column.name for column in RESPONSES}
# An answer to a question or an option that was not put to this respondent.
NOT_ASKED_CODE = -1

# By question and option.
Codes = Mapping[tuple[str, str], int]


def variable_name(name: str) -> str:
    """Return the name that a column of answers has in all three: the same in every batch, and never
    that of another column.

    A name that does not fit as it is ends in the beginning of its hash.
    """
    plain = name.replace("-", "_")
    if PLAIN.fullmatch(name) and len(plain) <= NAME_CHARACTERS and plain not in TAKEN | OURS:
        return plain
    ending = hashlib.sha256(name.encode()).hexdigest()[:6]
    start = re.sub(r"[^a-z0-9_]", "_", plain[: NAME_CHARACTERS - 7])
    return f"{start if start[:1].isalpha() else f'q{start[:-1]}'}_{ending}"


def option_codes(plans: Iterable[Plan]) -> Codes:
    """Number the options of each question from 1, in the order of the editions that had them first.

    `plans` are those of every edition, the earliest first, so that a number never changes: a later
    edition can only add to them.
    """
    codes: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    for plan in plans:
        for question in [*plan.asked, *plan.questions_of(EQUALITY)]:
            for option in question.options:
                if (question.slug, option.slug) not in codes:
                    counts[question.slug] = counts.get(question.slug, 0) + 1
                    codes[question.slug, option.slug] = counts[question.slug]
    return codes
