# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock on which pauses take no time."""

from __future__ import annotations

import time


class Clock:
    """The time module for code that pauses: a pause takes no time, but the clock goes on by it."""

    def __init__(self) -> None:
        self.pauses: list[float] = []  # in seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.pauses)
