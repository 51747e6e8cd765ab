# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw the pictures of docs/benchmarks.md from the tables in it (`make plots`). `make bench` draws them, too."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

REPORT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
CONDITION = "30 ms latency, real quotas"
STEPS = ("Create", "No change")
# The ways by their names in the tables: label, colors on a light and on a dark background.
WAYS = {
    "loop of `ivschat_room`": ("loop", "#b35900", "#f0883e"),
    "`ivschat_stack`": ("ivschat_stack", "#0b5fcc", "#6cb0ff"),
    "AWS CLI script": ("AWS CLI", "#8250df", "#c297ff"),
    "boto3 script": ("boto3", "#57606a", "#a5afba"),
    "Terraform's calls": ("Terraform refresh", "#1a7f37", "#4cc764"),
}
WIDTH = 452
LEFT, RIGHT, TOP, PANEL, GAP = 58, 166, 62, 190, 52  # pixels around, of, and between the panels
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.head { font-weight: 600; font-size: 13px }
.quiet { fill: #57606a }
.back { fill: #ffffff; stroke: #d1d9e0 }
.grid { stroke: #d1d9e0 }
path[class] { fill: none; stroke-width: 2 }
path.grid { stroke-width: 1 }
"""
DARK = """
text { fill: #e6edf3 }
.quiet { fill: #a5afba }
.back { fill: #0d1117; stroke: #3d444d }
.grid { stroke: #30363d }
"""


@dataclass(frozen=True)
class Figure:
    """One way with one number of rooms."""

    rooms: int
    seconds: float
    calls: int
    projected: bool  # not measured (the report marks it)

    @property
    def about(self) -> str:
        return "≈ " if self.projected else ""


Table = dict[str, list[Figure]]  # by way, with increasing numbers of rooms


def tables(report: str) -> dict[str, Table]:
    """What was measured in each step under CONDITION, from the text of docs/benchmarks.md."""
    section, step = "", ""
    found: dict[str, Table] = {}
    for line in report.splitlines():
        if line.startswith("## "):
            section, step = line[3:], "No change" if line == "## Terraform refresh" else ""
        elif line.startswith("### "):
            step = line[4:]
        elif step in STEPS and section in (CONDITION, "Terraform refresh") and re.match(r"\| \d", line):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            way, seconds = cells[1], cells[2]
            calls = cells[5 if section == CONDITION else 3]
            if section == CONDITION or way == "Terraform's calls":
                figure = Figure(int(cells[0]), number(seconds), int(number(calls)), seconds.startswith("≈"))
                found.setdefault(step, {}).setdefault(way, []).append(figure)
    return found


def number(cell: str) -> float:
    """The first number of a cell such as `≈ 513` or `207.92 (207.42)`."""
    return float(re.sub(r"^≈ ", "", cell).split()[0])


def seconds(figure: Figure) -> str:
    return f"{figure.about}{figure.seconds:.{0 if figure.seconds >= 10 else 1}f} s"


def picture(height: float, title: str, description: str, shapes: Iterable[str]) -> str:
    """An SVG that follows the color scheme of the reader."""
    light, dark = (
        "\n".join(
            f".w{n} {{ stroke: {way[scheme]}; fill: {way[scheme]} }} text.w{n} {{ stroke: none }}"
            for n, way in enumerate(WAYS.values())
        )
        for scheme in (1, 2)
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
            f'height="{height:g}" role="img" aria-labelledby="title desc">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{STYLE}{light}\n@media (prefers-color-scheme: dark) {{{DARK}{dark}\n}}</style>",
            f'<rect class="back" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="6"/>',
            text(14, 24, title, "head"),
            *shapes,
            "</svg>",
            "",
        ]
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}{anchor}>{escape(words)}</text>'


def draw_seconds(steps: dict[str, Table]) -> str:
    """Seconds by number of rooms, both logarithmic, one panel for each step."""
    title = "Seconds by number of rooms"
    shapes = [text(14, 43, f"{CONDITION}. Dashed: projected, not measured", "quiet")]
    description = [f"{CONDITION}."]
    shown = [step for step in STEPS if step in steps]
    for place, step in enumerate(shown):
        shapes += panel(TOP + place * (PANEL + GAP), step, steps[step])
        last = ", ".join(f"{WAYS[way][0]} {seconds(figures[-1])}" for way, figures in steps[step].items())
        description.append(f"{step}, {most(steps[step]):,} rooms: {last}.")
    return picture(TOP + len(shown) * (PANEL + GAP) - 26, title, " ".join(description), shapes)


def most(table: Table) -> int:
    """The largest number of rooms."""
    return max(figures[-1].rooms for figures in table.values())


def panel(top: float, step: str, table: Table) -> Iterable[str]:
    """One chart: grid, lines, points, and a label at the end of each line."""
    values = [figure.seconds for figures in table.values() for figure in figures]
    low = math.floor(math.log10(min(values)))
    high = max(low + 1, math.ceil(math.log10(max(values))))
    right, bottom = WIDTH - RIGHT, top + PANEL
    top += 22

    def x(rooms: int) -> float:
        return LEFT + (right - LEFT) * math.log10(rooms) / max(1, math.log10(most(table)))

    def y(value: float) -> float:
        return bottom - (bottom - top) * (math.log10(value) - low) / (high - low)

    yield text(14, top - 10, step, "head")
    for decade in range(low, high + 1):
        height = y(10.0**decade)
        yield f'<path class="grid" d="M{LEFT} {height:.1f}H{right}"/>'
        yield text(LEFT - 6, height + 4, f"{10.0**decade:,g} s", "quiet", "end")
    for rooms in sorted({figure.rooms for figures in table.values() for figure in figures}):
        yield text(x(rooms), bottom + 17, f"{rooms:,}" + (" rooms" if rooms == most(table) else ""), "quiet", "middle")
    labels = []
    for way, figures in table.items():
        kind = f"w{list(WAYS).index(way)}"
        for before, after in zip(figures, figures[1:], strict=False):
            line = f"M{x(before.rooms):.1f} {y(before.seconds):.1f}L{x(after.rooms):.1f} {y(after.seconds):.1f}"
            dash = 'stroke-dasharray="4 4"' if after.projected else ""
            yield f'<path class="{kind}" d="{line}" {dash}/>'
        for figure in figures:
            yield f'<circle class="{kind}" cx="{x(figure.rooms):.1f}" cy="{y(figure.seconds):.1f}" r="3.5"/>'
        labels.append((y(figures[-1].seconds) + 4, f"{WAYS[way][0]} {seconds(figures[-1])}", kind))
    for height, words, kind in apart(sorted(labels)):
        yield text(right + 10, height, words, kind)


def apart(labels: list[tuple[float, str, str]], distance: float = 15) -> Iterable[tuple[float, str, str]]:
    """The labels from top to bottom, each moved up as far as the ones below it need."""
    below = math.inf
    for height, words, kind in reversed(labels):
        below = min(height, below - distance)
        yield below, words, kind


def draw_calls(table: Table) -> str:
    """One bar for each way."""
    title = f"API calls of a run that changes nothing, {most(table):,} rooms"
    last = {way: figures[-1] for way, figures in table.items()}
    right = WIDTH - 66
    shapes = []
    for place, (way, figure) in enumerate(sorted(last.items(), key=lambda item: item[1].calls)):
        kind, top = f"w{list(WAYS).index(way)}", 40 + place * 27
        width = (right - 124) * figure.calls / max(each.calls for each in last.values())
        shapes.append(text(116, top + 14, WAYS[way][0], "", "end"))
        shapes.append(
            f'<rect class="{kind}" x="124" y="{top}" width="{max(1.0, width):.1f}" height="18" stroke="none"/>'
        )
        shapes.append(text(130 + width, top + 14, f"{figure.about}{figure.calls:,}"))
    words = ", ".join(f"{WAYS[way][0]} {figure.about}{figure.calls:,}" for way, figure in last.items())
    return picture(40 + len(last) * 27 + 12, title, f"{words}.", shapes)


def pictures(report: str) -> dict[str, str]:
    """The pictures by the names of their files."""
    steps = tables(report)
    return {"benchmark-seconds.svg": draw_seconds(steps), "benchmark-calls.svg": draw_calls(steps["No change"])}


def illustrated(report: str) -> str:
    """The report with its pictures above the first table, once."""
    shown = "\n\n".join(f"![{described(svg)}](images/{name})" for name, svg in pictures(report).items())
    without = re.sub(r"!\[[^]]*\]\(images/benchmark-.*\)\n+", "", report)
    return without.replace("\n## Goals\n", f"\n{shown}\n\n## Goals\n", 1)


def described(svg: str) -> str:
    """What a picture shows, in words."""
    return ". ".join(unescape(words) for words in re.findall(r"<(?:title|desc) [^>]*>(.*)<", svg))


def write(report: str, path: Path) -> None:
    """Write the report, and its pictures beside it."""
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures(report).items():
        (images / name).write_text(svg)
    path.write_text(illustrated(report))


if __name__ == "__main__":
    write(REPORT.read_text(), REPORT)
