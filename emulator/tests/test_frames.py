# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure functions of the messaging side."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ivschat_emulator.frames import format_milliseconds, format_nanoseconds, send_time

START = 1_670_000_000 * 10**9  # 2022-12-02T16:53:20Z


@pytest.fixture(autouse=True)
def emulator() -> None:
    """No server."""


@pytest.mark.parametrize(
    ("fraction", "nanoseconds", "milliseconds"),
    [
        (0, "", ".000"),
        (5, ".000000005", ".000"),
        (136_912_720, ".13691272", ".136"),
        (500_000_000, ".5", ".500"),
        (999_999_999, ".999999999", ".999"),
    ],
)
def test_times(fraction: int, nanoseconds: str, milliseconds: str) -> None:
    assert format_nanoseconds(START + fraction) == f"2022-12-02T16:53:20{nanoseconds}Z"
    assert format_milliseconds(START + fraction) == f"2022-12-02T16:53:20{milliseconds}Z"


def test_times_increase() -> None:
    times = [send_time() for _each in range(1000)]
    assert all(earlier < later for earlier, later in pairwise(times))
