# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every call that a task makes, times every fault: one task makes one resource, and the next run changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.reliability.conftest import Run, holdings

World = dict[str, str]


@dataclass(frozen=True)
class Task:
    """A task, the calls that it makes when nothing fails, and how the service's holdings differ after it."""

    module: str
    does: str
    calls: tuple[str, ...]
    options: dict[str, Any]  # "{name}" stands for an ARN of the world
    after: dict[str, dict[str, Any] | None] = field(default_factory=dict)  # by name; None: gone


LOBBY = {
    "name": "lobby",
    "maximumMessageLength": 200,
    "maximumMessageRatePerSecond": 10,
    "loggingConfigurationIdentifiers": ["archive"],
    "tags": {"old": "1", "kept": "1"},
}
ARCHIVE = {
    "name": "archive",
    "destinationConfiguration": {"s3": {"bucketName": "chat-logs"}},
    "loggingConfigurationIdentifiers": [],
    "state": "ACTIVE",
    "tags": {"old": "1", "kept": "1"},
}
SPARE = {**ARCHIVE, "name": "spare"}
SECOND = {"s3": {"bucket_name": "chat-logs-2"}}

ROOM, LOGGING = "room", "logging_configuration"
LIST, GET, LIST_LOGGING, GET_LOGGING = "ListRooms", "GetRoom", "ListLoggingConfigurations", "GetLoggingConfiguration"
UPDATE_LOGGING, DELETE_LOGGING = "UpdateLoggingConfiguration", "DeleteLoggingConfiguration"

TASKS = [
    Task(ROOM, "unchanged, by name", (LIST, GET), {"name": "lobby", "maximum_message_length": 200}),
    Task(ROOM, "unchanged, by ARN", (GET,), {"arn": "{lobby}", "maximum_message_length": 200}),
    Task(
        ROOM,
        "create",
        (LIST, "CreateRoom", LIST, GET),
        {"name": "new", "maximum_message_length": 300, "tags": {"a": "b"}},
        {
            "new": {
                "name": "new",
                "maximumMessageLength": 300,
                "maximumMessageRatePerSecond": 10,
                "loggingConfigurationIdentifiers": [],
                "tags": {"a": "b"},
            }
        },
    ),
    Task(
        ROOM,
        "update",
        (LIST, GET, "UpdateRoom", GET),
        {"name": "lobby", "maximum_message_length": 300},
        {"lobby": {**LOBBY, "maximumMessageLength": 300}},
    ),
    Task(
        ROOM,
        "rename",
        (GET, "UpdateRoom", GET),
        {"arn": "{lobby}", "name": "foyer"},
        {"lobby": None, "foyer": {**LOBBY, "name": "foyer"}},
    ),
    Task(
        ROOM,
        "attach",
        (LIST_LOGGING, LIST, GET, "UpdateRoom", GET),
        {"name": "lobby", "logging_configuration_identifiers": ["archive", "spare"]},
        {"lobby": {**LOBBY, "loggingConfigurationIdentifiers": ["archive", "spare"]}},
    ),
    Task(
        ROOM,
        "detach",
        (LIST, GET, "UpdateRoom", GET),
        {"name": "lobby", "logging_configuration_identifiers": []},
        {"lobby": {**LOBBY, "loggingConfigurationIdentifiers": []}},
    ),
    Task(
        ROOM,
        "retag",
        (LIST, GET, "TagResource", GET),
        {"name": "lobby", "tags": {"old": "2"}, "purge_tags": False},
        {"lobby": {**LOBBY, "tags": {"old": "2", "kept": "1"}}},
    ),
    Task(
        ROOM,
        "untag",
        (LIST, GET, "UntagResource", GET),
        {"name": "lobby", "tags": {"kept": "1"}},
        {"lobby": {**LOBBY, "tags": {"kept": "1"}}},
    ),
    Task(ROOM, "delete", (LIST, GET, "DeleteRoom", GET, LIST), {"name": "lobby", "state": "absent"}, {"lobby": None}),
    Task(LOGGING, "unchanged, by name", (LIST_LOGGING,), {"name": "spare"}),
    Task(LOGGING, "unchanged, by ARN", (GET_LOGGING,), {"arn": "{spare}"}),
    Task(
        LOGGING,
        "create",
        (LIST_LOGGING, "CreateLoggingConfiguration", LIST_LOGGING, GET_LOGGING),
        {"name": "new", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}, "tags": {"a": "b"}},
        {"new": {**ARCHIVE, "name": "new", "tags": {"a": "b"}}},
    ),
    Task(
        LOGGING,
        "update",
        (LIST_LOGGING, UPDATE_LOGGING, GET_LOGGING, LIST_LOGGING),
        {"name": "spare", "destination_configuration": SECOND},
        {"spare": {**SPARE, "destinationConfiguration": {"s3": {"bucketName": "chat-logs-2"}}}},
    ),
    Task(
        LOGGING,
        "rename",
        (GET_LOGGING, UPDATE_LOGGING, GET_LOGGING),
        {"arn": "{spare}", "name": "other"},
        {"spare": None, "other": {**SPARE, "name": "other"}},
    ),
    Task(
        LOGGING,
        "retag",
        (LIST_LOGGING, "TagResource", GET_LOGGING, LIST_LOGGING),
        {"name": "spare", "tags": {"old": "2"}, "purge_tags": False},
        {"spare": {**SPARE, "tags": {"old": "2", "kept": "1"}}},
    ),
    Task(
        LOGGING,
        "untag",
        (LIST_LOGGING, "UntagResource", GET_LOGGING, LIST_LOGGING),
        {"name": "spare", "tags": {"kept": "1"}},
        {"spare": {**SPARE, "tags": {"kept": "1"}}},
    ),
    Task(
        LOGGING,
        "force-delete",
        (LIST_LOGGING, LIST, GET, "UpdateRoom", DELETE_LOGGING, GET_LOGGING, LIST_LOGGING),
        {"name": "archive", "state": "absent", "force": True},
        {"archive": None, "lobby": {**LOBBY, "loggingConfigurationIdentifiers": []}},
    ),
    Task(
        LOGGING,
        "delete",
        (LIST_LOGGING, LIST, DELETE_LOGGING, GET_LOGGING, LIST_LOGGING),
        {"name": "spare", "state": "absent"},
        {"spare": None},
    ),
    Task("room_info", "by name", (LIST, GET), {"name": "lobby"}),
    Task("room_info", "by ARN", (GET,), {"arns": ["{lobby}"]}),
    Task("room_info", "by logging", (LIST_LOGGING, LIST, GET), {"logging_configuration_identifier": "archive"}),
    Task("logging_configuration_info", "by name", (LIST_LOGGING,), {"name": "spare"}),
    Task("logging_configuration_info", "by ARN", (GET_LOGGING,), {"arns": ["{spare}"]}),
]


@dataclass(frozen=True)
class Fault:
    """A fault of one call, or a mood of the service for the whole task; what it does to the first run."""

    error: str = ""
    when: str = "before"
    count: int = 1
    mood: dict[str, Any] = field(default_factory=dict)
    ends: str = "well"  # "well"; "badly", with a clean failure; or "either", as the call has had its effect or not
    says: str = ""  # what the failure says; the error code by default


ENDLESS = 1000
FAULTS = {
    "Throttling x1": Fault("ThrottlingException"),
    "Throttling x6": Fault("ThrottlingException", count=6),
    "Throttling always": Fault("ThrottlingException", count=ENDLESS, ends="badly"),
    "TooManyRequests": Fault("TooManyRequestsException"),
    "InternalServer": Fault("InternalServerException"),
    "HTTP 503": Fault("Http503"),
    "reset before": Fault("ConnectionReset"),
    "reset after": Fault("ConnectionReset", "after"),
    "reset after, always": Fault("ConnectionReset", "after", ENDLESS, ends="either", says="Connection was closed"),
    "timeout after": Fault("Timeout", "after"),
    "AccessDenied": Fault("AccessDeniedException", ends="badly"),
    "list lags": Fault(mood={"lag": {"list": {"reads": 3}}}),
    "get lags": Fault(mood={"lag": {"get": {"reads": 3}}}),
    "state stays": Fault(mood={"transitions": {"reads": 4}}),
    "*_FAILED": Fault(mood={"failing_transitions": []}, ends="badly"),
}


def is_write(operation: str) -> bool:
    return not operation.startswith(("List", "Get"))


def row(task: Task, place: int) -> str:
    return f"{task.module} {task.does}: {place + 1} {task.calls[place]}"


def applies(operation: str, fault: Fault) -> bool:
    """A lag shows after a write only, and only writes of logging configurations go through states."""
    if fault.error:
        return True
    if "lag" in fault.mood:
        return is_write(operation)
    return is_write(operation) and "LoggingConfiguration" in operation


COLUMNS = list(FAULTS)
PLACES = {row(task, place): (task, place) for task in TASKS for place in range(len(task.calls))}
ROWS = list(PLACES)
CELLS = [
    (name, column)
    for name, (task, place) in PLACES.items()
    for column, fault in FAULTS.items()
    if applies(task.calls[place], fault)
]

Repeat = Callable[[], dict[str, Any]]


@pytest.fixture
def world(one_client: None, emulator: Emulator, clients: Callable[..., Any]) -> World:
    """Two logging configurations, a room that uses one of them, and another room; their ARNs by name."""
    for bucket in ("chat-logs", "chat-logs-2"):
        clients("s3").create_bucket(Bucket=bucket)
    client, arns = clients(), {}
    for each in (ARCHIVE, SPARE):
        made = {key: each[key] for key in ("name", "destinationConfiguration", "tags")}
        arns[each["name"]] = client.create_logging_configuration(**made)["arn"]
    arns["lobby"] = client.create_room(**{**LOBBY, "loggingConfigurationIdentifiers": [arns["archive"]]})["arn"]
    client.create_room(name="bystander")
    emulator.forget_calls()
    return arns


def with_arns(value: Any, world: World) -> Any:
    if isinstance(value, str):
        return value.format(**world)
    return [with_arns(each, world) for each in value] if isinstance(value, list) else value


def repeat(run: Run, task: Task, world: World) -> Repeat:
    options = {name: with_arns(value, world) for name, value in task.options.items()}
    return lambda: run(f"ivschat_{task.module}", aws_config={"read_timeout": 0.5}, **options)


def wanted(task: Task) -> dict[str, list[dict[str, Any]]]:
    """What the service holds after the task, in the form of `holdings`."""
    bystander = {
        "name": "bystander",
        "maximumMessageLength": 500,
        "maximumMessageRatePerSecond": 10,
        "loggingConfigurationIdentifiers": [],
        "tags": {},
    }
    rooms = {"lobby": LOBBY, "bystander": bystander}
    logging = {"archive": ARCHIVE, "spare": SPARE}
    for name, after in task.after.items():
        is_room = "maximumMessageLength" in after if after else name in rooms
        (rooms if is_room else logging)[name] = after
    return {
        kind: sorted((each for each in held.values() if each), key=lambda each: each["name"])
        for kind, held in (("rooms", rooms), ("logging", logging))
    }


def refuse_unclean(failure: dict[str, Any], says: str) -> None:
    """A failure is one line that says what went wrong."""
    message = failure["msg"]
    assert says in message and "\n" not in message and "Traceback" not in str(failure)
    assert "changed" not in failure or isinstance(failure["changed"], bool)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.module} {task.does}")
def test_calls(task: Task, world: World, run: Run, clock: Any, emulator: Emulator, clients: Callable[..., Any]) -> None:
    """The rows of the matrix are all calls that the tasks make."""
    result = repeat(run, task, world)()
    assert [call["operation"] for call in emulator.calls()] == list(task.calls)
    assert result["changed"] is any(map(is_write, task.calls))
    assert holdings(clients()) == wanted(task)


@pytest.mark.parametrize(("name", "column"), CELLS)
def test_fault(
    name: str,
    column: str,
    world: World,
    run: Run,
    clock: Any,
    emulator: Emulator,
    clients: Callable[..., Any],
    record_property: Callable[[str, Any], None],
) -> None:
    record_property("cell", [name, column])
    (task, place), fault = PLACES[name], FAULTS[column]
    operation, again = task.calls[place], repeat(run, task, world)
    if fault.error:
        skip = task.calls[:place].count(operation)
        emulator.fault(operation, fault.error, fault.when, fault.count, skip)
    elif "failing_transitions" in fault.mood:
        verb = operation.removesuffix("LoggingConfiguration").upper()
        emulator.set(failing_transitions=[verb])
        fault = Fault(ends=fault.ends, says=f"{verb}_FAILED")
    else:
        emulator.set(**fault.mood)

    first = again()
    if fault.error:
        assert any(call["fault"] for call in emulator.calls()), "the fault has not struck"
    assert fault.ends == "either" or bool(first.get("failed")) is (fault.ends == "badly"), first
    if first.get("failed"):
        refuse_unclean(first, fault.says or fault.error)
        emulator.clear_faults()
        second = again()
        assert not second.get("failed"), second
    else:
        assert first["changed"] is any(map(is_write, task.calls))
    emulator.clear_faults()
    emulator.forget_calls()
    last = again()
    assert last["changed"] is False and emulator.writes() == [], last
    assert holdings(clients(), lag=3 if fault.mood else 0) == wanted(task)
    for answer in ("rooms", "logging_configurations"):
        assert answer not in last or [each["name"] for each in last[answer]] == [
            {"rooms": "lobby", "logging_configurations": "spare"}[answer]
        ]
