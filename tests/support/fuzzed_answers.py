# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of all modules against answers of any form."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.support.answers import AnswerServer, any_answer
from tests.support.environment import UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import Run

Scenario = tuple[str, dict[str, Any], bool]

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
# A scenario is a module, its options, and whether the server holds the room and the logging configuration.
SCENARIOS: list[Scenario] = [
    (MODULE_ROOM, {"arn": UNKNOWN_ROOM, "maximum_message_length": 7, "tags": {"k": "v"}}, True),
    (MODULE_ROOM, {"name": "lobby", "logging_configuration_identifiers": ["archive"]}, True),
    (MODULE_ROOM, {"name": "lobby", "message_review_handler": {"uri": ""}}, True),
    (MODULE_ROOM, {"name": "lobby", "maximum_message_length": 7, "tags": {"k": "v"}}, False),
    (MODULE_ROOM, {"name": "lobby", "state": "absent"}, True),
    (MODULE_CONFIGURATION, {"arn": UNKNOWN_LOGGING, "name": "other", "tags": {}}, True),
    (MODULE_CONFIGURATION, {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "other"}}}, True),
    (MODULE_CONFIGURATION, {"name": "archive", **S3, "tags": {"k": "v"}}, False),
    (MODULE_CONFIGURATION, {"name": "archive", "state": "absent", "force": True}, True),
    ("ivschat_room_info", {"tags": {"ivschat-stack": "conference"}}, True),
    ("ivschat_room_info", {"arns": [UNKNOWN_ROOM]}, True),
    ("ivschat_logging_configuration_info", {"name": "archive"}, True),
    ("ivschat_logging_configuration_info", {"arns": [UNKNOWN_LOGGING]}, True),
    ("ivschat_chat_token", {"room_name": "lobby", "user_id": "ada"}, True),
    ("ivschat_event", {"room_arn": UNKNOWN_ROOM, **EVENT}, True),
    ("ivschat_event", {"rooms": ["lobby", UNKNOWN_ROOM.replace("AbC", "XyZ")], **EVENT}, True),
    ("ivschat_message", {"room_name": "lobby", "id": "AbCdEf123456"}, True),
    ("ivschat_user", {"room_arn": UNKNOWN_ROOM, "user_id": "ada"}, True),
    ("ivschat_stack", STACK, True),
    ("ivschat_stack", STACK, False),
    ("ivschat_stack", {"name": "conference", "state": "absent"}, True),
    ("ivschat_stack_info", {"name": "conference"}, True),
]


def check_result(result: dict[str, Any]) -> None:
    """One clean result: of success, or with one message."""
    assert len(json.dumps(result)) < 20_000 and "exception" not in result
    if result.get("failed"):
        message = result["msg"]
        assert isinstance(message, str) and message and "Traceback" not in message
        assert message.isprintable() and len(message) <= 2000


def prepare(server: AnswerServer, holds: bool) -> None:
    server.reset()
    if not holds:
        server.rooms.clear()
        server.configurations.clear()


def run_scenario(run: Run, server: AnswerServer, scenario: Scenario) -> dict[str, Any]:
    module, options, _holds = scenario
    waits = {"wait_timeout": 3} if module in (MODULE_ROOM, MODULE_CONFIGURATION, "ivschat_stack") else {}
    return run(module, endpoint_url=server.url, **options, **waits)


def run_chunk(
    run: Run, server: AnswerServer, chunk: int, calls_of: Callable[[int], list[str]], start_afresh: Callable[[], None]
) -> None:
    """Make a run for every seed of a chunk, with at least as many fuzzed answers.

    `calls_of(number)` gives the operations that a scenario calls, in order.
    """
    server.replaced = 0
    for seed in range(chunk * RUNS_PER_CHUNK, (chunk + 1) * RUNS_PER_CHUNK):
        if seed % 20 == 0:  # a run of a stack adds a rate limiter to the client that the runs share
            start_afresh()
        rng = random.Random(seed)
        scenario = SCENARIOS[seed % len(SCENARIOS)]
        calls = calls_of(seed % len(SCENARIOS))
        position = rng.randrange(len(calls))
        operation = calls[position]
        answer = any_answer(operation, rng)
        prepare(server, scenario[2])
        server.next(operation, *[None] * calls[:position].count(operation), *[answer] * rng.choice([1, 1, 4, 100]))
        try:
            check_result(run_scenario(run, server, scenario))
        except BaseException as failure:
            raise AssertionError(f"seed {seed}: {scenario[0]} {operation} {str(answer)[:500]}") from failure
    assert server.replaced >= RUNS_PER_CHUNK
