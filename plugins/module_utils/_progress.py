# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saying how far a long run is: a line every few seconds in a file, which the module's action plugin shows. Private."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

PROGRESS_FILE = "IVSCHAT_PROGRESS_FILE"  # the environment variable with the file's path; the action plugin has it too
INTERVAL = 5.0  # seconds between two lines


@dataclass
class Progress:
    """How far a run is, such as 12 of 300 changes made."""

    done: int = 0
    total: int = 0
    what: str = "lists read"

    def begin(self, total: int, what: str) -> None:
        """Begin the next part of the run."""
        self.done, self.total, self.what = 0, total, what

    def step(self) -> None:
        """Count one more as done."""
        self.done += 1

    def watch(self, entries: list[T], what: str) -> Iterator[T]:
        """Begin the next part of the run, and yield its entries; one counts as done when the next is asked for."""
        self.begin(len(entries), what)
        for entry in entries:
            yield entry
            self.step()

    def __str__(self) -> str:
        return f"{self.done} of {self.total} {self.what}"


def report_progress() -> Progress:
    """Return the progress of this run; while the run lasts, a thread appends it to the file, where there is one."""
    progress = Progress()
    if path := os.environ.get(PROGRESS_FILE):
        # A thread, because no call, pause, or wait must keep the user waiting for the next line.
        threading.Thread(target=_append_lines, args=(progress, path), daemon=True).start()
    return progress


def _append_lines(progress: Progress, path: str) -> None:
    try:
        while True:
            time.sleep(INTERVAL)
            with open(path, "a", encoding="utf-8") as lines:
                lines.write(f"{progress}\n")
    except OSError:  # another user's file, for example: the run goes on without
        return
