# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many forks against the real quotas: `python -m tests.http.reliability.storm` measures, and fails when too slow."""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from ivschat_emulator import Emulator
from ivschat_emulator.settings import REAL_QUOTAS
from tests.support.harness import run_module

FORKS, ROOMS = 8, 60
LONGEST = 1.5  # times the floor


@dataclass(frozen=True)
class Storm:
    """What came of many tasks at once."""

    results: list[dict[str, Any]]
    seconds: float
    served: Counter[str]  # calls by operation
    throttled: Counter[str]

    @property
    def floor(self) -> float:
        """Seconds that the quotas make the calls take at least: that of the operation that needs most."""
        return max(calls / REAL_QUOTAS[operation] for operation, calls in self.served.items())

    @property
    def failures(self) -> list[str]:
        return [result["msg"] for result in self.results if result.get("failed")]

    def __str__(self) -> str:
        calls = ", ".join(f"{self.throttled[name]}+{count} {name}" for name, count in sorted(self.served.items()))
        return (
            f"{len(self.results)} tasks, {len(self.failures)} failed, {self.seconds:.1f} s, floor {self.floor:.1f} s, "
            f"ratio {self.seconds / self.floor:.2f} (throttled+served calls: {calls})"
        )


def _one(task: tuple[str, int, dict[str, Any]]) -> dict[str, Any]:
    url, number, options = task
    return run_module(url, "ivschat_room", name=f"room-{number}", **options)


def storms(emulator: Emulator, rooms: int, *declarations: dict[str, Any]) -> list[Storm]:
    """Declare so many rooms by as many tasks in 8 processes at once, once a declaration."""
    done = []
    with get_context("spawn").Pool(FORKS) as forks:
        # What starts the processes is no part of it.
        forks.map(_one, [(emulator.url, number, {"state": "absent"}) for number in range(4 * FORKS)], 1)
        for options in declarations:
            emulator.set(quotas="real")
            emulator.forget_calls()
            begun = time.monotonic()
            results = forks.map(_one, [(emulator.url, number, options) for number in range(rooms)], 1)
            seconds = time.monotonic() - begun
            calls = emulator.calls()
            served = Counter(call["operation"] for call in calls if not call["error"])
            throttled = Counter(call["operation"] for call in calls if call["error"] == "ThrottlingException")
            done.append(Storm(results, seconds, served, throttled))
    return done


DECLARATIONS = (
    {"tags": {"team": "video", "old": "1"}, "maximum_message_length": 300},
    {"tags": {"team": "audio"}},
    {"tags": {"team": "audio"}, "maximum_message_length": 300},
    {"state": "absent"},
)


def main() -> int:
    with Emulator.start() as emulator:
        done = storms(emulator, ROOMS, *DECLARATIONS)
    for what, storm in zip(("create", "change tags", "unchanged", "delete"), done, strict=True):
        print(f"{what}: {storm}")  # noqa: T201
    return any(storm.failures or storm.seconds > LONGEST * storm.floor for storm in done)


if __name__ == "__main__":
    sys.exit(main())
