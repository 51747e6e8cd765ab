# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small IVS Chat over HTTP whose answers a test can replace, and answers of any form made from the response shapes.

It holds at most one room and one logging configuration, and answers at once. The emulator is the place for behavior;
this is the place for answers that no service returns.
"""

from __future__ import annotations

import http.server
import json
import random
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.model import Shape

ARN = "arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456"
CONFIGURATION_ARN = "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321"
TIMES = {"createTime": "2026-01-31T12:00:00.000Z", "updateTime": "2026-01-31T12:00:00.000Z"}
ROOM = {
    **{"arn": ARN, "id": "AbCdEf123456", "name": "lobby", "tags": {"ivschat-stack": "conference"}, **TIMES},
    "maximumMessageLength": 500,
    "maximumMessageRatePerSecond": 10,
    "loggingConfigurationIdentifiers": [CONFIGURATION_ARN],
    "messageReviewHandler": {
        "uri": "arn:aws:lambda:us-east-1:123456789012:function:review",
        "fallbackResult": "ALLOW",
    },
}
CONFIGURATION = {
    **{"arn": CONFIGURATION_ARN, "id": "ZyXwVu654321", "name": "archive", "tags": {"ivschat-stack": "conference"}},
    **TIMES,
    "destinationConfiguration": {"s3": {"bucketName": "chat-logs"}},
    "state": "ACTIVE",
}


MODEL = botocore.session.get_session().get_service_model("ivschat")
PAGE = b"<html>" + b"<p>Bad gateway</p>\n" * 5000 + b"</html>"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; of its body only the first `sent` bytes are sent, before the connection is closed."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int | None = None


class AnswerServer:
    """The service, in this process. `next` and `always` replace the answer of an operation."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.replaced = 0  # how many answers were replaced
        self._scripted: dict[str, list[Answer | None]] = {}
        self._replaced: dict[str, Answer] = {}
        self.rooms: dict[str, dict[str, Any]] = {}
        self.configurations: dict[str, dict[str, Any]] = {}
        self.reset()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> AnswerServer:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Hold one room and one logging configuration, and answer as the service does."""
        self.calls.clear()
        self._scripted = defaultdict(list)
        self._replaced = {}
        self.rooms = {ARN: dict(ROOM)}
        self.configurations = {CONFIGURATION_ARN: dict(CONFIGURATION)}

    def next(self, operation: str, *answers: Answer | None) -> None:
        """Replace the next answers of an operation (None: not this one); if these are of success, calls take effect."""
        self._scripted[operation] += answers

    def always(self, operation: str, answer: Answer) -> None:
        """Replace all answers of an operation."""
        self._replaced[operation] = answer

    def answer(self, operation: str, parameters: dict[str, Any]) -> Answer:
        """Carry out a call and return its answer."""
        self.calls.append(operation)
        scripted = self._scripted[operation].pop(0) if self._scripted[operation] else self._replaced.get(operation)
        self.replaced += scripted is not None
        if scripted and scripted.status >= 300:
            return scripted
        answer = self._carry_out(operation, parameters)
        return scripted or answer

    def _carry_out(self, operation: str, parameters: dict[str, Any]) -> Answer:
        held, new = (self.configurations, CONFIGURATION) if "LoggingConfiguration" in operation else (self.rooms, ROOM)
        arn = parameters.pop("identifier", parameters.get("roomIdentifier"))
        if operation.startswith("List"):
            return success({"loggingConfigurations" if held is self.configurations else "rooms": list(held.values())})
        if operation in ("TagResource", "UntagResource"):
            return self._tag(**parameters)
        if operation == "CreateChatToken":
            return success({"token": "t", "tokenExpirationTime": TIMES["createTime"]})
        if operation in ("SendEvent", "DeleteMessage"):
            return success({"id": "AbCdEf123456"})
        if operation == "DisconnectUser":
            return success({})
        if operation.startswith("Create"):
            held[str(new["arn"])] = {**new, "tags": {}, **parameters}
            return success(held[str(new["arn"])])
        if arn not in held:
            missing = {"message": "No", "resourceId": "AbCdEf123456", "resourceType": "ROOM"}
            return Answer(404, json.dumps(missing).encode(), {"x-amzn-errortype": "ResourceNotFoundException"})
        if operation.startswith("Delete"):
            del held[arn]
            return Answer(204)
        held[arn].update(parameters)
        return success(held[arn])

    def _tag(self, arn: str, tags: dict[str, str], untag: list[str]) -> Answer:
        held = {**self.rooms, **self.configurations}
        if arn in held:
            kept = {key: value for key, value in held[arn]["tags"].items() if key not in untag}
            held[arn]["tags"] = {**kept, **tags}
        return success({})

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # in one segment: a second one would wait for the first one's acknowledgement

            def handle_call(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                tagging = {"POST": "TagResource", "DELETE": "UntagResource", "GET": "ListTagsForResource"}
                path, _mark, query = self.path.partition("?")
                if path.startswith("/tags/"):
                    tags = json.loads(body or b"{}").get("tags", {})
                    untag = parse_qs(query).get("tagKeys", [])
                    parameters = {"arn": unquote(path.removeprefix("/tags/")), "tags": tags, "untag": untag}
                    answer = service.answer(tagging[self.command], parameters)
                else:
                    answer = service.answer(path[1:], json.loads(body or b"{}"))
                self.send_response(answer.status)
                headers = {"x-amzn-requestid": "0123456789abcdef", **answer.headers}
                if answer.status != 204:
                    headers["Content-Length"] = str(len(answer.body))
                for name, value in headers.items():
                    self.send_header(name, value)
                with suppress(ConnectionError):
                    self.end_headers()
                    if answer.status != 204:
                        self.wfile.write(answer.body[: answer.sent])
                self.close_connection = answer.sent is not None

            do_POST = do_DELETE = do_GET = handle_call  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler


def success(body: Any) -> Answer:
    """An answer of success with this body."""
    return Answer(200, json.dumps(body).encode())


# Answers of any form.

VALUES: list[Any] = [
    *(None, 0, -1, 10**30, 1.5, 1e308, float("nan"), True, "", "x", "a\nb\x1b[1m", "\ud800", "\N{SNOWMAN}" * 3000),
    *([], [None], [{}], [[]], [5], {}, {"a": None}, {"arn": []}, {"name": {}}, "2026-13-45T99:99:99Z", "ACTIVE"),
]
BODIES = [
    *(b"", b"null", b"{}", b"[]", b"5", b'"text"', b"true", b"nul", b"\xff\xfe", b"\x00" * 10, b"[" * 100_000),
    *(b'{"a":' * 5000, PAGE, b"<?xml version='1.0'?><Error><Code>SlowDown</Code></Error>"),
]
STATUSES = [302, 400, 400, 400, 401, 402, 403, 404, 404, 409, 413, 429, 500, 502, 503, 503, 504]
CODES = [
    *(shape.name for shape in MODEL.error_shapes),
    *("SlowDown", "LimitExceededException", "ExpiredTokenException", "", ":", "#", "a#b:c", "A" * 5000, "5", "a\tb"),
]


def sample(shape: Shape, name: str = "", operation: str = "") -> Any:
    """A value of a shape of the service model, as the service would return it for what this server holds."""
    known = CONFIGURATION if "LoggingConfiguration" in operation else ROOM
    if shape.type_name == "structure":
        members = list(shape.members.items())
        members = members[:1] if getattr(shape, "is_tagged_union", False) else members
        return {
            member: sample(inner, member, operation) for member, inner in members if member not in ("nextToken", "tags")
        } | ({"tags": {"k": "v"}} if "tags" in shape.members else {})
    if shape.type_name == "list":
        return [sample(shape.member, name, operation)]
    if shape.type_name == "map":
        return {"k": "v"}
    if shape.type_name == "integer":
        return 7
    if shape.type_name == "timestamp":
        return TIMES["createTime"]
    return known.get(name) or (shape.enum[0] if getattr(shape, "enum", None) else "AbCdEf123456")


def mutate(value: Any, rng: random.Random) -> Any:
    """The same JSON with one member or element missing, added, or of another value, anywhere in it."""
    if not isinstance(value, (dict, list)) or not value or rng.random() < 0.1:
        return rng.choice(VALUES)
    changed: Any = value.copy()
    key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
    action = rng.random()
    if action < 0.3:
        del changed[key]
    elif action < 0.4 and isinstance(changed, list):
        changed.append(rng.choice(VALUES))
    elif action < 0.4:
        changed["nextToken" if rng.random() < 0.5 else "other"] = rng.choice(VALUES)
    elif action < 0.7:
        changed[key] = mutate(value[key], rng)
    else:
        changed[key] = rng.choice(VALUES)
    return changed


def any_answer(operation: str, rng: random.Random) -> Answer:
    """An answer of any form to an operation: mutated, of success or an error, cut off, or not one of the service."""
    model = MODEL.operation_model(operation)
    headers: dict[str, str] = {}
    kind = rng.random()
    if kind < 0.5:
        status = 200
        body = sample(model.output_shape, "", operation) if model.output_shape else {}
    else:
        status = rng.choice(STATUSES)
        body = {"message": "No", **sample(rng.choice(MODEL.error_shapes))}
        where = rng.random()
        if where < 0.5:
            headers["x-amzn-errortype"] = rng.choice(CODES)
        elif where < 0.8:
            body["__type" if where < 0.7 else "code"] = rng.choice(CODES)
    for _time in range(rng.choice([1, 1, 2, 3])):
        body = mutate(body, rng)
    content = json.dumps(body).encode()
    if rng.random() < 0.15:
        content = rng.choice(BODIES)
    if rng.random() < 0.1:
        content = content[: rng.randrange(len(content) + 1)]
    if rng.random() < 0.1:
        headers["x-amzn-requestid"] = rng.choice(["", "A" * 3000, "\xe9\xe8"])
    sent = rng.randrange(len(content)) if content and rng.random() < 0.05 else None
    return Answer(status, content, headers, sent)
