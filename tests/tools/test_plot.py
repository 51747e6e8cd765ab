# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures show the figures of docs/benchmarks.md."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from tests.bench import plot

REPORT = """# Benchmarks

- Text.

## Goals

| Goal | Measured | Met |
|---|---|---|
| 1000 rooms | 21 calls | yes |

## No latency, no quotas

### Create

| 1 | boto3 script | 0.01 | 1.0 | 0.01 | 9 | 44 |

## 30 ms latency, real quotas

### Create

| Rooms |  | Seconds | x boto3 | Processor s | Calls | Memory MiB |
|---|---|---|---|---|---|---|
| 1 | loop of `ivschat_room` | 1.05 (0.62) | 3.9 | 0.94 | 4 | 57 |
| 1 | boto3 script | 0.27 | 1.0 | 0.20 | 2 | 44 |
| 10 | loop of `ivschat_room` | ≈ 53 | ≈ 2.6 | ≈ 39 | ≈ 40 |  |
| 10 | boto3 script | 1.33 | 1.0 | 0.24 | 11 | 44 |

### No change

| 10 | loop of `ivschat_room` | ≈ 45 | ≈ 2.6 | ≈ 39 | ≈ 2000 |  |
| 10 | `ivschat_stack` | 1.02 (0.60) | 4.0 | 0.97 | 2 | 57 |

## Terraform refresh

| Rooms |  | Seconds | Calls | Of which throttled |
|---|---|---|---|---|
| 10 | Terraform's calls | 4.20 | 25 | 5 |
| 10 | `ivschat_stack` | 1.02 | 2 | 0 |
"""


def texts(svg: str) -> list[str]:
    """The words in a picture, which has to be XML."""
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_figures_of_a_report() -> None:
    tables = plot.tables(REPORT)
    assert tables["Create"] == {
        "loop of `ivschat_room`": [plot.Figure(1, 1.05, 4, False), plot.Figure(10, 53, 40, True)],
        "boto3 script": [plot.Figure(1, 0.27, 2, False), plot.Figure(10, 1.33, 11, False)],
    }
    assert tables["No change"] == {
        "loop of `ivschat_room`": [plot.Figure(10, 45, 2000, True)],
        "`ivschat_stack`": [plot.Figure(10, 1.02, 2, False)],
        "Terraform's calls": [plot.Figure(10, 4.2, 25, False)],
    }


def test_pictures_show_the_figures() -> None:
    drawn = plot.pictures(REPORT)
    seconds = drawn["benchmark-seconds.svg"]
    assert {
        "Create",
        "No change",
        "loop ≈ 53 s",
        "boto3 1.3 s",
        "ivschat_stack 1.0 s",
        "Terraform refresh 4.2 s",
    } <= set(texts(seconds))
    assert seconds.count("stroke-dasharray") == 1
    assert texts(drawn["benchmark-calls.svg"])[1:] == [
        "ivschat_stack",
        "2",
        "Terraform refresh",
        "25",
        "loop",
        "≈ 2,000",
    ]
    assert plot.described(seconds).startswith(
        "Seconds by number of rooms. 30 ms latency, real quotas. Create, 10 rooms: loop ≈ 53 s, boto3 1.3 s."
    )


def test_labels_do_not_overlap() -> None:
    labels = [(100.0, "a", ""), (101.0, "b", ""), (103.0, "c", ""), (200.0, "d", "")]
    assert [label[0] for label in plot.apart(labels)] == [200, 103, 88, 73]


def test_pictures_stand_once_above_the_goals(tmp_path: Path) -> None:
    path = tmp_path / "bench" / "benchmarks.md"
    plot.write(REPORT, path)
    once = path.read_text()
    plot.write(once, path)
    assert path.read_text() == once
    assert once.index("- Text.") < once.index("![Seconds") < once.index("![API calls") < once.index("## Goals")
    assert sorted(each.name for each in (path.parent / "images").iterdir()) == sorted(plot.pictures(REPORT))


def test_committed_pictures_show_the_committed_figures() -> None:
    """If this fails, run `make plots`."""
    report = plot.REPORT.read_text()
    assert plot.illustrated(report) == report
    for name, svg in plot.pictures(report).items():
        assert (plot.REPORT.parent / "images" / name).read_text() == svg, name
