# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rates: two ways to count calls per second, and the one that the settings choose."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable

from .settings import SETTINGS


class Buckets:
    """A token bucket for each key. It holds one second of calls, and at least one; it starts full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def take(self, key: Hashable, rate: float | None) -> bool:
        """Whether another call is within `rate` calls per second (None: no limit); if so, it counts."""
        if rate is None:
            return True
        capacity = max(rate, 1.0)
        with self._lock:
            clock = time.monotonic()
            level, filled = self._levels.get(key, (capacity, clock))
            level = min(capacity, level + (clock - filled) * rate)
            allowed = level >= 1
            self._levels[key] = (level - allowed, clock)
        return allowed

    def clear(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._levels.clear()

    def forget(self, key: Hashable) -> None:
        """Remove the bucket of something that is gone."""
        with self._lock:
            self._levels.pop(key, None)


class Windows:
    """The calls of the last second for each key; of a rate below one a second, the last call for as long as it says."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[Hashable, deque[float]] = {}

    def take(self, key: Hashable, rate: float | None) -> bool:
        """Whether another call is within `rate` calls per second (None: no limit); if so, it counts."""
        if rate is None:
            return True
        calls = max(1, int(rate))
        with self._lock:
            clock = time.monotonic()
            times = self._times.setdefault(key, deque())
            while times and times[0] <= clock - calls / rate:
                times.popleft()
            allowed = len(times) < calls
            if allowed:
                times.append(clock)
        return allowed

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._times.clear()

    def forget(self, key: Hashable) -> None:
        """Remove the calls of something that is gone."""
        with self._lock:
            self._times.pop(key, None)


class Rates:
    """The rates of the service, those of HTTP calls and those of chat clients, counted as `quotas_counted` says."""

    def __init__(self) -> None:
        self._buckets, self._windows = Buckets(), Windows()

    def take(self, key: Hashable, rate: float | None) -> bool:
        """Whether another call is within `rate` calls per second (None: no limit); if so, it counts."""
        counted = self._buckets if SETTINGS["quotas_counted"] == "bucket" else self._windows
        return counted.take(key, rate)

    def clear(self) -> None:
        """Forget all calls."""
        self._buckets.clear()
        self._windows.clear()

    def forget(self, key: Hashable) -> None:
        """Forget the calls of something that is gone."""
        self._buckets.forget(key)
        self._windows.forget(key)
