# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chat clients for tests, made of the client of `websockets`."""

from __future__ import annotations

import itertools
import json
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ivschat_emulator import Emulator

ALL = ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")
TIMEOUT = 20  # Seconds; long, because only a defect makes a test wait for it.


class ChatClient:
    """One connection. Frames come as dicts."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._numbers = itertools.count(1)

    def send(self, action: str, **members: Any) -> str:
        """Send a request with an id of its own, which is returned."""
        request_id = f"request-{next(self._numbers)}"
        self.websocket.send(json.dumps({"Action": action, "RequestId": request_id, **members}))
        return request_id

    def say(self, content: str, **members: Any) -> str:
        """Send a message; its RequestId."""
        return self.send("SEND_MESSAGE", Content=content, **members)

    def receive(self) -> dict[str, Any]:
        """The next frame."""
        return dict(json.loads(self.websocket.recv(timeout=TIMEOUT)))

    def ask(self, action: str, **members: Any) -> dict[str, Any]:
        """Send a request; the frame that answers it must be the next one."""
        request_id = self.send(action, **members)
        frame = self.receive()
        assert frame["RequestId"] == request_id
        return frame

    def refused(self, action: str, **members: Any) -> int:
        """Send a request that is refused with a complete ERROR frame; its code."""
        frame = self.ask(action, **members)
        assert list(frame) == ["ErrorCode", "ErrorMessage", "Id", "RequestId", "Type"]
        assert (frame["Type"], bool(frame["ErrorMessage"]), len(frame["Id"])) == ("ERROR", True, 12)
        return int(frame["ErrorCode"])

    def close_code(self) -> int | None:
        """Wait until the server has ended the connection: the code of its close frame; None when it sent none."""
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                self.websocket.recv(timeout=TIMEOUT)
        return caught.value.rcvd.code if caught.value.rcvd else None


class Chat:
    """One room of an emulator, and those who have joined it; all leave at the end of the `with` block.

    The room is the one with the ARN `arn`, or a new one.
    """

    def __init__(self, emulator: Emulator, ivschat: Any, arn: str | None = None, **room: Any) -> None:
        self._emulator, self._ivschat, self._stack = emulator, ivschat, ExitStack()
        self.room: str = arn or ivschat.create_room(**room)["arn"]

    def __enter__(self) -> Chat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def token(self, user: str = "ann", capabilities: tuple[str, ...] = ALL, **token: Any) -> str:
        """A new chat token."""
        made = self._ivschat.create_chat_token(
            roomIdentifier=self.room, userId=user, capabilities=list(capabilities), **token
        )
        return str(made["token"])

    def connect(self, *tokens: str, path: str = "", **options: Any) -> ChatClient:
        """Connect with these sub-protocols."""
        subprotocols = [Subprotocol(token) for token in tokens] or None
        opening = connect(self._emulator.websocket_url + path, subprotocols=subprotocols, proxy=None, **options)
        return ChatClient(self._stack.enter_context(opening))

    def join(self, user: str = "ann", capabilities: tuple[str, ...] = ALL, **token: Any) -> ChatClient:
        """Connect with a new token."""
        return self.connect(self.token(user, capabilities, **token))

    def mark(self) -> str:
        """Send an event, which all clients receive after what was sent before; its id."""
        return str(self._ivschat.send_event(roomIdentifier=self.room, eventName="mark")["id"])


def burst(clients: list[ChatClient], requests: int, action: str, **members: str) -> tuple[int, float]:
    """Send requests, in turns, without waiting; how many were not refused with 429, and how long it took."""
    start = time.monotonic()
    sent = [(client, client.send(action, **members)) for _turn in range(requests) for client in clients]
    accepted = 0
    for client, request_id in sent:
        while (frame := client.receive())["RequestId"] != request_id:
            pass
        accepted += frame["Type"] != "ERROR"
        assert frame.get("ErrorCode") in (None, 429)
    return accepted, time.monotonic() - start
