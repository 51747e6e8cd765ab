# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections of chat clients: one WebSocket each, on the socket of an HTTP request that asked for the upgrade.

A thread reads each connection. Frames are sent by whichever thread has them, without waiting: what a client's socket
does not take at once waits in the connection, and a client that lets too much wait is cut.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from .frames import new_id
from .guesses import guess
from .settings import SETTINGS

# How long a client may take to answer a close frame, and to read on after it stopped reading; in seconds.
CLOSE_TIMEOUT = 5
STALL_TIMEOUT = 30


class Handshake:
    """The opening handshake of one connection, from the head of its HTTP request."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self.protocol = ServerProtocol(select_subprotocol=_first_subprotocol, max_size=guess("frame_size"))
        self.ip = str(environ.get("REMOTE_ADDR", ""))
        self.protocol.receive_data(_request_head(environ))
        requests = [event for event in self.protocol.events_received() if isinstance(event, Request)]
        self.response: Response = (
            self.protocol.accept(requests[0]) if requests else self.protocol.reject(400, "Not a WebSocket handshake.\n")
        )

    @property
    def is_valid(self) -> bool:
        """Whether the request is a WebSocket handshake; `response` refuses it otherwise."""
        return self.response.status_code == 101

    @property
    def token(self) -> str | None:
        """The chat token: the sub-protocol that the client asks for."""
        return self.protocol.subprotocol


def _first_subprotocol(_protocol: ServerProtocol, offered: Iterable[Subprotocol]) -> Subprotocol | None:
    return next(iter(offered), None)


def _request_head(environ: dict[str, Any]) -> bytes:
    headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
    first = f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {environ['SERVER_PROTOCOL']}"
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode("latin-1")


class Connection:
    """One client in one room. Methods may be called from any thread.

    Attributes never change, except `is_ended_by_server`: from then on, no request of the client is carried out.
    """

    def __init__(self, handshake: Handshake, claims: dict[str, Any]) -> None:
        self.id = new_id()
        self.room_arn: str = claims["roomArn"]
        self.user_id: str = claims["userId"]
        self.attributes: dict[str, str] = claims["attributes"]
        self.capabilities: list[str] = claims["capabilities"]
        self.session_end: datetime = claims["sessionExpirationTime"]
        self.connected = datetime.now(timezone.utc)
        self.ip = handshake.ip
        self.ended = threading.Event()
        self.is_ended_by_server = False
        self._protocol, self._response = handshake.protocol, handshake.response
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._close_code: int | None = None  # Of a connection that was closed before it was open.
        self._unsent = bytearray()
        self._eof = self._draining = self._is_text = False
        self._fragments: list[bytes] = []

    def describe(self) -> dict[str, Any]:
        """What the control interface shows."""
        return {
            "id": self.id,
            "roomArn": self.room_arn,
            "userId": self.user_id,
            "attributes": self.attributes,
            "capabilities": self.capabilities,
            "ip": self.ip,
            "connectTime": self.connected,
            "sessionExpirationTime": self.session_end,
        }

    @property
    def is_open(self) -> bool:
        """Whether the client has got, or is getting, the response to its handshake."""
        return self._socket is not None

    def open(self, connected_socket: socket.socket) -> bool:
        """Complete the handshake: from here on frames can be sent. False when the connection has been cut before.

        One that has been closed before gets its close frame now.
        """
        connected_socket.setblocking(False)
        with self._lock:
            self._socket = connected_socket
            if self.is_ended_by_server and self._close_code is None:
                self.cut()
                self.ended.set()
                return False
            self._protocol.send_response(self._response)
            if self._close_code is not None:
                self._protocol.send_close(self._close_code)
            self._write()
        return True

    def send(self, text: bytes) -> None:
        """Send a text frame, or nothing once the connection is closing. Does not wait for the client."""
        with self._lock:
            if self._protocol.state is OPEN:
                self._protocol.send_text(text)
                self._write()

    def close(self, code: int) -> None:
        """Start the closing handshake; the caller sees to it that it ends (`close_all`)."""
        with self._lock:
            self.is_ended_by_server = True
            if not self.is_open:
                self._close_code = code
            elif self._protocol.state is OPEN:
                self._protocol.send_close(code)
                self._write()

    def cut(self) -> None:
        """End the connection without a closing handshake, as a network failure does."""
        self.is_ended_by_server = True
        if self._socket:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It has ended already.

    def read(self, early: bytes, handle: Callable[[str | None], None], end_session: Callable[[], None]) -> None:
        """Read until the connection ends. `handle` gets each message (None: a binary one).

        `early`: bytes that arrived with the handshake. `end_session` is called once, at the end of the session, and
        closes the connection.
        """
        assert self._socket
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        deadline = time.monotonic() + (self.session_end - datetime.now(timezone.utc)).total_seconds()
        is_closing, messages = False, deque(self._receive(early))
        try:
            while True:
                if not is_closing and self._is_closing():
                    is_closing, deadline = True, time.monotonic() + CLOSE_TIMEOUT
                left = deadline - time.monotonic()
                if self.is_ended_by_server:
                    messages.clear()  # Whatever the client has sent before it learns of the end.
                elif left <= 0 and not is_closing:
                    end_session()
                    continue
                if messages:
                    handle(messages.popleft())
                    continue
                if left <= 0:
                    return
                if not poll.poll(left * 1000):
                    continue
                try:
                    data = self._socket.recv(65536)
                except BlockingIOError:
                    continue
                except OSError:
                    return
                if not data:
                    return
                messages.extend(self._receive(data))
        finally:
            self.cut()
            self.ended.set()

    def _is_closing(self) -> bool:
        with self._lock:
            return self._protocol.state is not OPEN

    def _receive(self, data: bytes) -> list[str | None]:
        """The complete messages in these bytes; control frames are answered."""
        messages: list[str | None] = []
        with self._lock:
            was_open = self._protocol.state is OPEN
            self._protocol.receive_data(data)
            for frame in self._protocol.events_received():
                if was_open and isinstance(frame, Frame) and frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    messages += self._assemble(frame)
            self._write()
        return messages

    def _assemble(self, frame: Frame) -> list[str | None]:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
            self._fragments = []
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return []
        content = b"".join(self._fragments)
        if not self._is_text:
            return [None]
        try:
            return [content.decode()]
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA)
            return []

    def _write(self) -> None:
        """Send what the protocol has; the lock is held."""
        for data in self._protocol.data_to_send():
            self._unsent += data
            self._eof = self._eof or not data
        if not self._draining:
            self._send_unsent()
            if self._unsent:
                self._draining = True
                threading.Thread(target=self._drain, daemon=True).start()
        if len(self._unsent) > SETTINGS["client_backlog"]:
            self._unsent.clear()
            self.cut()

    def _send_unsent(self) -> None:
        assert self._socket
        try:
            while self._unsent:
                del self._unsent[: self._socket.send(self._unsent)]
            if self._eof:
                self._socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:  # The client is gone; the reading thread sees it too.
            self._unsent.clear()

    def _drain(self) -> None:
        """Send the rest as a slow client takes it; cut a client that takes nothing."""
        assert self._socket
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        while not self.ended.is_set():
            if not poll.poll(STALL_TIMEOUT * 1000):
                self.cut()
                return
            with self._lock:
                self._send_unsent()
                if not self._unsent:
                    self._draining = False
                    return


def close_all(connections: Iterable[Connection], code: int, timeout: float = CLOSE_TIMEOUT) -> threading.Thread:
    """Close connections; a thread, which the caller may join, cuts those that do not answer in `timeout` seconds."""
    closing = list(connections)
    for connection in closing:
        connection.close(code)
    thread = threading.Thread(target=_await_end, args=(closing, timeout), daemon=True)
    thread.start()
    return thread


def _await_end(connections: list[Connection], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    for connection in connections:
        if not connection.ended.wait(max(0, deadline - time.monotonic())):
            connection.cut()
