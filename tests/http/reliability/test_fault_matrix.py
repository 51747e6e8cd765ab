# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that a task makes, times every fault: one task makes one resource, and the next run changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.http.reliability.matrix import (
    CALLS,
    CELLS,
    FAULTS,
    TASKS,
    Arns,
    Fault,
    Task,
    assert_clean_failure,
    expected,
    how_it_ends,
    is_write,
    repeat,
)
from tests.support.harness import Run
from tests.support.service import holdings, operations


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.module} {task.does}")
def test_calls(task: Task, matrix_arns: Arns, run: Run, clock: Any, emulator: Emulator, chat: Any) -> None:
    """The rows of the matrix are all calls that the tasks make."""
    result = repeat(run, task, matrix_arns)()
    assert operations(emulator.calls()) == list(task.calls)
    assert result["changed"] is any(map(is_write, task.calls))
    assert holdings(chat) == expected(task)


@pytest.mark.parametrize(("name", "column"), CELLS)
def test_fault(
    name: str,
    column: str,
    matrix_arns: Arns,
    run: Run,
    clock: Any,
    emulator: Emulator,
    chat: Any,
    record_property: Callable[[str, Any], None],
) -> None:
    record_property("cell", [name, column])
    (task, position), fault = CALLS[name], FAULTS[column]
    ends = how_it_ends(task, position, fault)
    operation, again = task.calls[position], repeat(run, task, matrix_arns)
    if fault.error:
        skip = task.calls[:position].count(operation)
        emulator.fault(operation, fault.error, fault.when, fault.count, skip)
    elif "failing_transitions" in fault.settings:
        verb = operation.removesuffix("LoggingConfiguration").upper()
        emulator.set(failing_transitions=[verb])
        fault = Fault(says=f"{verb}_FAILED")
    else:
        emulator.set(**fault.settings)

    first = again()
    if fault.error:
        assert any(call["fault"] for call in emulator.calls()), "the fault has not struck"
    assert ends == "either" or bool(first.get("failed")) is (ends == "badly"), first
    if first.get("failed"):
        assert_clean_failure(first, fault.says or fault.error)
        emulator.clear_faults()
        second = again()
        assert not second.get("failed"), second
    else:
        assert first["changed"] is any(map(is_write, task.calls))
    emulator.clear_faults()
    emulator.forget_calls()
    last = again()
    assert last["changed"] is False and emulator.writes() == [], last
    assert holdings(chat, lag=3 if fault.settings else 0) == expected(task)
    for key, name in (("rooms", "lobby"), ("logging_configurations", "spare")):
        assert key not in last or [resource["name"] for resource in last[key]] == [name]
