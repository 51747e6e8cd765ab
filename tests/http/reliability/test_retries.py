# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a call is made at most: for each cause, for all causes together, and as docs/reliability.md says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._retries import BACKOFF, LAMBDA_PERMISSION, MAX_RETRIES
from ansible_collections.aws_ivs.chat.plugins.module_utils._write import CREATE_ATTEMPTS, LOOK_BEFORE_REPEAT

from ivschat_emulator import Emulator
from tests.http.reliability.matrix import DOCUMENT
from tests.support.clock import Clock
from tests.support.harness import Run, failure_message
from tests.support.service import operations


@pytest.fixture
def lobby(run: Run, emulator: Emulator) -> str:
    arn = str(run("ivschat_room", name="lobby")["room"]["arn"])
    emulator.forget_calls()
    return arn


@pytest.mark.parametrize(
    ("operation", "error", "calls"),
    [
        ("GetRoom", "ThrottlingException", 30),
        ("GetRoom", "InternalServerException", 4),
        ("UpdateRoom", "ConflictException", 12),
        ("UpdateRoom", "ResourceNotFoundException", 5),
        ("UpdateRoom", "ServiceQuotaExceededException", 1),
        ("UpdateRoom", "PendingVerification", 1),
        ("UpdateRoom", "AccessDeniedException", 1),
    ],
)
def test_one_cause(
    operation: str, error: str, calls: int, lobby: str, run: Run, emulator: Emulator, clock: Clock
) -> None:
    emulator.fault(operation, error, count=1000)
    assert error in failure_message(run("ivschat_room", arn=lobby, maximum_message_length=1))
    assert len(emulator.calls(operation)) == calls == len(clock.pauses) + 1


def test_causes_add_up(lobby: str, run: Run, emulator: Emulator, clock: Clock) -> None:
    """Their counts are added, not multiplied."""
    for error, cause in (
        ("ThrottlingException", "throttled"),
        ("Http503", "outcome_unknown"),
        ("ConflictException", "ConflictException"),
        ("ResourceNotFoundException", "ResourceNotFoundException"),
        ("ThrottlingException", "throttled"),
    ):
        emulator.fault("UpdateRoom", error, count=MAX_RETRIES[cause])
    failure_message(run("ivschat_room", arn=lobby, maximum_message_length=1))
    counts = {cause: times for cause, times in MAX_RETRIES.items() if cause != LAMBDA_PERMISSION}
    assert len(emulator.calls("UpdateRoom")) == 1 + sum(counts.values())


def test_creates_with_unknown_outcome(run: Run, emulator: Emulator, clock: Clock) -> None:
    """A room is created three times at most, every time after 8 s in which the list has not shown it."""
    emulator.fault("CreateRoom", "Http503", count=1000)
    assert "503" in failure_message(run("ivschat_room", name="lobby"))
    called = operations(emulator.calls())
    assert called.count("CreateRoom") == CREATE_ATTEMPTS == 3
    assert called[-1] == "ListRooms", "the last one too may have had its effect"
    assert sum(clock.pauses) == pytest.approx(CREATE_ATTEMPTS * LOOK_BEFORE_REPEAT, abs=2)


@pytest.mark.parametrize("cause", MAX_RETRIES)
def test_written_down(cause: str) -> None:
    bounds = (BACKOFF["delay"] * BACKOFF["backoff"] ** number for number in range(MAX_RETRIES[cause]))
    longest = sum(min(bound, BACKOFF["max_delay"]) for bound in bounds)
    numbers: list[Any] = [f"{MAX_RETRIES[cause] + 1}", f"{longest / 2:.0f} s", f"{longest:.0f} s"]
    rows = [[cell.strip() for cell in line.split("|")] for line in DOCUMENT.read_text().splitlines()]
    assert [row[2:5] for row in rows if cause in row[1:2]] == [numbers]
