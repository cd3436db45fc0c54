"""A system file of SPSS (.sav), written one case at a time. What its parts are is told in PSPP's
guide for developers, "System File Format".

Libraries that write one want the whole table in memory.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

# The longest text of a variable, in bytes of UTF-8.
TEXT_BYTES = 32_767
LABEL_BYTES, VALUE_LABEL_BYTES = 255, 120
# A longer text than this is kept in several strings, which readers put together. Each holds 255
# bytes of it and is counted as 252.
SEGMENT_BYTES, SEGMENT_COUNTS = 255, 252
BIAS = 100
SPACES, RAW, NOTHING, END = 254, 253, 255, 252
LOWEST, HIGHEST = -1.7976931348623157e308, 1.7976931348623157e308
# How a variable is shown: its type, width and decimal places.
TEXT, WHOLE, DECIMAL, DAY, MOMENT = (1, 0, 0), (5, 12, 0), (5, 12, 4), (20, 11, 0), (22, 20, 0)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

Cell = float | str | None


@dataclass(frozen=True)
class Variable:
    """One variable. `width` is the longest text in bytes, 0 for a number; `labels` say what numbers
    mean, and `missing` is a number that counts as no answer.
    """

    name: str
    label: str
    shown: tuple[int, int, int] = WHOLE
    width: int = 0
    labels: Mapping[int, str] = field(default_factory=dict)
    missing: int | None = None

    @property
    def segments(self) -> list[int]:
        """The widths of the strings in which it is kept; 0 for a number."""
        if self.width <= SEGMENT_BYTES:
            return [self.width]
        more = -(-self.width // SEGMENT_COUNTS) - 1
        return [*[SEGMENT_BYTES] * more, self.width - more * SEGMENT_COUNTS]


class SavFile:
    """An open file: `write` takes one case, `finish` ends it."""

    def __init__(
        self,
        file: BinaryIO,
        variables: Sequence[Variable],
        *,
        title: str,
        made_at: datetime,
        cases: int,
    ) -> None:
        self.file, self.variables = file, variables
        self._codes, self._raw = bytearray(), bytearray()
        file.write(_header(variables, title=title, made_at=made_at, cases=cases))
        file.writelines(_variables(variables))
        file.writelines(_value_labels(variables))
        file.writelines(_information(variables, cases=cases))
        file.write(struct.pack("<ii", 999, 0))

    def write(self, case: Iterable[Cell]) -> None:
        for variable, cell in zip(self.variables, case, strict=True):
            if variable.width:
                self._add_text(variable, (cell or "").encode() if isinstance(cell, str) else b"")
            elif cell is None:
                self._add(NOTHING)
            elif isinstance(cell, int | float) and cell % 1 == 0 and -BIAS < cell <= 151:
                self._add(int(cell) + BIAS)
            else:
                self._add(RAW, struct.pack("<d", cell))

    def finish(self) -> None:
        self._add(END)
        self._add_many(0, -len(self._codes) % 8)

    def _add_text(self, variable: Variable, text: bytes) -> None:
        for number, width in enumerate(variable.segments):
            part = text[number * SEGMENT_BYTES : (number + 1) * SEGMENT_BYTES]
            full = -(-len(part) // 8)
            part = part.ljust(full * 8)
            for at in range(0, len(part), 8):
                self._add(RAW, part[at : at + 8])
            self._add_many(SPACES, -(-width // 8) - full)

    def _add(self, code: int, raw: bytes = b"") -> None:
        """Eight codes go together, each for eight bytes; the bytes that no code says follow."""
        self._codes.append(code)
        self._raw += raw
        if len(self._codes) == 8:
            self.file.write(self._codes + self._raw)
            self._codes, self._raw = bytearray(), bytearray()

    def _add_many(self, code: int, times: int) -> None:
        while self._codes and times:
            self._add(code)
            times -= 1
        self.file.write(bytes([code]) * (times - times % 8))
        for _ in range(times % 8):
            self._add(code)


def cut(text: str, most: int) -> bytes:
    """The beginning of a text, of at most so many bytes of UTF-8 and no half character."""
    return text.encode()[:most].decode(errors="ignore").encode()


def _header(variables: Sequence[Variable], *, title: str, made_at: datetime, cases: int) -> bytes:
    size = sum(max(-(-width // 8), 1) for one in variables for width in one.segments)
    day = f"{made_at.day:02} {MONTHS[made_at.month - 1]} {made_at.year % 100:02}"
    return struct.pack(
        "<4s60siiiiid9s8s64s3s",
        *(b"$FL2", b"@(#) SPSS DATA FILE".ljust(60), 2, size, 1, 0, cases, float(BIAS)),
        *(day.encode(), f"{made_at:%H:%M:%S}".encode(), cut(title, 64).ljust(64), b""),
    )


def _variables(variables: Sequence[Variable]) -> Iterator[bytes]:
    number = 0
    for variable in variables:
        for first, width in zip([True, *[False] * 200], variable.segments, strict=False):
            number += 1
            yield _variable(variable, number, width, first=first)


def _variable(variable: Variable, number: int, width: int, *, first: bool) -> bytes:
    kind, shown, places = variable.shown
    format_ = kind << 16 | (min(width, 255) if variable.width else shown) << 8 | places
    missing = variable.missing is not None and first
    record = struct.pack(
        "<iiiiii8s", 2, width, first, missing, format_, format_, _short(number).ljust(8)
    )
    if first:
        label = cut(variable.label or variable.name, LABEL_BYTES)
        record += struct.pack("<i", len(label)) + label.ljust(-(-len(label) // 4) * 4, b"\0")
    if missing:
        record += struct.pack("<d", variable.missing)
    more = -(-width // 8) - 1 if width else 0
    return record + struct.pack("<iiiiii8s", 2, -1, 0, 0, 0, 0, b"".ljust(8)) * more


def _short(number: int) -> bytes:
    return f"V{number}".encode()


def _value_labels(variables: Sequence[Variable]) -> Iterator[bytes]:
    place = 1
    for variable in variables:
        if variable.labels:
            yield struct.pack("<ii", 3, len(variable.labels))
            for value, words in variable.labels.items():
                label = cut(words, VALUE_LABEL_BYTES)
                padded = -(-(len(label) + 1) // 8) * 8 - 1
                yield struct.pack("<dB", value, len(label)) + label.ljust(padded)
            yield struct.pack("<iii", 4, 1, place)
        place += sum(max(-(-width // 8), 1) for width in variable.segments)


def _information(variables: Sequence[Variable], *, cases: int) -> Iterator[bytes]:
    yield _record(3, struct.pack("<8i", 1, 0, 0, -1, 1, 1, 2, 65001), size=4)
    yield _record(4, struct.pack("<3d", LOWEST, HIGHEST, _next_above_lowest()), size=8)
    names, long, shown, number = [], [], b"", 1
    for variable in variables:
        short = _short(number).decode()
        names.append(f"{short}={variable.name}")
        if len(variable.segments) > 1:
            long.append(f"{short}={variable.width:05}\0\t")
        measure = 1 if variable.width or variable.labels else 3
        column = struct.pack("<3i", measure, 32 if variable.width else 12, not variable.width)
        shown += column * len(variable.segments)
        number += len(variable.segments)
    yield _record(11, shown, size=4)
    yield _record(13, "\t".join(names).encode())
    if long:
        yield _record(14, "".join(long).encode())
    yield _record(16, struct.pack("<qq", 1, cases), size=8)
    yield _record(20, b"UTF-8")


def _next_above_lowest() -> float:
    value: float = struct.unpack("<d", bytes.fromhex("feffffffffffefff"))[0]
    return value


def _record(subtype: int, content: bytes, *, size: int = 1) -> bytes:
    return struct.pack("<iiii", 7, subtype, size, len(content) // size) + content
