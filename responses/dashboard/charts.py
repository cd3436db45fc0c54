"""Charts as SVG text: no script, nothing loaded from elsewhere, readable in black and white. Pure.

Each has a title and a description for people who cannot see it, and stands above a table of the
same figures.
"""

import textwrap
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH = 720
# How many characters of a label fit the width, even if all are wide.
LABEL_CHARS = 80
INK, QUIET, FILL = "#0b0c0c", "#505a5f", "#0f6674"
# From few to many, and the colour of words on each.
SHADES = [
    ("#e6f0f1", INK),
    ("#b3d3d7", INK),
    ("#6fa9b0", INK),
    ("#0f6674", "#ffffff"),
    ("#123c4a", "#ffffff"),
]
SERIES = ["#0f6674", "#e0a526", "#8c4a6b", "#505a5f"]
TOO_FEW = "fewer than 5, or hidden with them"

# London's 32 boroughs and the City, roughly where they are: the column and row of each one's tile.
TILES = {
    "enfield": (4, 0),
    "harrow": (2, 1),
    "barnet": (3, 1),
    "haringey": (4, 1),
    "waltham-forest": (5, 1),
    "hillingdon": (0, 2),
    "ealing": (1, 2),
    "brent": (2, 2),
    "camden": (3, 2),
    "islington": (4, 2),
    "hackney": (5, 2),
    "redbridge": (6, 2),
    "havering": (7, 2),
    "hounslow": (0, 3),
    "hammersmith-and-fulham": (1, 3),
    "kensington-and-chelsea": (2, 3),
    "westminster": (3, 3),
    "city-of-london": (4, 3),
    "tower-hamlets": (5, 3),
    "newham": (6, 3),
    "barking-and-dagenham": (7, 3),
    "richmond-upon-thames": (1, 4),
    "wandsworth": (2, 4),
    "lambeth": (3, 4),
    "southwark": (4, 4),
    "lewisham": (5, 4),
    "greenwich": (6, 4),
    "bexley": (7, 4),
    "kingston-upon-thames": (2, 5),
    "merton": (3, 5),
    "croydon": (4, 5),
    "bromley": (5, 5),
    "sutton": (3, 6),
}
SHORT = {
    "barking-and-dagenham": "Barking",
    "city-of-london": "City",
    "hammersmith-and-fulham": "Hammersm.",
    "kensington-and-chelsea": "Kensington",
    "kingston-upon-thames": "Kingston",
    "richmond-upon-thames": "Richmond",
    "tower-hamlets": "Tower H.",
    "waltham-forest": "Waltham F.",
}


def bars(title: str, rows: Sequence[tuple[str, int | None]]) -> str:
    """Draw a horizontal bar for each row, with its label above and its figure at the end."""
    most = max((count or 0 for _label, count in rows), default=0) or 1
    lines, y = [], 0
    for label, count in rows:
        width = round((WIDTH - 120) * (count or 0) / most, 1)
        for line in textwrap.wrap(label, LABEL_CHARS) or [""]:
            lines.append(_words(0, y + 15, line))
            y += 20
        y -= 20
        lines.append(
            f'<rect x="0" y="{y + 22}" width="{max(width, 1)}" height="18" fill="{FILL}"/>'
        )
        lines.append(
            _words(
                max(width, 1) + 8,
                y + 36,
                TOO_FEW if count is None else f"{count:,}",
                fill=QUIET if count is None else INK,
            )
        )
        y += 52
    told = ", ".join(f"{label}: {TOO_FEW if count is None else count}" for label, count in rows)
    return _svg(title, told, max(y, 1), lines)


def columns(title: str, days: Sequence[str], series: Mapping[str, Sequence[int]]) -> str:
    """Draw a stacked column for each day, labelled with the first day, the last day and the
    maximum.
    """
    totals = [sum(parts) for parts in zip(*series.values(), strict=True)] if series else []
    most, height = max(totals, default=0) or 1, 220
    step = WIDTH / max(len(days), 1)
    lines = [f'<line x1="0" y1="{height + 20}" x2="{WIDTH}" y2="{height + 20}" stroke="{QUIET}"/>']
    for number in range(len(days)):
        y = float(height + 20)
        for colour, values in zip(SERIES, series.values(), strict=False):
            tall = height * values[number] / most
            y -= tall
            if tall:
                wide = max(min(step, 40) - 1, 0.5)
                lines.append(
                    f'<rect x="{number * step:.1f}" y="{y:.1f}" width="{wide:.1f}" '
                    f'height="{tall:.1f}" fill="{colour}"/>'
                )
    if days:
        lines += [
            _words(0, 14, f"Most on one day: {max(totals):,}"),
            _words(0, height + 40, days[0]),
        ]
        if len(days) > 1:
            lines.append(_words(WIDTH, height + 40, days[-1], anchor="end"))
    for number, (name, colour) in enumerate(zip(series, SERIES, strict=False)):
        x = number * 170
        lines.append(f'<rect x="{x}" y="{height + 58}" width="14" height="14" fill="{colour}"/>')
        lines.append(_words(x + 20, height + 70, name))
    told = "; ".join(f"{name}: {sum(values):,} in all" for name, values in series.items())
    return _svg(title, told or "Nothing has arrived yet.", height + 84, lines)


def tiles(title: str, counts: Mapping[str, int | None], labels: Mapping[str, str]) -> str:
    """Draw a map of London in equal tiles, darker where more came from.

    `counts` and `labels` are keyed by the area's slug.
    """
    size, known = 88, [count for slug in TILES if (count := counts.get(slug))]
    most = max(known, default=0) or 1
    lines = []
    for slug, (column, row) in TILES.items():
        count, x, y = counts.get(slug, 0), column * (size + 2), row * (size + 2)
        fill, ink = SHADES[0] if not count else SHADES[min(1 + 4 * (count - 1) // most, 4)]
        short = SHORT.get(slug, labels.get(slug, slug))
        figure = "few" if count is None else f"{count:,}"
        lines.append(f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="{fill}"/>')
        lines.append(_words(x + size / 2, y + 38, short, fill=ink, anchor="middle", size=14))
        lines.append(_words(x + size / 2, y + 62, figure, fill=ink, anchor="middle", size=17))
    told = ", ".join(
        (
            f"{labels.get(slug, slug)}: "
            f"{TOO_FEW if counts.get(slug, 0) is None else counts.get(slug, 0)}"
        )
        for slug in TILES
    )
    return _svg(title, told, 7 * (size + 2), lines)


def _words(
    x: float, y: float, words: str, *, fill: str = INK, anchor: str = "start", size: int = 16
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return (
        f'<text {place} font-family="Arial, Helvetica, sans-serif" font-size="{size}" '
        f'fill="{fill}">{escape(words)}</text>'
    )


def _svg(title: str, told: str, height: float, lines: Sequence[str]) -> str:
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        'width="100%" role="img">'
    )
    return (
        f"{opening}<title>{escape(title)}</title><desc>{escape(told)}</desc>{''.join(lines)}</svg>"
    )
