# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: tasks and the calls that they make, times faults; and its table in docs/reliability.md."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.environment import ROOT
from tests.support.harness import Run

DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- matrix: written by `make reliability` -->", "<!-- end of the matrix -->"

Arns = dict[str, str]  # by name


@dataclass(frozen=True)
class Task:
    """A task, the calls that it makes when nothing fails, and how the service's holdings differ after it."""

    module: str
    does: str
    calls: tuple[str, ...]
    options: dict[str, Any]  # "{name}" stands for the ARN of that resource
    after: dict[str, dict[str, Any] | None] = field(default_factory=dict)  # by name; None: deleted


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
        (GET, LIST, "UpdateRoom", GET, LIST),  # the first list, to warn of another room of that name
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
        (GET_LOGGING, LIST_LOGGING, UPDATE_LOGGING, GET_LOGGING, LIST_LOGGING),
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
        (LIST_LOGGING, GET_LOGGING, LIST, GET, "UpdateRoom", DELETE_LOGGING, GET_LOGGING, LIST_LOGGING),
        {"name": "archive", "state": "absent", "force": True},
        {"archive": None, "lobby": {**LOBBY, "loggingConfigurationIdentifiers": []}},
    ),
    Task(
        LOGGING,
        "delete",
        (LIST_LOGGING, GET_LOGGING, LIST, DELETE_LOGGING, GET_LOGGING, LIST_LOGGING),
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
    """A fault of one call, or settings of the emulator for the whole task; how the first run ends."""

    error: str = ""
    when: str = "before"
    count: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
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
    "list lags": Fault(settings={"lag": {"list": {"reads": 3}}}),
    "get lags": Fault(settings={"lag": {"get": {"reads": 3}}}),
    "state stays": Fault(settings={"transitions": {"reads": 4}}),
    "*_FAILED": Fault(settings={"failing_transitions": []}, ends="badly"),
}


def is_write(operation: str) -> bool:
    return not operation.startswith(("List", "Get"))


def row(task: Task, position: int) -> str:
    return f"{task.module} {task.does}: {position + 1} {task.calls[position]}"


def applies(operation: str, fault: Fault) -> bool:
    """A lag shows after a write only, and only writes of logging configurations go through states."""
    if fault.error:
        return True
    if "lag" in fault.settings:
        return is_write(operation)
    return is_write(operation) and "LoggingConfiguration" in operation


def how_it_ends(task: Task, position: int, fault: Fault) -> str:
    """As `Fault.ends` says; but a list that cannot be read after a deletion is no failure."""
    courtesy = bool(fault.error) and task.options.get("state") == "absent" and position == len(task.calls) - 1
    return "well" if courtesy else fault.ends


COLUMNS = list(FAULTS)
CALLS = {row(task, position): (task, position) for task in TASKS for position in range(len(task.calls))}
ROWS = list(CALLS)
CELLS = [
    (name, column)
    for name, (task, position) in CALLS.items()
    for column, fault in FAULTS.items()
    if applies(task.calls[position], fault)
]

Repeat = Callable[[], dict[str, Any]]


def with_arns(value: Any, arns: Arns) -> Any:
    if isinstance(value, str):
        return value.format(**arns)
    return [with_arns(entry, arns) for entry in value] if isinstance(value, list) else value


def repeat(run: Run, task: Task, arns: Arns) -> Repeat:
    options = {name: with_arns(value, arns) for name, value in task.options.items()}
    return lambda: run(f"ivschat_{task.module}", aws_config={"read_timeout": 0.5}, **options)


def expected(task: Task) -> dict[str, list[dict[str, Any]]]:
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
        kind: sorted((resource for resource in held.values() if resource), key=lambda resource: resource["name"])
        for kind, held in (("rooms", rooms), ("logging", logging))
    }


def assert_clean_failure(failure: dict[str, Any], says: str) -> None:
    """A failure is one line that says what went wrong."""
    message = failure["msg"]
    assert says in message and "\n" not in message and "Traceback" not in str(failure)
    assert "changed" not in failure or isinstance(failure["changed"], bool)


# The table. A test of the matrix records its cell (row, column); the process that has all reports writes the table.

_cells: dict[tuple[str, str], str] = {}


def record_cell(report: pytest.TestReport) -> None:
    """Note the outcome of a test of the matrix, once."""
    cell = dict(report.user_properties).get("cell")
    if cell and (report.when == "call" or report.failed):
        _cells[tuple(cell)] = "passed" if report.passed else "FAILED"


def write_matrix(terminalreporter: Any) -> None:
    """Print the table of the cells that were tested; with WRITE_MATRIX set, write a whole one to the document."""
    if not _cells:
        return
    rows = [row for row in ROWS if any(row == cell[0] for cell in _cells)]
    mark = {"passed": "ok", "FAILED": "**FAILED**"}
    lines = [["call", *COLUMNS]] + [
        [row, *(mark[_cells[row, column]] if (row, column) in _cells else "-" for column in COLUMNS)] for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS) + 1)]
    lines.insert(1, ["-" * width for width in widths])
    table = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    terminalreporter.section("fault matrix (- : not applicable)")
    for line in table:
        terminalreporter.write_line(line)
    failed = sum(outcome == "FAILED" for outcome in _cells.values())
    total = f"{len(_cells)} cells: {len(_cells) - failed} passed, {failed} failed."
    terminalreporter.write_line(total)
    if os.environ.get("WRITE_MATRIX") and len(_cells) == len(CELLS):
        head, rest = DOCUMENT.read_text().split(BEGIN)
        tail = rest.split(END)[1]
        DOCUMENT.write_text("\n".join([head + BEGIN, total, "", *table, END]) + tail)
