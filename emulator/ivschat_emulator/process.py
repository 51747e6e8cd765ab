# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running emulator, for tests and demos: its process and its control interface."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from types import TracebackType
from typing import Any

_session: list[Any] = []
_session_lock = threading.Lock()


class Emulator:
    """A running emulator process and its control interface."""

    def __init__(self, url: str, process: subprocess.Popen[str] | None = None) -> None:
        self.url = url
        self._process = process

    @classmethod
    def start(cls, port: int = 0) -> Emulator:
        """Start a process on 127.0.0.1 (port 0: a free one) and wait for it; it ends with this one at the latest."""
        # The caller's AWS settings are for its clients; a profile that is not there would stop moto.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
        command = [sys.executable, "-m", "ivschat_emulator", "--port", str(port), "--until-stdin-closes"]
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError(f"the emulator did not start, exit status {process.wait()}")
        return cls(url, process)

    def stop(self) -> int | None:
        """End the process and return its exit status; None when it was not started here."""
        if self._process is None:
            return None
        self._process.terminate()
        status = self._process.wait(timeout=10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        return status

    def __enter__(self) -> Emulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control interface, by its path below /moto-api/; ValueError with the message of a refusal."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/moto-api/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.load(error)["message"]) from None

    def reset(self) -> None:
        """Forget everything: resources of all services, settings, faults, holds, interventions, calls, IAM."""
        self.request("POST", "reset")

    def set(self, **settings: Any) -> None:
        """Change settings (settings.py lists them); the others stay."""
        self.request("POST", "ivschat/settings", settings)

    def fault(self, operation: str, error: str, when: str = "before", count: int = 1, skip: int = 0) -> None:
        """Make the next calls fail; control.Fault describes the members."""
        fault = {"operation": operation, "error": error, "when": when, "count": count, "skip": skip}
        self.request("POST", "ivschat/faults", fault)

    def respond(
        self,
        operation: str,
        status: int,
        body: Any = "",
        headers: dict[str, str] | None = None,
        when: str = "before",
        count: int = 1,
        skip: int = 0,
    ) -> None:
        """Answer the next calls with exactly this response: a body that is not str or bytes is sent as JSON.

        `headers` default to a Content-Type of JSON alone; a Content-Length above the body's cuts the response off.
        """
        if isinstance(body, bytes):
            body = body.decode(errors="surrogateescape")
        elif not isinstance(body, str):
            body = json.dumps(body)
        response = {"status": status, "body": body, **({} if headers is None else {"headers": headers})}
        fault = {"operation": operation, "response": response, "when": when, "count": count, "skip": skip}
        self.request("POST", "ivschat/faults", fault)

    def clear_faults(self) -> None:
        """Forget faults that have not struck; calls that hang in a Timeout end."""
        self.request("DELETE", "ivschat/faults")

    def hold(self, operation: str, when: str = "before", skip: int = 0) -> None:
        """Stop the next such call before its effect or before its response."""
        self.request("POST", "ivschat/holds", {"operation": operation, "when": when, "skip": skip})

    def holds(self) -> list[dict[str, Any]]:
        """The holds not released yet: operation, when, and whether a call has reached them."""
        return list(self.request("GET", "ivschat/holds")["holds"])

    def wait_held(self, timeout: float = 10) -> None:
        """Wait until calls have reached all holds; TimeoutError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not all(hold["reached"] for hold in self.holds()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not all reached: {self.holds()}")
            time.sleep(0.01)

    def release(self, drop: bool = False) -> None:
        """Let held calls go on; with `drop` end their connections, those held "before" having no effect."""
        self.request("DELETE", f"ivschat/holds?drop={str(drop).lower()}")

    def intervene(
        self, operation: str, action: str, when: str = "after", count: int = 1, skip: int = 0, **parameters: Any
    ) -> None:
        """Carry out `action`, an operation with its `parameters`, as somebody else beside calls of `operation`.

        A name can stand for an ARN; control.Intervention describes the members.
        """
        planned = {"operation": operation, "action": action, "parameters": parameters}
        self.request("POST", "ivschat/interventions", {**planned, "when": when, "count": count, "skip": skip})

    def interventions(self) -> list[dict[str, Any]]:
        """All interventions since the reset, each with the responses of its actions as `results`."""
        return list(self.request("GET", "ivschat/interventions")["interventions"])

    def calls(self, operation: str | None = None, service: str | None = "ivschat") -> list[dict[str, Any]]:
        """The calls of one service and one operation (None: of all); control.Call describes the members."""
        calls = self.request("GET", "ivschat/calls")["calls"]
        return [call for call in calls if service in (None, call["service"]) and operation in (None, call["operation"])]

    def writes(self) -> list[dict[str, Any]]:
        """The calls that change something or issue a token, also those that failed."""
        return [call for call in self.calls() if call["write"]]

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self.request("DELETE", "ivschat/calls")

    def enforce_iam(self, on: bool = True) -> None:
        """Switch moto's IAM enforcement on or off, for all services."""
        self.request("POST", "reset-auth", b"0" if on else b"inf")

    def verify_token(self, token: str) -> dict[str, Any] | None:
        """What a chat token was created for (roomArn, userId, capabilities, attributes, times); None when not valid."""
        try:
            return dict(self.request("POST", "ivschat/verify-token", {"token": token}))
        except ValueError:
            return None

    @property
    def websocket_url(self) -> str:
        """The URL that chat clients connect to."""
        return self.url.replace("http", "ws", 1)

    def connections(self, **wanted: str) -> list[dict[str, Any]]:
        """The connections of chat clients, those whose members (id, roomArn, userId) have these values."""
        connections = self.request("GET", "ivschat/connections")["connections"]
        return [each for each in connections if wanted.items() <= each.items()]

    def cut_connections(self, close_code: int | None = None, **wanted: str) -> int:
        """End connections, chosen as by `connections`, with a close code or as a network failure; their number."""
        query = wanted if close_code is None else {**wanted, "closeCode": str(close_code)}
        return int(self.request("DELETE", f"ivschat/connections?{urllib.parse.urlencode(query)}")["cut"])

    def flush_logs(self) -> int:
        """Write the chat logs that wait for their interval; the number of records."""
        return int(self.request("POST", "ivschat/flush-logs", {})["records"])

    def client(self, service: str, region: str = "us-east-1", config: Any = None, **credentials: Any) -> Any:
        """A boto3 client for this emulator that retries nothing; `credentials` and `config` as boto3.client takes."""
        import boto3
        from botocore.config import Config

        keys = {"aws_access_key_id": "AKIAEMULATOR00000000", "aws_secret_access_key": "s" * 40, **credentials}
        defaults = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=30)
        merged = defaults.merge(config) if config else defaults
        with _session_lock:  # One session for all: loading the service models costs more than the client.
            if not _session:
                _session.append(boto3.session.Session())
            return _session[0].client(service, region_name=region, endpoint_url=self.url, config=merged, **keys)
