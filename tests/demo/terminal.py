# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo prints: at most 80 columns, in color on a terminal unless NO_COLOR is set (https://no-color.org)."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from typing import TextIO

COLUMNS = 80
STYLES = {"heading": "1;36", "bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "94"}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """Prints lines, and keeps them without color in `lines`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.in_color = (
            self.stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
        )
        self.lines: list[str] = []
        self._is_working = False

    def paint(self, style: str, text: str) -> str:
        """Return a text in a style of STYLES, or as it is where there is no color."""
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and self.in_color else text

    def line(self, text: str = "", style: str = "", indent: int = 2, hang: int = 2) -> None:
        """Print a text in one style. If it is too long for a line, it continues below, `hang` columns to the right."""
        margin = " " * hang
        for part in textwrap.wrap(text, COLUMNS - indent, subsequent_indent=margin, break_on_hyphens=False) or [""]:
            self.painted(self.paint(style, part), indent)

    def painted(self, text: str, indent: int = 2) -> None:
        """Print a line that is painted already."""
        line = (" " * indent + text).rstrip()
        self.lines.append(ESCAPES.sub("", line))
        self._write(line + "\n")

    def heading(self, title: str, sentence: str) -> None:
        """Begin a scene."""
        self.line()
        self.line(title, "heading", indent=0)
        self.line(sentence, hang=0)
        self.line()

    def working(self, what: str) -> None:
        """Show what is being done, on a terminal only, until the next line is printed."""
        if self.in_color:
            self._write(self.paint("dim", f"    {what[: COLUMNS - 8]} ..."))
            self._is_working = True

    def _write(self, text: str) -> None:
        erase = "\r\x1b[K" if self._is_working else ""
        self._is_working = False
        self.stream.write(erase + text)
        self.stream.flush()
