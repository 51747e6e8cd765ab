# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The excerpt of the demo in README.md: one scene, as the demo prints it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

TIMES = re.compile(r"\(\d+ times\)")
BLOCK = re.compile(r"(?<=```text\n)3\. .*?(?=```)", re.DOTALL)


def excerpt(lines: Sequence[str]) -> str:
    """Return scene 3 of the printed lines."""
    text = "\n".join(lines)
    found = re.search(r"^3\. .*?(?=\n^4\. )", text, re.DOTALL | re.MULTILINE)
    return found[0].rstrip() + "\n" if found else ""


def is_shown(lines: Sequence[str], readme: Path) -> bool:
    """Whether README.md shows the scene, whatever the machine's speed lets pass of too many messages."""
    shown = BLOCK.findall(readme.read_text())
    return [TIMES.sub("", text) for text in shown] == [TIMES.sub("", excerpt(lines))]


def write(lines: Sequence[str], readme: Path) -> None:
    """Write the scene into README.md."""
    readme.write_text(BLOCK.sub(lambda _found: excerpt(lines), readme.read_text()))
