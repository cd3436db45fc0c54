"""One of a thing is said as one: no page and no message says "1 responses"."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from consult.text import counted

ROOT = Path(settings.BASE_DIR)
COUNTED = (
    "answers|batches|characters|codes|days|differences|drafts|emails|entries|files|hours|links|"
    "members|messages|minutes|parts|passages|people|questions|responses|reviewers|rows|texts|"
    "versions|words"
)
# A figure, and at most two words later what there are so many of.
FIGURE = r"(?:\{\{ *[\w.|:\"]+ *\}\}|%\(\w+\)[sd]|\{[^{}%\n]+\})"
SAID = re.compile(rf"({FIGURE}(?: (?!the|in|no|of|contains|had|has)[a-z]+){{0,2}} (?:{COUNTED}))\b")
# Never one of them, and why.
SEVERAL = {
    "{{ minutes_for_one }} minutes": "rounded up to fives",
    "{{ minutes_for_all }} minutes": "rounded up to fives",
    "{{ count }} responses": "more than 10,000",
    "{{ count }} similar answers": "a group has two",
    "{{ most }} characters": "the most that a field takes",
    "%(most)s characters": "the most that a field takes",
    "%(most)s rows": "the most that a file may have",
    "{question.max_chars} characters": "the most that a question takes",
    "{len(words):,} characters": "more than the most that a code takes",
    "{len(rows):,} codes": "more than the most that are taken at once",
    "{len(value):,} characters": "more than the most that a key takes",
    "%(count)s days": "two or more, or else in hours",
    "%(count)s hours": "two or more, or else in minutes",
    "{KEEP_EXTRACTS_FOR.days} days": "seven",
    "{KEEP_FOR.days} days": "thirty",
    "{FORGET_AFTER.days} days": "two",
    "{settings.SESSION_COOKIE_AGE // 3600} hours": "a working day",
    "{clock.days} days": "a retention period, in months at least",
}
# No figure at all.
OTHERWISE = {"{{ owner }} what people", "{batch.name} answers", "{slug} equality answers"}
PLURAL_BLOCK = re.compile(r"\{% blocktranslate[^%]* count .*?\{% endblocktranslate %\}", re.DOTALL)
NGETTEXT = re.compile(r"ngettext\((?:[^()]|\([^()]*\))*\)")


def said_in_templates() -> Iterator[str]:
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.is_file():
            text = " ".join(PLURAL_BLOCK.sub("", path.read_text()).split())
            yield from SAID.findall(text)


def said_in_code() -> Iterator[str]:
    for app in ("consult", "responses"):
        for path in sorted((ROOT / app).rglob("*.py")):
            text = re.sub(r'"\s+f?"', "", NGETTEXT.sub("", path.read_text()))
            yield from SAID.findall(text)


@pytest.mark.parametrize("said", [said_in_templates, said_in_code])
def test_a_figure_before_what_it_counts_has_a_word_for_one(said: object) -> None:
    found = set(said())  # type: ignore[operator]
    assert found - set(SEVERAL) - OTHERWISE == set()


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (12345, "12,345 rows")]
)
def test_a_number_is_said_with_what_it_counts(number: int, said: str) -> None:
    assert counted(number, "row", "rows") == said
