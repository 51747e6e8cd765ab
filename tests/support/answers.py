# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small IVS Chat over HTTP whose answers a test can replace, and answers of any form.

It holds at most one room and one logging configuration, and answers at once. The emulator is the place for behavior;
this is the place for answers that no service returns.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.environment import UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.service import API_DESTINATION

TIMES = {"createTime": "2026-01-31T12:00:00.000Z", "updateTime": "2026-01-31T12:00:00.000Z"}
ROOM = {
    **{"arn": UNKNOWN_ROOM, "id": "AbCdEf123456", "name": "lobby", "tags": {"ivschat-stack": "conference"}, **TIMES},
    "maximumMessageLength": 500,
    "maximumMessageRatePerSecond": 10,
    "loggingConfigurationIdentifiers": [UNKNOWN_LOGGING],
    "messageReviewHandler": {
        "uri": "arn:aws:lambda:us-east-1:123456789012:function:review",
        "fallbackResult": "ALLOW",
    },
}
CONFIGURATION = {
    **{"arn": UNKNOWN_LOGGING, "id": "ZyXwVu654321", "name": "archive", "tags": {"ivschat-stack": "conference"}},
    **TIMES,
    "destinationConfiguration": API_DESTINATION,
    "state": "ACTIVE",
}


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
        self._scripted: dict[str, list[Answer]] = {}
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
        self.rooms = {UNKNOWN_ROOM: dict(ROOM)}
        self.configurations = {UNKNOWN_LOGGING: dict(CONFIGURATION)}

    def next(self, operation: str, *answers: Answer) -> None:
        """Replace the next answers of an operation; the calls still take effect if these are of success."""
        self._scripted[operation] += answers

    def always(self, operation: str, answer: Answer) -> None:
        """Replace all answers of an operation; of all operations when it is "*"."""
        self._replaced[operation] = answer

    def answer(self, operation: str, parameters: dict[str, Any]) -> Answer:
        """Carry out a call and return its answer."""
        self.calls.append(operation)
        replaced = self._replaced.get(operation, self._replaced.get("*"))
        scripted = self._scripted[operation].pop(0) if self._scripted[operation] else replaced
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
            return success({})
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

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_call(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                tagging = {"POST": "TagResource", "DELETE": "UntagResource", "GET": "ListTagsForResource"}
                path = unquote(self.path.partition("?")[0])
                operation = tagging[self.command] if path.startswith("/tags/") else path[1:]
                answer = service.answer(operation, json.loads(body or b"{}"))
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
