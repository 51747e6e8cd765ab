# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""How calls per second are counted, by a clock that the tests set."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ivschat_emulator import rates
from ivschat_emulator.settings import SETTINGS


def taken(
    monkeypatch: pytest.MonkeyPatch, counted: rates.Buckets | rates.Windows | rates.Rates, rate: float, *times: float
) -> str:
    """Which calls at these times are within the rate, as a letter each."""
    answers = []
    for moment in times:
        monkeypatch.setattr(rates, "time", SimpleNamespace(monotonic=lambda moment=moment: 100 + moment))
        answers.append("y" if counted.take("key", rate) else "n")
    return "".join(answers)


@pytest.mark.parametrize(
    ("rate", "times", "bucket", "window"),
    [
        (3, (0, 0, 0, 0), "yyyn", "yyyn"),
        (3, (0, 0, 0, 0.4, 0.8, 0.9, 1.4), "yyyyyny", "yyynnny"),
        (3, (0, 0, 0, 1.0, 1.0, 1.0, 1.0), "yyyyyyn", "yyyyyyn"),
        (0.5, (0, 1.9, 2.0, 3.9), "ynyn", "ynyn"),
    ],
)
def test_rate(monkeypatch: pytest.MonkeyPatch, rate: float, times: tuple[float, ...], bucket: str, window: str) -> None:
    assert taken(monkeypatch, rates.Buckets(), rate, *times) == bucket
    assert taken(monkeypatch, rates.Windows(), rate, *times) == window


@pytest.mark.parametrize("kind", [rates.Buckets, rates.Windows])
def test_no_rate_and_clear(monkeypatch: pytest.MonkeyPatch, kind: type[rates.Buckets] | type[rates.Windows]) -> None:
    counted = kind()
    assert [counted.take("key", None) for _call in range(3)] == [True] * 3
    assert taken(monkeypatch, counted, 1, 0, 0) == "yn"
    counted.clear()
    assert taken(monkeypatch, counted, 1, 0, 0) == "yn"


@pytest.mark.parametrize("counted", ["bucket", "window"])
def test_the_setting_chooses(monkeypatch: pytest.MonkeyPatch, counted: str) -> None:
    monkeypatch.setitem(SETTINGS, "quotas_counted", counted)
    both = rates.Rates()
    assert taken(monkeypatch, both, 3, 0, 0, 0, 0.4) == ("yyyy" if counted == "bucket" else "yyyn")
    both.forget("key")
    assert taken(monkeypatch, both, 1, 0, 0) == "yn"
