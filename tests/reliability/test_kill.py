# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A module that is killed in the middle of a write, as by a reboot: the next run finishes its work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.modules.harness import start_module
from tests.reliability.conftest import Run, holdings
from tests.reliability.test_fault_matrix import ARCHIVE, PLACES, Task, World, is_write, repeat, wanted, with_arns, world

__all__ = ["world"]  # a fixture

WRITES = [name for name, (task, place) in PLACES.items() if is_write(task.calls[place])]


def kill_at(emulator: Emulator, operation: str, when: str, task: Task, world: World) -> None:
    """Start a task, kill its process as its call is about to have its effect, or has had it, and drop the call."""
    emulator.hold(operation, when)
    options = {name: with_arns(value, world) for name, value in task.options.items()}
    process = start_module(emulator.url, f"ivschat_{task.module}", **options)
    try:
        emulator.wait_held(60)
    finally:
        process.kill()
        output, _errors = process.communicate()
    assert output == ""
    emulator.release(drop=True)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", WRITES)
def test_kill(
    name: str, when: str, world: World, run: Run, clock: Any, emulator: Emulator, clients: Callable[..., Any]
) -> None:
    task, place = PLACES[name]
    kill_at(emulator, task.calls[place], when, task, world)
    again = repeat(run, task, world)
    done = when == "after" and not any(map(is_write, task.calls[place + 1 :]))
    second = again()
    assert not second.get("failed") and second["changed"] is not done, second
    emulator.forget_calls()
    assert again()["changed"] is False and emulator.writes() == []
    assert holdings(clients()) == wanted(task)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("operation", ["DeleteLoggingConfiguration", "CreateLoggingConfiguration"])
def test_kill_in_a_repair(
    operation: str, when: str, world: World, run: Run, clock: Any, emulator: Emulator, clients: Callable[..., Any]
) -> None:
    """A logging configuration that failed is deleted and made again when the service refuses to update it."""
    task = Task(
        "logging_configuration",
        "repair",
        (),
        {"name": "new", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}, "tags": {"a": "b"}},
        {"new": {**ARCHIVE, "name": "new", "tags": {"a": "b"}}},
    )
    emulator.set(failing_transitions=["CREATE"])
    again = repeat(run, task, world)
    assert "CREATE_FAILED" in again()["msg"]
    emulator.fault("UpdateLoggingConfiguration", "ValidationException")
    kill_at(emulator, operation, when, task, world)
    assert not again().get("failed")
    emulator.forget_calls()
    assert again()["changed"] is False and emulator.writes() == []
    assert holdings(clients()) == wanted(task)
