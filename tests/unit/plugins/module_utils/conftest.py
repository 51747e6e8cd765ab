# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock without waiting."""

from __future__ import annotations

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _pacing, _retries


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of retries and of the rate limiter, which take no time, but the clock goes on by them."""
    made: list[float] = []
    clock = type("Clock", (), {"sleep": made.append, "monotonic": staticmethod(lambda: sum(made))})
    for module in (_pacing, _retries):
        monkeypatch.setattr(module, "time", clock)
    return made
