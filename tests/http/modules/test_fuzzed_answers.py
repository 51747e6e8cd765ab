# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the service, or something in its place, answers: one clean message, or success, and never a traceback.

The answers are derived from the response shapes of the operations: with members missing, null, of other types, and cut
off. A failure names the seed. `make reliability` runs ten more chunks.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.answers import AnswerServer
from tests.support.clock import Clock
from tests.support.fuzzed_answers import SCENARIOS, Scenario, prepare, run_scenario
from tests.support.harness import Run


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario[0])
def test_scenarios_succeed(
    run: Run, answers: AnswerServer, clock: Clock, shared_clients: None, scenario: Scenario
) -> None:
    """Without a fuzzed answer, so that the fuzzed ones reach every operation."""
    prepare(answers, scenario[2])
    result = run_scenario(run, answers, scenario)
    two_rooms = len(scenario[1].get("rooms", [])) == 2  # of which one does not exist
    assert bool(result.get("failed")) is False or two_rooms, result


@pytest.mark.parametrize("chunk", range(2))
def test_any_answer(fuzz: Callable[[int], None], chunk: int) -> None:
    fuzz(chunk)
