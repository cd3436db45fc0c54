"""The kinds of question there are. `consult.plans.kinds.entry` says what one consists of."""

from consult.plans.kinds.choosing import Many, One
from consult.plans.kinds.dates import Date
from consult.plans.kinds.entry import Kind
from consult.plans.kinds.numbers import Number
from consult.plans.kinds.writing import ShortText, Text

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (One(), Many(), Text(), ShortText(), Date(), Number())
}
# As the tables say which kinds there are.
KIND_NAMES = "`{}` or `{}`".format("`, `".join(list(KINDS)[:-1]), list(KINDS)[-1])
