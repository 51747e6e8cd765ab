# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests and errors by botocore's model of the service: routing, reading, checking; nothing about behaviour."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import OperationModel

from .frames import is_unicode

_MODEL = botocore.session.Session().get_service_model("ivschat")
OPERATIONS: dict[str, OperationModel] = {name: _MODEL.operation_model(name) for name in _MODEL.operation_names}

# Two patterns of the model are wrong (README.md): ResourceArn lacks a "+", LambdaArn has lost a "^".
_PATTERNS = {
    "ResourceArn": r"arn:aws:ivschat:[a-z0-9-]+:[0-9]+:(room|logging-configuration)/[a-zA-Z0-9-]+",
    "LambdaArn": r"(arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+)?",
}
_PYTHON_TYPES: dict[str, Any] = {"string": str, "integer": int, "list": list, "map": dict, "structure": dict}
# HTTP status of errors that any AWS service can return but that the model does not list.
_COMMON_ERRORS = {
    "TooManyRequestsException": 429,
    "ThrottledException": 429,
    "RequestThrottledException": 429,
    "LimitExceededException": 429,
    "SlowDown": 503,
    "ExpiredTokenException": 403,
    "UnrecognizedClientException": 403,
    "InvalidSignatureException": 403,
    "MissingAuthenticationTokenException": 403,
    "IncompleteSignatureException": 403,
    "EmulatorError": 500,
}
_ROUTES = [
    (operation, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])))
    for operation in OPERATIONS.values()
]
MAX_DEPTH = 100  # Of JSON; no parameter needs more than five levels.
Response = tuple[int, list[tuple[str, str]], bytes]


class ServiceError(Exception):
    """An error of the service: code, message and the members that the model gives it."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.members = code, message, members


def validation_exception(fields: list[tuple[str, str]], reason: str = "FIELD_VALIDATION_FAILED") -> ServiceError:
    """A ValidationException for (member, rule) pairs, in the words of the one message known of the service."""
    texts = [
        f"Request member: {name.rpartition('.')[2]} failed to satisfy the constraints: {rule}" for name, rule in fields
    ]
    listed = [{"name": name, "message": text} for (name, _value), text in zip(fields, texts, strict=True)]
    return ServiceError("ValidationException", "; ".join(texts), reason=reason, fieldList=listed)


def is_write(operation: str) -> bool:
    """Whether an operation changes something or issues a token: all but Get* and List* do."""
    return not operation.startswith(("Get", "List"))


def is_error_code(code: str) -> bool:
    """Whether `error_response` knows the HTTP status of this code."""
    return code in _COMMON_ERRORS or any(shape.name == code for shape in _MODEL.error_shapes)


def route(method: str, raw_path: str) -> tuple[OperationModel, dict[str, str]] | None:
    """The operation at a path that is still percent-encoded, and the labels in it; None when there is none."""
    for operation, pattern in _ROUTES:
        match = pattern.fullmatch(raw_path)
        if match and operation.http["method"] == method:
            return operation, {name: unquote(value) for name, value in match.groupdict().items()}
    return None


def read_json(text: str | bytes) -> Any:
    """A JSON value; ValueError: it is none, or nested so deeply that it would break what looks into it."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [item for outer in level if isinstance(outer, (dict, list)) for item in _items(outer)]
        if not level:
            return value
    raise ValueError("nested too deeply")


def _items(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


def read_parameters(operation: OperationModel, labels: dict[str, str], query: str, body: bytes) -> dict[str, Any]:
    """The parameters of a call as they were sent, unknown and null members left out; ValueError: no JSON object."""
    sent = read_json(body or b"{}")
    if not isinstance(sent, dict):
        raise ValueError("not a JSON object")
    in_query = parse_qs(query, keep_blank_values=True)
    parameters = {}
    for name, shape in operation.input_shape.members.items():
        location, wire_name = shape.serialization.get("location"), shape.serialization.get("name", name)
        value: Any = sent.get(name)
        if location == "uri":
            value = labels[wire_name]
        elif location == "querystring":  # An empty list leaves no trace in the query string.
            value = in_query.get(wire_name, [])
        if value is not None:
            parameters[name] = value
    return known_members(operation.input_shape, parameters)


def known_members(shape: Any, value: Any) -> Any:
    """A value without the unknown and null members of structures; what is not of the shape's type stays."""
    if shape.type_name == "structure" and isinstance(value, dict):
        given = {name: value[name] for name in shape.members if value.get(name) is not None}
        return {name: known_members(shape.members[name], item) for name, item in given.items()}
    return value


def validation_errors(shape: Any, value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(member, rule) for every constraint of its shape that a value breaks; never quotes the value."""
    kind = shape.type_name
    if isinstance(value, bool) or not isinstance(value, _PYTHON_TYPES[kind]):
        yield path, f"must be of type {kind}"
        return
    limits = shape.metadata
    if kind != "structure":
        size, what = (value, "value") if kind == "integer" else (len(value), "length")
        if size < limits.get("min", size):
            yield path, f"{what} must be greater than or equal to {limits['min']}"
        if size > limits.get("max", size):
            yield path, f"{what} must be less than or equal to {limits['max']}"
    if kind == "string":
        if not is_unicode(value):
            yield path, "must be valid Unicode"
        if value not in limits.get("enum", [value]):
            yield path, f"must be one of {limits['enum']}"
        pattern = _PATTERNS.get(shape.name, limits.get("pattern"))
        if pattern and not re.fullmatch(pattern, value):
            yield path, f"must match pattern {pattern}"
    elif kind == "list":
        for number, item in enumerate(value):
            yield from validation_errors(shape.member, item, f"{path}[{number}]")
    elif kind == "map":
        for key, item in value.items():
            yield from validation_errors(shape.key, key, path)
            yield from validation_errors(shape.value, item, path)
    elif kind == "structure":
        yield from _structure_errors(shape, value, path)


def _structure_errors(shape: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    given = {name: value[name] for name in shape.members if value.get(name) is not None}
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in given:
            yield prefix + name, "must not be null"
    if getattr(shape, "is_tagged_union", False) and len(given) != 1:
        yield path, f"exactly one of {', '.join(shape.members)} must be set"
    for name, item in given.items():
        yield from validation_errors(shape.members[name], item, prefix + name)


def validate(operation: OperationModel, parameters: dict[str, Any]) -> None:
    """Raise a ValidationException naming every member that breaks the model's constraints."""
    errors = list(validation_errors(operation.input_shape, parameters))
    if errors:
        raise validation_exception(errors)


def request_id_header() -> tuple[str, str]:
    """The header that every response of the service has."""
    return "x-amzn-RequestId", str(uuid.uuid4())


def error_response(error: ServiceError, parameters: dict[str, Any] | None = None) -> Response:
    """The HTTP response for an error; members that the model requires are filled in when the error has none."""
    shape = next((shape for shape in _MODEL.error_shapes if shape.name == error.code), None)
    members = {"message": error.message, **error.members}
    if shape is None:
        status = _COMMON_ERRORS[error.code]
    else:
        status = shape.metadata["error"]["httpStatusCode"]
        arn = resource_of(parameters or {}) or ""
        # The model's enum of resource types has one value, and its pattern allows short ids, not ARNs.
        filled = {"resourceId": short_id(arn) or "none", "resourceType": "ROOM", "limit": 0, "reason": "OTHER"}
        members = {name: members.get(name, filled.get(name)) for name in shape.members}
    body = json.dumps({name: value for name, value in members.items() if value is not None}).encode()
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", error.code), request_id_header()]
    return status, headers, body


def resource_of(parameters: dict[str, Any]) -> str | None:
    """The ARN of the resource that a call names; None when it names none."""
    for name in ("identifier", "roomIdentifier", "resourceArn"):
        if isinstance(parameters.get(name), str):
            return str(parameters[name])
    return None


def short_id(arn: str) -> str:
    """The id at the end of an ARN."""
    return arn.rpartition("/")[2]
