# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever the service, or something in its place, answers: one clean message, or success, and never a traceback.

The answers are made from the response shapes of each operation: with members missing, null, of other types, and cut
off. A failure names the seed. `make reliability` runs ten more chunks.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.reliability.conftest import Clock, _made, clock, one_client

from .answers import ARN, CONFIGURATION_ARN, AnswerServer, any_answer
from .conftest import Run

__all__ = ["_made", "clock", "one_client"]

RUNS_PER_CHUNK = 200
MODULE_ROOM, MODULE_CONFIGURATION = "ivschat_room", "ivschat_logging_configuration"
S3 = {"destination_configuration": {"s3": {"bucket_name": "chat-logs"}}}
EVENT = {"event_name": "goal", "attributes": {"k": "v"}}
STACK: dict[str, Any] = {
    "name": "conference",
    "logging_configurations": [{"name": "archive", **S3}],
    "rooms": [{"name": "lobby", "logging_configurations": ["archive"], "maximum_message_length": 7}],
    "tags": {"k": "v"},
    "prune": True,
}
# Each is a module, its options, and whether the server holds the room and the logging configuration.
SCENARIOS: list[tuple[str, dict[str, Any], bool]] = [
    (MODULE_ROOM, {"arn": ARN, "maximum_message_length": 7, "tags": {"k": "v"}}, True),
    (MODULE_ROOM, {"name": "lobby", "logging_configuration_identifiers": ["archive"]}, True),
    (MODULE_ROOM, {"name": "lobby", "message_review_handler": {"uri": ""}}, True),
    (MODULE_ROOM, {"name": "lobby", "maximum_message_length": 7, "tags": {"k": "v"}}, False),
    (MODULE_ROOM, {"name": "lobby", "state": "absent"}, True),
    (MODULE_CONFIGURATION, {"arn": CONFIGURATION_ARN, "name": "other", "tags": {}}, True),
    (MODULE_CONFIGURATION, {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "other"}}}, True),
    (MODULE_CONFIGURATION, {"name": "archive", **S3, "tags": {"k": "v"}}, False),
    (MODULE_CONFIGURATION, {"name": "archive", "state": "absent", "force": True}, True),
    ("ivschat_room_info", {"tags": {"ivschat-stack": "conference"}}, True),
    ("ivschat_room_info", {"arns": [ARN]}, True),
    ("ivschat_logging_configuration_info", {"name": "archive"}, True),
    ("ivschat_logging_configuration_info", {"arns": [CONFIGURATION_ARN]}, True),
    ("ivschat_chat_token", {"room_name": "lobby", "user_id": "ada"}, True),
    ("ivschat_event", {"room_arn": ARN, **EVENT}, True),
    ("ivschat_event", {"rooms": ["lobby", ARN.replace("AbC", "XyZ")], **EVENT}, True),
    ("ivschat_message", {"room_name": "lobby", "id": "AbCdEf123456"}, True),
    ("ivschat_user", {"room_arn": ARN, "user_id": "ada"}, True),
    ("ivschat_stack", STACK, True),
    ("ivschat_stack", STACK, False),
    ("ivschat_stack", {"name": "conference", "state": "absent"}, True),
    ("ivschat_stack_info", {"name": "conference"}, True),
]


@pytest.fixture(scope="module")
def server() -> Iterator[AnswerServer]:
    with AnswerServer() as running:
        yield running


def check_result(result: dict[str, Any]) -> None:
    """One clean result: of success, or with one message."""
    assert len(json.dumps(result)) < 20_000 and "exception" not in result
    if result.get("failed"):
        message = result["msg"]
        assert isinstance(message, str) and message and "Traceback" not in message
        assert message.isprintable() and len(message) <= 2000


def start(server: AnswerServer, holds: bool) -> None:
    server.reset()
    if not holds:
        server.rooms.clear()
        server.configurations.clear()


def run_scenario(run: Run, server: AnswerServer, scenario: tuple[str, dict[str, Any], bool]) -> dict[str, Any]:
    module, options, _holds = scenario
    waits = {"wait_timeout": 3} if module in (MODULE_ROOM, MODULE_CONFIGURATION, "ivschat_stack") else {}
    return run(module, endpoint_url=server.url, **options, **waits)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario[0])
def test_scenarios_succeed(
    run: Run, server: AnswerServer, clock: Clock, one_client: None, scenario: tuple[str, dict[str, Any], bool]
) -> None:
    """Without a fuzzed answer, so that the fuzzed ones reach every operation."""
    start(server, scenario[2])
    result = run_scenario(run, server, scenario)
    two_rooms = len(scenario[1].get("rooms", [])) == 2  # of which one does not exist
    assert bool(result.get("failed")) is False or two_rooms, result


@pytest.fixture
def calls_of(run: Run, server: AnswerServer, clock: Clock, one_client: None) -> Callable[[int], list[str]]:
    """calls_of(number): the operations that a scenario calls, in order."""

    @cache
    def ask(number: int) -> list[str]:
        start(server, SCENARIOS[number][2])
        run_scenario(run, server, SCENARIOS[number])
        return list(server.calls)

    return ask


@pytest.fixture
def fuzz(
    run: Run, server: AnswerServer, clock: Clock, _made: dict[str, Any], calls_of: Callable[[int], list[str]]
) -> Callable[[int], None]:
    """fuzz(chunk): one run for each seed of a chunk, and at least as many fuzzed answers."""

    def check(chunk: int) -> None:
        server.replaced = 0
        for seed in range(chunk * RUNS_PER_CHUNK, (chunk + 1) * RUNS_PER_CHUNK):
            if seed % 20 == 0:  # each run of a stack adds a rate limiter to the client that the runs share
                _made.clear()
                clock.pauses.clear()
            rng = random.Random(seed)
            scenario = SCENARIOS[seed % len(SCENARIOS)]
            calls = calls_of(seed % len(SCENARIOS))
            place = rng.randrange(len(calls))
            operation = calls[place]
            answer = any_answer(operation, rng)
            start(server, scenario[2])
            server.next(operation, *[None] * calls[:place].count(operation), *[answer] * rng.choice([1, 1, 4, 100]))
            try:
                check_result(run_scenario(run, server, scenario))
            except BaseException as failure:
                raise AssertionError(f"seed {seed}: {scenario[0]} {operation} {str(answer)[:500]}") from failure
        assert server.replaced >= RUNS_PER_CHUNK

    return check


@pytest.mark.parametrize("chunk", range(2))
def test_any_answer(fuzz: Callable[[int], None], chunk: int) -> None:
    fuzz(chunk)
