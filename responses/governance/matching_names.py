"""Whether a name or an address is the one that someone asks for, however either is typed."""

from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT

from responses.models import Contact, Message, Petition
from responses.reviewing.bundles.left import rows_held

# Shorter words are similar to too many others.
NEAR_FROM = 4
MOST_NEAR = 20
# What stands within a name, once it is folded.
JOINERS = "'-\u2010\u2011\u2013"


def _folded(words: str) -> str:
    return _in_sql("folded", [words])[0]


def _squeezed(words: str) -> list[str]:
    """Return each word's letters and digits; none for a word of punctuation only."""
    return [word for word in _in_sql("squeezed", words.split()) if word]


def _in_sql(function: str, texts: list[str]) -> list[str]:
    """Return the texts as the database compares them."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(text) FROM unnest(%s::text[]) AS text",  # noqa: S608  # one of ours
            [texts],
        )
        return [row[0] for row in cursor.fetchall()]


def is_address(field: str, words: str) -> Q:
    """Return the condition that an email address is `words`, ignoring case, accents and
    apostrophes.
    """
    return _compared("folded", field, "=", _folded(words.strip()))


def is_name(field: str, words: str) -> Q:
    """Return the condition that a name has every word of `words`, ignoring accents, hyphens,
    apostrophes, case, spaces and invisible characters.
    """
    every = Q()
    for word in (wanted := _squeezed(words)):
        every &= _compared("squeezed", field, "LIKE", f"%{word}%")
    return every if wanted else Q(pk__in=[])


def _compared(function: str, field: str, operator: str, value: str) -> Q:
    return _is(Func(F(field), function=function, output_field=TextField()), operator, value)


def _is(said: "Func[Any]", operator: str, value: str) -> Q:
    return Q(
        Func(
            said,
            Value(value),
            template="(%(expressions)s)",
            arg_joiner=f" {operator} ",
            output_field=BooleanField(),
        )
    )


def names_near(words: str) -> list[str]:
    """Return names that differ from `words` by one letter more, fewer or other, or by two swapped
    ones.

    They may be other people's.
    """
    wanted = _squeezed(words)
    if not wanted or "@" in words:
        return []
    found: set[str] = set()
    for rows, field in (
        (Contact.objects.all(), "name"),
        (Message.objects.all(), "sender_name"),
        (Petition.objects.all(), "organiser_name"),
        (rows_held().annotate(named=KT("fields__raw__name")), "named"),
    ):
        near: QuerySet[Any] = rows.exclude(is_name(field, words))
        for word in wanted:
            slips = rf"\m({_near(word)})\M"
            apart = Func(F(field), function="folded", output_field=TextField())
            # O'Neill is one word where someone asks for O'Neil, and Smith-Jones may be one or two.
            joined = Func(apart, Value(JOINERS), Value(""), function="translate")
            near = near.filter(_is(apart, "~", slips) | _is(joined, "~", slips))
        found |= set(near.order_by().values_list(field, flat=True).distinct()[:MOST_NEAR])
    return sorted(found)[:MOST_NEAR]


def _near(word: str) -> str:
    """Return a pattern for the words within one slip of `word`."""
    if len(word) < NEAR_FROM:
        return word
    slips = {word}
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        slips |= {f"{before}.{after}", f"{before}.{after[1:]}", f"{before}{after[1:]}"}
        if len(after) > 1:
            slips.add(f"{before}{after[1]}{after[0]}{after[2:]}")
    return "|".join(sorted(slips))
