"""The kinds of question. `consult.plans.kinds.entry` says what a kind consists of."""

from consult.plans.kinds.choosing import Many, One
from consult.plans.kinds.dates import Date
from consult.plans.kinds.entry import Kind
from consult.plans.kinds.numbers import Number
from consult.plans.kinds.writing import ShortText, Text

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (One(), Many(), Text(), ShortText(), Date(), Number())
}
# As the columns' meanings list them.
KIND_NAMES = "`{}` or `{}`".format("`, `".join(list(KINDS)[:-1]), list(KINDS)[-1])
