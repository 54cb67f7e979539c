#!/usr/bin/env python3
"""Draws benches/plot.svg from the figures in benches/data: a panel for each unit of each file, a bar for each figure.

python3 benches/plot.py [NAME ...]     names of files in benches/data without .csv; all of them if there is none

Needs nothing but Python. The same figures give the same file, byte for byte.
"""

import csv
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
ORDER = ["instructions", "allocations", "syscalls", "throughput", "stale", "checkout"]
COLOURS = {
    "bare": "#8c8c8c",
    "legacy": "#4c78a8",
    "reqwest": "#e0a030",
    "layered": "#6aa56a",
    "over_http": "#3f7a4f",
    "client": "#c44e52",
}
OTHER = "#9467bd"

WIDTH = 760
LABEL = 290
BAR = 12
GAP = 4
CASE_GAP = 10
TITLE = 26
PANEL_GAP = 22
VALUE = 90


def panels(names):
    """Yields (title, rows) with rows of (case, contestant, value), in the order of the file."""
    for name in names:
        with open(HERE / "data" / f"{name}.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        for unit in dict.fromkeys(row["unit"] for row in rows):
            own = [row for row in rows if row["unit"] == unit]
            cases = list(dict.fromkeys(row["case"] for row in own))
            own.sort(key=lambda row: cases.index(row["case"]))
            yield f"{name}: {unit}", [(row["case"], row["contestant"], float(row["value"])) for row in own]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"


def text(x, y, content, anchor="start", weight="normal"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}">{escape(content)}</text>'


def draw(all_panels):
    parts = []
    y = PANEL_GAP
    for title, rows in all_panels:
        parts.append(text(10, y, title, weight="bold"))
        y += TITLE - BAR
        highest = max((value for _, _, value in rows), default=0) or 1
        before = None
        for case, contestant, value in rows:
            if before not in (None, case):
                y += CASE_GAP
            if case != before:
                parts.append(text(10, y + BAR - 2, case))
            before = case
            width = (WIDTH - LABEL - VALUE) * value / highest
            colour = COLOURS.get(contestant, OTHER)
            parts.append(text(LABEL - 6, y + BAR - 2, contestant, "end"))
            parts.append(f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>')
            parts.append(text(f"{LABEL + width + 5:.1f}", y + BAR - 2, number(value)))
            y += BAR + GAP
        y += PANEL_GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" '
        'font-family="sans-serif" font-size="11">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>", ""])


def main():
    found = {path.stem for path in (HERE / "data").glob("*.csv")}
    known = [name for name in ORDER if name in found] + sorted(found - set(ORDER))
    names = sys.argv[1:] or known
    path = HERE / "plot.svg"
    path.write_text(draw(panels(names)))
    print(f"{path}: {', '.join(names)}")


if __name__ == "__main__":
    main()
