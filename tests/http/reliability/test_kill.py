# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that is killed in the middle of a write, as by a reboot: the next run finishes its work."""

from __future__ import annotations

from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.http.reliability.matrix import ARCHIVE, CALLS, Arns, Task, expected, is_write, repeat, with_arns
from tests.support.harness import Run, start_module
from tests.support.service import holdings

WRITES = [name for name, (task, position) in CALLS.items() if is_write(task.calls[position])]


def kill_at(emulator: Emulator, operation: str, when: str, task: Task, arns: Arns) -> None:
    """Start a task, kill its process as its call is about to have its effect, or has had it, and drop the call."""
    emulator.hold(operation, when)
    options = {name: with_arns(value, arns) for name, value in task.options.items()}
    running = start_module(emulator.url, f"ivschat_{task.module}", **options)
    try:
        emulator.wait_held(60)
    finally:
        output = running.kill()
    assert output == ""
    emulator.release(drop=True)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", WRITES)
def test_kill(name: str, when: str, matrix_arns: Arns, run: Run, clock: Any, emulator: Emulator, chat: Any) -> None:
    task, position = CALLS[name]
    kill_at(emulator, task.calls[position], when, task, matrix_arns)
    again = repeat(run, task, matrix_arns)
    done = when == "after" and not any(map(is_write, task.calls[position + 1 :]))
    second = again()
    assert not second.get("failed") and second["changed"] is not done, second
    emulator.forget_calls()
    assert again()["changed"] is False and emulator.writes() == []
    assert holdings(chat) == expected(task)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["DeleteLoggingConfiguration", "CreateLoggingConfiguration"])
def test_kill_in_a_repair(
    operation: str, when: str, matrix_arns: Arns, run: Run, clock: Any, emulator: Emulator, chat: Any
) -> None:
    """A logging configuration that failed is deleted and created again when the service refuses to update it."""
    task = Task(
        "logging_configuration",
        "repair",
        (),
        {"name": "new", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}, "tags": {"a": "b"}},
        {"new": {**ARCHIVE, "name": "new", "tags": {"a": "b"}}},
    )
    emulator.set(failing_transitions=["CREATE"])
    again = repeat(run, task, matrix_arns)
    assert "CREATE_FAILED" in again()["msg"]
    emulator.fault("UpdateLoggingConfiguration", "ValidationException")
    kill_at(emulator, operation, when, task, matrix_arns)
    assert not again().get("failed")
    emulator.forget_calls()
    assert again()["changed"] is False and emulator.writes() == []
    assert holdings(chat) == expected(task)
