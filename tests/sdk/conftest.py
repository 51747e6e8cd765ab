# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official chat client for JavaScript against the emulator, with rooms and tokens made by the modules."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.environment import CACHE, ROOT

# The fixtures of all tests over HTTP, and their report of a failure.
pytest_plugins = ["tests.http.conftest"]

PROGRAMS = ROOT / ".venv" / "sdk" / "bin"  # node, npm, python, pip
PACKAGES = CACHE / "sdk"  # node_modules
SCRIPT = Path(__file__).with_name("client.mjs")
TIMEOUT = 30  # Seconds; long, because only a defect makes a test wait for it.
ALL = ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")
# What the client logs as an error although it belongs to a scenario: an ERROR frame, an application that has no token,
# a refused handshake or a broken connection. Other errors say that the client did not understand something.
EXPECTED_ERRORS = (
    "received error",
    "connection did receive error while fetching token",
    'connection did receive WebSocket "error" event',
)

# What a client sees when it connects.
CONNECTED = [["connecting"], ["token"], ["connect"]]

# What a client saw, one line for each thing, in order: [name, value], or [name] without a value.
Seen = list[list[Any]]


class Client:
    """A room of the client in a Node.js process of its own, as one user. A failing test shows its log.

    `new_token` makes a token whenever the client asks for one; ValueError: the application has none.
    """

    def __init__(self, node: str, url: str, user: str, new_token: Callable[[], dict[str, str]]) -> None:
        # Evaluated in the directory of node_modules, because imports are looked up beside the code.
        command = [node, "--input-type=module", "--eval", SCRIPT.read_text(), url, user]
        self.user, self.new_token = user, new_token
        self._process = subprocess.Popen(
            command, cwd=PACKAGES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._lines: queue.Queue[list[Any] | None] = queue.Queue()  # None: the process has ended.
        self._seen: Seen = []
        self._outcomes: dict[int, list[Any]] = {}
        self._numbers = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)

    def _next(self) -> None:
        """Wait for the next line, note what it says, and provide the token that it asks for."""
        try:
            line = self._lines.get(timeout=TIMEOUT)
        except queue.Empty:
            pytest.fail(f"the client of {self.user} said nothing for {TIMEOUT} seconds; before that: {self._seen}")
        assert line, f"the process of the client of {self.user} has ended"
        name, *values = line
        print(f"{self.user}: {name} {' '.join(map(str, values))}")  # noqa: T201
        if name in ("resolved", "rejected"):
            self._outcomes[values[0]] = [name, values[1]]
        elif name == "error":
            assert values[0] in EXPECTED_ERRORS, f"the client of {self.user} complains: {values}"
        elif name != "log":
            self._seen.append(line)
        if name == "token":
            try:
                self.start("provideToken", self.new_token())
            except ValueError as error:
                self.start("refuseToken", str(error))

    def read(self) -> None:
        """Note what the client has said so far, and provide the tokens that it asks for."""
        while not self._lines.empty():
            self._next()

    def until(self, name: str) -> Seen:
        """Wait for something of this name: all that the client saw since the last call, this the last."""
        while name not in (line[0] for line in self._seen):
            self._next()
        end = [line[0] for line in self._seen].index(name) + 1
        seen, self._seen = self._seen[:end], self._seen[end:]
        return seen

    def start(self, method: str, *values: Any) -> int:
        """Call a method of the room (client.mjs) without waiting; the number of the call."""
        assert self._process.stdin
        self._numbers += 1
        print(json.dumps([self._numbers, method, *values]), file=self._process.stdin, flush=True)
        return self._numbers

    def outcome(self, number: int) -> list[Any]:
        """Wait for the end of a call: ["resolved", value] or ["rejected", error]."""
        while number not in self._outcomes:
            self._next()
        return self._outcomes.pop(number)

    def call(self, method: str, *values: Any) -> Any:
        """Call a method that must succeed; its value."""
        result, value = self.outcome(self.start(method, *values))
        assert result == "resolved", value
        return value

    def refused(self, method: str, *values: Any) -> tuple[int, str]:
        """Call a method that must be refused; the code and the message of the ChatError."""
        result, value = self.outcome(self.start(method, *values))
        assert result == "rejected", value
        return value["errorCode"], value["errorMessage"]

    def leave(self) -> Seen:
        """Disconnect: all that the client saw since the last call."""
        self.call("disconnect")
        return self.until("disconnect")

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(TIMEOUT)
        finally:
            self._process.kill()


@pytest.fixture(scope="session")
def node() -> str:
    """The program itself: .venv/sdk/bin may have a script that starts it."""
    command = [str(PROGRAMS / "node"), "--print", "process.execPath"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture
def module(run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """module(name, **options): the result of a module for the room `lobby`; ValueError when it fails."""

    def succeed(name: str, **options: Any) -> dict[str, Any]:
        result = run(name, **{"name" if name == "ivschat_room" else "room_name": "lobby"}, **options)
        if result.get("failed"):
            raise ValueError(result["msg"])
        return result

    return succeed


@pytest.fixture
def lobby(module: Callable[..., dict[str, Any]]) -> str:
    """The ARN of the room `lobby`."""
    return str(module("ivschat_room")["room"]["arn"])


@pytest.fixture
def new_token(module: Callable[..., dict[str, Any]], lobby: str) -> Callable[..., dict[str, str]]:
    """new_token(user, capabilities, **options): a token for the lobby as an application hands it to its client."""

    def create(user: str, capabilities: tuple[str, ...] = ALL, **options: Any) -> dict[str, str]:
        options = {"user_id": user, "capabilities": list(capabilities), **options}
        token = module("ivschat_chat_token", **options)
        return {
            "token": token["token"],
            "tokenExpirationTime": token["token_expiration_time"],
            "sessionExpirationTime": token["session_expiration_time"],
        }

    return create


@pytest.fixture
def user(node: str, emulator: Any, new_token: Callable[..., dict[str, str]]) -> Iterator[Callable[..., Client]]:
    """user(name, capabilities, **options): a client that gets the tokens of this user, not connected yet."""
    started: list[Client] = []

    def start(name: str, capabilities: tuple[str, ...] = ALL, **options: Any) -> Client:
        def lasting() -> dict[str, str]:
            # The client would move to another connection after 30 seconds, in the middle of a slow test.
            token = new_token(name, capabilities, **options)
            return {key: value for key, value in token.items() if key != "tokenExpirationTime"}

        client = Client(node, emulator.websocket_url, name, lasting)
        started.append(client)
        return client

    yield start
    for client in started:
        client.stop()


@pytest.fixture
def join(user: Callable[..., Client]) -> Callable[..., Client]:
    """join(name, capabilities, **options): a client of this user that has connected."""

    def connect(name: str, *capabilities: Any, **options: Any) -> Client:
        client = user(name, *capabilities, **options)
        client.start("connect")
        assert client.until("connect") == CONNECTED
        return client

    return connect
