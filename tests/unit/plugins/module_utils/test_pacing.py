# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate limiter: when calls are made."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _pacing


@pytest.mark.parametrize(
    ("rate", "calls", "seconds"), [(0.5, 3, 4.05), (0.25, 2, 4.05), (0.001, 2, 1000.05), (1, 3, 2.05), (5, 11, 1.25)]
)
def test_rates(rate: float, calls: int, seconds: float, pauses: list[float]) -> None:
    """Below one call a second too: three calls at 0.5 a second take 4 s."""
    limited = Limited(rate)
    for _call in range(calls):
        limited.before("GetRoom")
    assert sum(pauses) == pytest.approx(seconds)


@pytest.mark.parametrize(("status", "code"), [(429, "Other"), (503, "SlowDown")])
def test_calls_are_spread_evenly_once_one_is_throttled(status: int, code: str, pauses: list[float]) -> None:
    limited = Limited(5)
    for _call in range(6):
        limited.before("GetRoom")
    limited.after("GetRoom", status, code)
    for _call in range(4):
        limited.before("GetRoom")
    assert pauses[-3:] == pytest.approx([0.204] * 3)
    for _call in range(5):
        limited.before("ListRooms")
    assert pauses[-2:] == pytest.approx([0.204, 0.05]), "another operation is not throttled"


@pytest.mark.parametrize(("status", "code"), [(200, None), (404, "ResourceNotFoundException"), (402, "ServiceQuota")])
def test_other_responses_spread_nothing(status: int, code: str | None, pauses: list[float]) -> None:
    limited = Limited(5)
    limited.after("GetRoom", status, code)
    for _call in range(4):
        limited.before("GetRoom")
    assert pauses == []


class Limited:
    """What the rate limiter does before and after the calls of a client."""

    def __init__(self, rate: float) -> None:
        self.handlers: dict[str, Callable[..., None]] = {}
        events = SimpleNamespace(register=self.handlers.__setitem__)
        _pacing.limit_rate(SimpleNamespace(meta=SimpleNamespace(events=events)), lambda _operation: rate)

    def before(self, operation: str) -> None:
        self.handlers["before-call.ivschat"](model=SimpleNamespace(name=operation))

    def after(self, operation: str, status: int, code: str | None) -> None:
        self.handlers["after-call.ivschat"](
            model=SimpleNamespace(name=operation),
            http_response=SimpleNamespace(status_code=status),
            parsed={"Error": {"Code": code}} if code else {},
        )
