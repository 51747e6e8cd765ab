# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every constraint of the service model, just inside and just outside, for every member of every operation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from emulator.tests.helpers import listed
from emulator.tests.wire import ARN, MODEL, SAMPLES, in_url, sample, send, text
from ivschat_emulator import Emulator


def edges(shape: Any) -> Iterator[tuple[str, bool, Any]]:
    """(what is tried, whether it is valid, the value)."""
    kind, limits = shape.type_name, shape.metadata
    yield (
        "null in a list" if kind == "list" else "type",
        False,
        {"string": 5, "integer": "5", "list": [None]}.get(kind, "x"),
    )
    if kind == "integer":
        yield "a boolean", False, True
    if "enum" in limits:
        for value in limits["enum"]:
            yield value, True, value
        yield "lower case", False, limits["enum"][0].lower()
    sizes = {
        "string": lambda size: text(shape, size),
        "integer": lambda size: size,
        "list": lambda size: [f"{sample(shape.member)}{number}"[:128] for number in range(size)],
        "map": lambda size: {f"key{number}": "value" for number in range(size)},
    }
    for edge, step in (("min", -1), ("max", 1)):
        if edge in limits and kind in sizes:
            # An ARN or a token has a smallest length of its own, above the model's.
            if not (edge == "min" and (shape.name in SAMPLES or limits["min"] == 0)):
                yield f"{edge} {limits[edge]}", True, sizes[kind](limits[edge])
            if limits[edge] + step >= 0 or kind == "integer":
                yield f"beyond {edge} {limits[edge]}", False, sizes[kind](limits[edge] + step)
    if "pattern" in limits:
        good = text(shape, max(limits["min"], 1) if shape.name not in SAMPLES else len(SAMPLES[shape.name]))
        for bad in ("\n",) if shape.name == "LambdaArn" else (" ", "\n", "é", ":"):
            yield f"{bad!r} at the end", False, good[:-1] + bad if shape.name not in SAMPLES else good + bad
    if "Identifier" in shape.name and kind == "string" or shape.name == "ResourceArn":
        yield "an id", False, "abcdefghijkl"
        yield "another service's ARN", False, SAMPLES[shape.name].replace("ivschat", "ivs")
        yield "another partition's ARN", False, SAMPLES[shape.name].replace("arn:aws:", "arn:aws-us-gov:")
        yield "another kind of ARN", False, f"{ARN}channel/a"
    if getattr(shape, "is_tagged_union", False):
        both = {name: sample(member) for name, member in shape.members.items()}
        yield "no member", False, {}
        yield "two members", False, dict(list(both.items())[:2])
        yield "all members null", False, dict.fromkeys(both)


def members(shape: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every member below a shape, with the keys that lead to it."""
    below: dict[Any, Any] = {}
    if shape.type_name == "structure":
        below = shape.members
    elif shape.type_name == "list":
        below = {0: shape.member}
    elif shape.type_name == "map":
        below = {"key": shape.value}
    for key, member in below.items():
        yield (*path, key), member
        yield from members(member, (*path, key))


def cases() -> Iterator[Any]:
    for operation in map(MODEL.operation_model, MODEL.operation_names):
        for path, shape in members(operation.input_shape):
            for what, valid, value in edges(shape):
                yield operation.name, path, what, valid, value
            if shape.type_name == "map" and shape.key.metadata:
                yield operation.name, path, "a key of 129", False, {"k" * 129: "v"}
                yield operation.name, path, "a key of 128", True, {"\U0001f600" * 128: "v"}
                yield operation.name, path, "an empty key", False, {"": "v"}


CASES = [
    pytest.param(*case[:2], *case[3:], id=f"{case[0]} {'.'.join(map(str, case[1]))}: {case[2]}")
    for case in cases()
    if not (in_url(case[0], case[1][0]) and (case[2] in ("type", "null in a list") or case[4] in ("", [""])))
]


def test_there_are_cases_for_each_operation() -> None:
    assert {case.values[0] for case in CASES} == set(MODEL.operation_names)
    assert len([case for case in CASES if not case.values[2]]) > 200


@pytest.mark.parametrize(("operation", "path", "valid", "value"), CASES)
def test_limit(emulator: Emulator, operation: str, path: tuple[Any, ...], valid: bool, value: Any) -> None:
    shape = MODEL.operation_model(operation).input_shape
    parameters = {name: sample(shape.members[name]) for name in shape.required_members}
    container: Any = parameters
    inner = shape
    for key in path[:-1]:
        inner = inner.members[key] if inner.type_name == "structure" else inner.member
        if inner.type_name == "structure" and getattr(inner, "is_tagged_union", False):
            container[key] = {}  # The member under test is to be the only one.
        if isinstance(container, list):
            container.append({} if inner.type_name == "structure" else [])
        elif key not in container or container[key] == []:
            container[key] = [] if inner.type_name == "list" else {}
        container = container[key]
    if isinstance(container, list):
        container.append(value)
    else:
        container[path[-1]] = value
    status, error = send(emulator, operation, parameters)
    complaints = {re.sub(r"\[\d+\]", "", field["name"]): field["message"] for field in error.get("fieldList", [])}
    named = ".".join(key for key in path if isinstance(key, str) and key != "key")
    if not valid:
        assert (status, error["code"]) == (400, "ValidationException")
        assert error["reason"] == "FIELD_VALIDATION_FAILED"
        assert named in complaints
    elif named in complaints:  # A rule beyond the model's limits: the value was looked at.
        assert complaints[named].endswith(
            ("invalid lambda permission", "returned for the same parameters", "less than or equal to 1024 bytes")
        )


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        (name, member)
        for name in MODEL.operation_names
        for member in MODEL.operation_model(name).input_shape.required_members
        if not in_url(name, member)
    ],
)
@pytest.mark.parametrize("missing", ["left out", "null"])
def test_required(emulator: Emulator, operation: str, member: str, missing: str) -> None:
    shape = MODEL.operation_model(operation).input_shape
    parameters = {name: sample(shape.members[name]) for name in shape.required_members if name != member}
    if missing == "null":
        parameters[member] = None
    status, error = send(emulator, operation, parameters)
    assert (status, error["code"], error["reason"]) == (400, "ValidationException", "FIELD_VALIDATION_FAILED")
    assert member in [field["name"] for field in error["fieldList"]]


@pytest.mark.parametrize(
    ("operation", "parameters", "named"),
    [
        ("CreateRoom", {"tags": {"\ud800": "x"}}, "tags"),
        ("CreateRoom", {"tags": {"x": "\ud800"}}, "tags"),
        ("CreateRoom", {"name": "\udfff"}, "name"),
        ("TagResource", {"resourceArn": f"{ARN}room/a", "tags": {"x": "\ud800"}}, "tags"),
        ("CreateChatToken", {"roomIdentifier": f"{ARN}room/a", "userId": "\ud800"}, "userId"),
        (
            "CreateChatToken",
            {"roomIdentifier": f"{ARN}room/a", "userId": "u", "attributes": {"x": "\ud800"}},
            "attributes",
        ),
        ("SendEvent", {"roomIdentifier": f"{ARN}room/a", "eventName": "\ud83d"}, "eventName"),
        (
            "SendEvent",
            {"roomIdentifier": f"{ARN}room/a", "eventName": "e", "attributes": {"\ud83d": "x"}},
            "attributes",
        ),
        ("DeleteMessage", {"roomIdentifier": f"{ARN}room/a", "id": "a" * 12, "reason": "\ud83d"}, "reason"),
        ("DisconnectUser", {"roomIdentifier": f"{ARN}room/a", "userId": "\ud83d"}, "userId"),
        ("DisconnectUser", {"roomIdentifier": f"{ARN}room/a", "userId": "u", "reason": "\ud83d"}, "reason"),
    ],
)
def test_half_a_character(emulator: Emulator, operation: str, parameters: dict[str, Any], named: str) -> None:
    """JSON can write half of a surrogate pair, UTF-8 cannot."""
    status, error = send(emulator, operation, parameters)
    assert (status, error["code"], error["reason"]) == (400, "ValidationException", "FIELD_VALIDATION_FAILED")
    assert {field["name"] for field in error["fieldList"]} == {named}


def test_null_is_the_same_as_left_out(emulator: Emulator, bucket: dict[str, Any], ivschat: Any) -> None:
    destination = {**bucket, "firehose": None, "cloudWatchLogs": None, "unknown": {}}
    for operation, parameters in (
        ("CreateLoggingConfiguration", {}),
        ("UpdateLoggingConfiguration", {"identifier": None}),
    ):
        if "identifier" in parameters:
            [parameters["identifier"]] = [item["arn"] for item in listed(ivschat.list_logging_configurations)]
        assert send(emulator, operation, {"destinationConfiguration": destination, **parameters})[0] == 200
        [configuration] = listed(ivschat.list_logging_configurations)
        assert configuration["destinationConfiguration"] == bucket
    handler = {"uri": None, "fallbackResult": None}
    assert send(emulator, "CreateRoom", {"messageReviewHandler": handler, "name": None})[0] == 200
    [room] = listed(ivschat.list_rooms)
    assert (room["messageReviewHandler"], "name" in room) == ({"uri": "", "fallbackResult": "ALLOW"}, False)
    calls = emulator.calls("CreateLoggingConfiguration")
    assert calls[0]["parameters"] == {"destinationConfiguration": bucket}
