"""Agreement as analysts draw it: one stacked bar that grows from the middle to both sides, as SVG.
Pure, and for every place that shows one.

Nothing is loaded from elsewhere. It has a title and a description with the same figures, and
stands beside a table of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, BAR, ROOM = 720, 34, 340
INK = "#0b0c0c"
# From the strongest on either side to the middle, told apart in black and white too.
BELOW, MIDDLE, ABOVE = ("#8c4a6b", "#c99ab1"), "#d9dcdd", ("#0f6674", "#7fb3ba")


@dataclass(frozen=True)
class Piece:
    """One answer of a scale: its label, its place on the scale, and how many gave it."""

    label: str
    value: float
    count: int


def diverging_bar(title: str, pieces: Sequence[Piece], base: int) -> str:
    """Draw the answers below the middle of the scale to the left and those above it to the right,
    half of the middle on each side. All widths are of `base`. Empty where nobody answered.
    """
    middle = _middle(pieces)
    shown = [piece for piece in sorted(pieces, key=lambda piece: piece.value) if piece.count]
    if not shown or not base:
        return ""
    scale = ROOM / base
    left = sum(piece.count for piece in shown if piece.value < middle)
    centred = sum(piece.count for piece in shown if piece.value == middle)
    x, lines = WIDTH / 2 - (left + centred / 2) * scale, []
    for place, piece in enumerate(shown):
        width = piece.count * scale
        fill = _fill(piece, shown, middle)
        lines.append(
            f'<rect x="{x:.1f}" y="10" width="{width:.1f}" height="{BAR}" fill="{fill}" '
            'stroke="#ffffff"/>'
        )
        y = 10 + BAR + 24 + place * 24
        share = round(100 * piece.count / base)
        words = f"{piece.label}: {piece.count:,} ({share}%)"
        lines.append(f'<rect x="0" y="{y - 13}" width="14" height="14" fill="{fill}"/>')
        lines.append(
            f'<text x="22" y="{y}" font-family="Arial, Helvetica, sans-serif" font-size="16" '
            f'fill="{INK}">{escape(words)}</text>'
        )
        x += width
    height = 10 + BAR + 24 + len(shown) * 24
    lines.append(f'<line x1="{WIDTH / 2}" y1="4" x2="{WIDTH / 2}" y2="{BAR + 16}" stroke="{INK}"/>')
    told = ", ".join(f"{piece.label}: {piece.count}" for piece in shown) + f"; of {base}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="100%" '
        f'role="img"><title>{escape(title)}</title><desc>{escape(told)}</desc>'
        f"{''.join(lines)}</svg>"
    )


def _middle(pieces: Sequence[Piece]) -> float:
    values = [piece.value for piece in pieces]
    return (min(values) + max(values)) / 2 if values else 0


def _fill(piece: Piece, shown: Sequence[Piece], middle: float) -> str:
    if piece.value == middle:
        return MIDDLE
    side = [one for one in shown if (one.value < middle) == (piece.value < middle)]
    strongest = max(side, key=lambda one: abs(one.value - middle))
    return (BELOW if piece.value < middle else ABOVE)[piece is not strongest]
