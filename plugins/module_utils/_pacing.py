# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limiter: at which times calls are made, so that they stay within the service quotas. Private."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from ._retries import is_throttling

# How much later (s) than the quota allows it a call is sent, and by how much calls that are spread evenly are farther
# apart: calls arrive after varying delays.
MARGIN = 0.05
EVEN_INTERVAL = 1.02


def limit_rate(client: Any, calls_per_second: Callable[[str], float]) -> None:
    """Delay a client's calls so that no operation exceeds the rate that the function returns for it (above 0).

    AWS does not say how the service counts its quotas. Most AWS services have a bucket that holds one second of calls;
    if an operation is throttled all the same, its calls are spread evenly from then on.
    """
    full: dict[str, float] = {}
    spread: set[str] = set()

    def wait_for_turn(model: Any, **_context: Any) -> None:
        now = time.monotonic()
        turn = next_turn(full, model.name, calls_per_second(model.name), now, spread=model.name in spread)
        if turn > now:
            time.sleep(turn - now)

    def spread_if_throttled(http_response: Any, parsed: Any, model: Any, **_context: Any) -> None:
        if is_throttling(http_response.status_code, parsed.get("Error", {}).get("Code")):
            spread.add(model.name)

    client.meta.events.register("before-call.ivschat", wait_for_turn)
    client.meta.events.register("after-call.ivschat", spread_if_throttled)


def next_turn(full: dict[str, float], operation: str, limit: float, now: float, spread: bool = False) -> float:
    """Return the time (s) of the next call of an operation, not before `now`, and note it in `full`.

    A bucket holds one second of calls, and at least one, and fills at the rate; `full`: when it is full again. Calls
    that are spread evenly have no more than the limit in any second.
    """
    calls, interval = max(1, int(limit)), 1 / limit
    if spread:
        calls, interval = 1, interval * EVEN_INTERVAL
    filled = full.get(operation, -math.inf)
    full[operation] = max(filled, now) + interval
    return max(now, filled - (calls - 1) * interval + MARGIN)
