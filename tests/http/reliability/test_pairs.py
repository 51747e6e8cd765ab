# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two tasks of one play, the second right after the first, while lists or Get still show the state before it."""

from __future__ import annotations

from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.http.reliability.matrix import LOBBY, SPARE, Arns
from tests.support.harness import Run
from tests.support.service import holdings

ROOM, LOGGING = "ivschat_room", "ivschat_logging_configuration"
DESTINATION = {"destination_configuration": {"s3": {"bucket_name": "chat-logs"}}}
ATTACHED = "logging_configuration_identifiers"
NEW_ROOM = {
    "name": "new",
    "maximumMessageLength": 500,
    "maximumMessageRatePerSecond": 10,
    "loggingConfigurationIdentifiers": [],
    "tags": {},
}
NEW_LOGGING = {**SPARE, "name": "new-logs", "tags": {}}

Step = tuple[str, dict[str, Any]]  # a module and its options; "{name}" stands for the ARN of that resource

CREATE_ROOM: Step = (ROOM, {"name": "new"})
RENAME_ROOM: Step = (ROOM, {"arn": "{lobby}", "name": "foyer"})
DELETE_ROOM: Step = (ROOM, {"name": "lobby", "state": "absent"})
ATTACH: Step = (ROOM, {"name": "lobby", ATTACHED: ["archive", "spare"]})
DETACH: Step = (ROOM, {"name": "lobby", ATTACHED: []})
CREATE_LOGGING: Step = (LOGGING, {"name": "new-logs", **DESTINATION})
RENAME_LOGGING: Step = (LOGGING, {"arn": "{spare}", "name": "renamed"})
DELETE_ARCHIVE: Step = (LOGGING, {"name": "archive", "state": "absent"})
DELETE_SPARE: Step = (LOGGING, {"name": "spare", "state": "absent"})
DELETE_ROOM_BY_ARN: Step = (ROOM, {"arn": "{lobby}", "state": "absent"})
DELETE_SPARE_BY_ARN: Step = (LOGGING, {"arn": "{spare}", "state": "absent"})
FORCE_DELETE_SPARE: Step = (LOGGING, {"name": "spare", "state": "absent", "force": True})


def lobby(**fields: Any) -> dict[str, Any]:
    return {**LOBBY, **fields}


USES = "loggingConfigurationIdentifiers"
# Two tasks, and how the service's holdings differ after them: rooms and logging configurations by name, None: deleted.
PAIRS: dict[str, tuple[Step, Step, dict[str, Any], dict[str, Any]]] = {
    "create a logging configuration, create a room that uses it": (
        CREATE_LOGGING,
        (ROOM, {"name": "new", ATTACHED: ["new-logs"]}),
        {"new": {**NEW_ROOM, USES: ["new-logs"]}},
        {"new-logs": NEW_LOGGING},
    ),
    "create a logging configuration, attach it": (
        CREATE_LOGGING,
        (ROOM, {"name": "lobby", ATTACHED: ["new-logs"]}),
        {"lobby": lobby(**{USES: ["new-logs"]})},
        {"new-logs": NEW_LOGGING},
    ),
    "create a logging configuration, rename it": (
        CREATE_LOGGING,
        (LOGGING, {"arn": "{result}", "name": "renamed"}),
        {},
        {"renamed": {**NEW_LOGGING, "name": "renamed"}},
    ),
    "create a logging configuration, delete it": (
        CREATE_LOGGING,
        (LOGGING, {"name": "new-logs", "state": "absent"}),
        {},
        {},
    ),
    "create a room, attach to it": (
        CREATE_ROOM,
        (ROOM, {"name": "new", ATTACHED: ["spare"]}),
        {"new": {**NEW_ROOM, USES: ["spare"]}},
        {},
    ),
    "create a room, rename it": (
        CREATE_ROOM,
        (ROOM, {"arn": "{result}", "name": "renamed"}),
        {"renamed": {**NEW_ROOM, "name": "renamed"}},
        {},
    ),
    "create a room, delete it": (CREATE_ROOM, (ROOM, {"name": "new", "state": "absent"}), {}, {}),
    "attach, detach": (ATTACH, DETACH, {"lobby": lobby(**{USES: []})}, {}),
    "attach, rename the room": (
        ATTACH,
        RENAME_ROOM,
        {"lobby": None, "foyer": lobby(name="foyer", **{USES: ["archive", "spare"]})},
        {},
    ),
    "attach, rename the logging configuration": (
        ATTACH,
        RENAME_LOGGING,
        {"lobby": lobby(**{USES: ["archive", "renamed"]})},
        {"spare": None, "renamed": {**SPARE, "name": "renamed"}},
    ),
    "attach, delete the room": (ATTACH, DELETE_ROOM, {"lobby": None}, {}),
    "detach, attach": (DETACH, ATTACH, {"lobby": lobby(**{USES: ["archive", "spare"]})}, {}),
    "detach, delete the logging configuration": (
        DETACH,
        DELETE_ARCHIVE,
        {"lobby": lobby(**{USES: []})},
        {"archive": None},
    ),
    "detach, rename the room": (DETACH, RENAME_ROOM, {"lobby": None, "foyer": lobby(name="foyer", **{USES: []})}, {}),
    "detach, delete the room": (DETACH, DELETE_ROOM, {"lobby": None}, {}),
    "rename the room, change it by its ARN": (
        RENAME_ROOM,
        (ROOM, {"arn": "{lobby}", "maximum_message_length": 7}),
        {"lobby": None, "foyer": lobby(name="foyer", maximumMessageLength=7)},
        {},
    ),
    "rename the room, delete it by its ARN": (
        RENAME_ROOM,
        (ROOM, {"arn": "{lobby}", "state": "absent"}),
        {"lobby": None},
        {},
    ),
    "rename the logging configuration, attach it by its ARN": (
        RENAME_LOGGING,
        (ROOM, {"name": "lobby", ATTACHED: ["{spare}"]}),
        {"lobby": lobby(**{USES: ["renamed"]})},
        {"spare": None, "renamed": {**SPARE, "name": "renamed"}},
    ),
    "rename the logging configuration, delete it by its ARN": (
        RENAME_LOGGING,
        (LOGGING, {"arn": "{spare}", "state": "absent"}),
        {},
        {"spare": None},
    ),
    "delete the room, delete the logging configuration": (
        DELETE_ROOM,
        DELETE_ARCHIVE,
        {"lobby": None},
        {"archive": None},
    ),
    "delete the room, create one of its name": (
        DELETE_ROOM,
        (ROOM, {"name": "lobby"}),
        {"lobby": {**NEW_ROOM, "name": "lobby"}},
        {},
    ),
    "delete the logging configuration, create one of its name": (
        DELETE_SPARE,
        (LOGGING, {"name": "spare", **DESTINATION}),
        {},
        {"spare": {**SPARE, "tags": {}}},
    ),
    "delete the logging configuration, create a room": (DELETE_SPARE, CREATE_ROOM, {"new": NEW_ROOM}, {"spare": None}),
    "attach, delete the logging configuration by force": (
        ATTACH,
        FORCE_DELETE_SPARE,
        {"lobby": LOBBY},
        {"spare": None},
    ),
    "delete the room by its ARN, create one of its name": (
        DELETE_ROOM_BY_ARN,
        (ROOM, {"name": "lobby"}),
        {"lobby": {**NEW_ROOM, "name": "lobby"}},
        {},
    ),
    "delete the logging configuration by its ARN, create one of its name": (
        DELETE_SPARE_BY_ARN,
        (LOGGING, {"name": "spare", **DESTINATION}),
        {},
        {"spare": {**SPARE, "tags": {}}},
    ),
    "rename the room, change it by its new name": (
        RENAME_ROOM,
        (ROOM, {"name": "foyer", "maximum_message_length": 7}),
        {"lobby": None, "foyer": lobby(name="foyer", maximumMessageLength=7)},
        {},
    ),
    "rename the room, delete it by its new name": (
        RENAME_ROOM,
        (ROOM, {"name": "foyer", "state": "absent"}),
        {"lobby": None},
        {},
    ),
    "rename the room, create one of its old name": (
        RENAME_ROOM,
        (ROOM, {"name": "lobby"}),
        {"lobby": {**NEW_ROOM, "name": "lobby"}, "foyer": lobby(name="foyer")},
        {},
    ),
    "rename the logging configuration, attach it by its new name": (
        RENAME_LOGGING,
        (ROOM, {"name": "lobby", ATTACHED: ["renamed"]}),
        {"lobby": lobby(**{USES: ["renamed"]})},
        {"spare": None, "renamed": {**SPARE, "name": "renamed"}},
    ),
    "rename the logging configuration, delete it by its new name": (
        RENAME_LOGGING,
        (LOGGING, {"name": "renamed", "state": "absent"}),
        {},
        {"spare": None},
    ),
    "rename the logging configuration, create one of its old name": (
        RENAME_LOGGING,
        (LOGGING, {"name": "spare", **DESTINATION}),
        {},
        {"spare": {**SPARE, "tags": {}}, "renamed": {**SPARE, "name": "renamed"}},
    ),
}
LAGS: dict[str, dict[str, Any]] = {
    "list lags": {"list": {"reads": 3}},
    "get lags": {"get": {"reads": 3}},
    "both lag": {"list": {"reads": 2}, "get": {"reads": 2}},
}


def with_arns(options: dict[str, Any], arns: Arns) -> dict[str, Any]:
    """Return the options with ARNs in place of their marks."""

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(item) for item in value]
        return arns[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value

    return {option: resolve(value) for option, value in options.items()}


@pytest.mark.parametrize("lag", LAGS.values(), ids=LAGS)
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_second_task_right_after_the_first(
    pair: tuple[Step, Step, dict[str, Any], dict[str, Any]],
    lag: dict[str, Any],
    matrix_arns: Arns,
    run: Run,
    clock: Any,
    emulator: Emulator,
    chat: Any,
) -> None:
    first, second, rooms, configurations = pair
    before = holdings(chat)
    expected = {
        "rooms": {**{room["name"]: room for room in before["rooms"]}, **rooms},
        "logging": {**{each["name"]: each for each in before["logging"]}, **configurations},
    }
    emulator.set(lag=lag)
    module, options = first
    result = run(module, **with_arns(options, matrix_arns))
    assert result.get("changed") and not result.get("failed"), result
    created = (result[module.removeprefix("ivschat_")] or {}).get("arn", "")
    module, options = second
    options = with_arns(options, {**matrix_arns, "result": created})
    result = run(module, **options)
    assert result.get("changed") and not result.get("failed"), result
    after = holdings(chat, lag=3)
    assert {kind: {each["name"]: each for each in after[kind]} for kind in after} == {
        kind: {name: resource for name, resource in expected[kind].items() if resource} for kind in expected
    }
    assert all(len(after[kind]) == len({each["name"] for each in after[kind]}) for kind in after), "no duplicates"
    assert run(module, **options)["changed"] is False
