# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Promises of docs/reliability.md that only the fault matrix and the races verified, as quick tests."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _polling

from ivschat_emulator import Emulator
from tests.support.harness import Run
from tests.support.service import create_logging_configuration


@pytest.mark.parametrize("seconds", [0.1, 0.3, 1, 7, 300])
def test_the_last_pause_never_passes_the_deadline(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 1000.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, pause: float) -> None:
            self.now += pause

    clock = Clock()
    monkeypatch.setattr(_polling, "time", clock)
    looks = [clock.now - 1000 for _now in _polling.poll(seconds)]
    assert looks[0] == 0 and looks[-1] == pytest.approx(seconds) and max(looks) <= seconds + 1e-6


def test_of_an_old_and_a_young_duplicate_the_young_one_is_deleted(run: Run, emulator: Emulator, chat: Any) -> None:
    old = chat.create_room(name="lobby")["arn"]
    chat.create_room(name="lobby")
    # By the list's times both are an hour old, whatever clock this machine has.
    emulator.set(times={"list": {"offset": -3600}, "get": {"offset": 3600}})
    emulator.intervene("ListRooms", "DeleteRoom", identifier="lobby", skip=1)  # the one that was updated last
    result = run("ivschat_room", name="lobby")
    assert not result.get("failed") and (result["changed"], result["room"]["arn"]) == (False, old)


def test_a_create_of_a_logging_configuration_is_not_repeated_blindly(
    logging: Run, bucket: Any, emulator: Emulator, chat: Any
) -> None:
    emulator.fault("CreateLoggingConfiguration", "InternalServerException", when="after")
    result = logging(name="archive", destination_configuration=bucket)
    (created,) = chat.list_logging_configurations()["loggingConfigurations"]
    assert (result["changed"], result["logging_configuration"]["arn"]) == (True, created["arn"])
    assert len(emulator.calls("CreateLoggingConfiguration")) == 1


@pytest.mark.parametrize("module", ["ivschat_room", "ivschat_logging_configuration"])
def test_a_delete_done_by_an_attempt_whose_outcome_is_unknown(
    module: str, run: Run, bucket: Any, emulator: Emulator, chat: Any
) -> None:
    chat.create_room(name="lobby")
    create_logging_configuration(chat, "lobby")
    operation = "DeleteRoom" if module == "ivschat_room" else "DeleteLoggingConfiguration"
    emulator.fault(operation, "InternalServerException", when="after")
    result = run(module, name="lobby", state="absent", wait=False)
    assert not result.get("failed") and result["changed"] is True
    assert [call["error"] for call in emulator.calls(operation)] == [
        "InternalServerException",
        "ResourceNotFoundException",
    ]


def test_wait_timeout_bounds_the_retries_inside_the_wait(room: Run, emulator: Emulator) -> None:
    emulator.fault("ListRooms", "ThrottlingException", count=1000, skip=1)
    start = time.monotonic()
    result = room(name="lobby", wait=True, wait_timeout=1)
    assert result["failed"] and result["changed"] is True and "Timed out after 1 s" in result["msg"]
    assert time.monotonic() - start < 4
