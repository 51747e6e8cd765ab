# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pauses that take no time, what the service holds in the end, and the fault matrix as a table."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _polling, _retries, _waits, _write
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule

from tests.modules.conftest import (
    Run,
    apply,
    clients,
    emulator,
    emulator_process,
    function,
    models_read_once,
    refusal,
    run,
)

# Fixtures of tests/modules that the tests here use too.
__all__ = ["apply", "clients", "emulator", "emulator_process", "function", "models_read_once", "refusal", "run", "Run"]

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix: written by `make reliability` -->", "<!-- end of the matrix -->"


class Clock:
    """The time module for code that pauses: a pause takes no time, but the clock goes on by it."""

    def __init__(self) -> None:
        self.pauses: list[float] = []  # in seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def monotonic(self) -> float:
        return time.monotonic() + sum(self.pauses)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In this process, the collection's waits and the pauses between its retries take no time."""
    stand_in = Clock()
    for module in (_polling, _retries, _waits, _write):
        monkeypatch.setattr(module, "time", stand_in)
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)
    return stand_in


@pytest.fixture(scope="session")
def _made() -> dict[str, Any]:
    return {}


@pytest.fixture
def one_client(monkeypatch: pytest.MonkeyPatch, _made: dict[str, Any]) -> None:
    """Runs in this process share clients of the same settings: to make one takes longer than all its calls."""
    make = IvsChatModule.client

    def client(module: IvsChatModule, service: str, **options: Any) -> Any:
        settings = ("endpoint_url", "region", "access_key", "secret_key", "session_token", "aws_config")
        key = repr([service, [module.params.get(each) for each in settings]])
        if key not in _made:
            _made[key] = make(module, service, **options)
        return _made[key]

    monkeypatch.setattr(IvsChatModule, "client", client)


def pages(operation: Callable[..., Any], member: str) -> list[dict[str, Any]]:
    """All entries of a list operation of plain boto3."""
    entries, token = [], {}
    while True:
        page = operation(**token)
        entries += page[member]
        if not page.get("nextToken"):
            return entries
        token = {"nextToken": page["nextToken"]}


def shown(entry: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """What a user can set of a resource; ARNs of logging configurations as the names behind them."""
    left_out = ("arn", "id", "createTime", "updateTime", "ResponseMetadata")
    seen = {key: value for key, value in entry.items() if key not in left_out}
    seen["loggingConfigurationIdentifiers"] = sorted(
        names.get(arn, arn) for arn in entry.get("loggingConfigurationIdentifiers", [])
    )
    return seen


def holdings(client: Any, lag: int = 0) -> dict[str, list[dict[str, Any]]]:
    """What the service holds, each with all that a user can set, by name: read by plain boto3.

    Of each read the answer after `lag` others is taken.
    """
    for _lagging in range(lag + 1):
        rooms = pages(client.list_rooms, "rooms")
        configurations = pages(client.list_logging_configurations, "loggingConfigurations")
    names = {each["arn"]: each["name"] for each in configurations}
    for room in rooms:
        for _lagging in range(lag + 1):
            try:
                detailed = client.get_room(identifier=room["arn"])
            except client.exceptions.ResourceNotFoundException:
                detailed = room
        room.update(detailed)
    return {
        "rooms": sorted((shown(room, names) for room in rooms), key=lambda room: room["name"]),
        "logging": sorted((shown(each, {}) for each in configurations), key=lambda each: each["name"]),
    }


# The matrix. A test of it records its cell (row, column), and here, in the process that has all reports, the table of
# the cells is made.

_cells: dict[tuple[str, str], str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    cell = dict(report.user_properties).get("cell")
    if cell and (report.when == "call" or report.failed):
        _cells[tuple(cell)] = "passed" if report.passed else "FAILED"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not _cells:
        return
    from tests.reliability.test_fault_matrix import CELLS, COLUMNS, ROWS

    rows = [row for row in ROWS if any(row == cell[0] for cell in _cells)]
    mark = {"passed": "ok", "FAILED": "**FAILED**"}
    lines = [["call", *COLUMNS]] + [
        [row, *(mark[_cells[row, column]] if (row, column) in _cells else "-" for column in COLUMNS)] for row in rows
    ]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS) + 1)]
    lines.insert(1, ["-" * width for width in widths])
    table = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    terminalreporter.section("fault matrix (- : not applicable)")
    for line in table:
        terminalreporter.write_line(line)
    failed = sum(outcome == "FAILED" for outcome in _cells.values())
    total = f"{len(_cells)} cells: {len(_cells) - failed} passed, {failed} failed."
    terminalreporter.write_line(total)
    if os.environ.get("WRITE_MATRIX") and len(_cells) == len(CELLS):
        head, rest = DOCUMENT.read_text().split(BEGIN)
        tail = rest.split(END)[1]
        DOCUMENT.write_text("\n".join([head + BEGIN, total, "", *table, END]) + tail)
