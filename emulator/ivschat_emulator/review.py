# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Message review: the code of a Lambda function, run in warm processes, and the rules of its response."""

from __future__ import annotations

import io
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .frames import is_unicode
from .guesses import guess
from .service import MAX_ATTRIBUTES_BYTES, attributes_size

_WORKER = Path(__file__).with_name("review_worker.py")


class InvocationError(Exception):
    """The function could not be invoked, failed, or did not respond in time (metric InvocationErrors)."""


class FunctionError(InvocationError):
    """The function raised an exception; its process can go on."""


class ResponseError(Exception):
    """The response of the function is not valid (metric ResponseValidationErrors)."""


@dataclass(frozen=True)
class Function:
    """What is needed of a Lambda function; `code` is its zip file, `version` changes with anything that matters."""

    arn: str
    runtime: str
    handler: str
    code: bytes = field(repr=False)
    environment: tuple[tuple[str, str], ...]
    version: str


@dataclass(frozen=True)
class Verdict:
    """What a review decides; `attributes` None leaves those of the message unchanged."""

    allowed: bool
    content: str
    attributes: dict[str, str] | None = None
    reason: str | None = None


def read_response(response: Any, max_length: int) -> Verdict:
    """The verdict in a function's response; ResponseError when it breaks a rule (Chat User Guide, review handler)."""
    if not isinstance(response, dict):
        raise ResponseError("the response is not an object")
    content, attributes = response.get("Content"), response.get("Attributes")
    if response.get("ReviewResult") not in ("ALLOW", "DENY"):
        raise ResponseError("ReviewResult is neither ALLOW nor DENY")
    if not isinstance(content, str):
        raise ResponseError("Content is missing or not a string")
    if attributes is not None and not (
        isinstance(attributes, dict) and all(isinstance(value, str) for value in attributes.values())
    ):
        raise ResponseError("Attributes is not a map of strings")
    if not is_unicode([content, attributes]):
        raise ResponseError("a string is not valid Unicode")
    if attributes_size(attributes or {}) > MAX_ATTRIBUTES_BYTES:
        raise ResponseError(f"Attributes exceed {MAX_ATTRIBUTES_BYTES} bytes")
    if response["ReviewResult"] == "DENY":
        return Verdict(False, content, reason=(attributes or {}).get("Reason"))
    if not 1 <= len(content) <= max_length:
        raise ResponseError(f"Content is not 1 to {max_length} characters long")
    return Verdict(True, content, attributes)


def content_of(response: Any, max_length: int) -> str | None:
    """The content in a function's response that breaks a rule; None when the content is what breaks one."""
    content = response.get("Content") if isinstance(response, dict) else None
    if isinstance(content, str) and 1 <= len(content) <= max_length and is_unicode(content):
        return content
    return None


class _Process:
    """A process with the code of one version of a function, in a directory of its own."""

    def __init__(self, function: Function) -> None:
        self.version = function.version
        self._function = function
        self._lock = threading.Lock()
        self._directory = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Start, unless it runs; InvocationError when it cannot, or was stopped meanwhile."""
        if self._process:
            return
        directory = tempfile.mkdtemp(prefix="ivschat-review-")
        try:
            with zipfile.ZipFile(io.BytesIO(self._function.code)) as archive:
                archive.extractall(directory)
            with self._lock:
                if self._is_stopped:
                    raise ValueError("stopped")
                self._process = subprocess.Popen(
                    [sys.executable, str(_WORKER), directory, self._function.handler],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={"PATH": os.environ.get("PATH", ""), **dict(self._function.environment)},
                    start_new_session=True,  # Ctrl-C in a terminal ends the emulator, which ends this process.
                )
                self._directory = directory
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise InvocationError(f"the function does not start: {error}") from None

    def call(self, event: dict[str, Any], deadline: float) -> Any:
        """The function's result; InvocationError when it fails or the deadline (of time.monotonic) has passed."""
        assert self._process and self._process.stdin and self._process.stdout
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        line = b""
        try:
            os.write(self._process.stdin.fileno(), json.dumps(event).encode() + b"\n")
            while not line.endswith(b"\n"):
                if not poll.poll(max(0, deadline - time.monotonic()) * 1000):
                    raise InvocationError("the function did not respond in time")
                data = os.read(self._process.stdout.fileno(), 65536)
                if not data:
                    raise EOFError
                line += data
            outcome = json.loads(line)
        except (OSError, EOFError, ValueError):  # ValueError: stop() has closed the pipes, or killed amid a line.
            raise InvocationError("the process of the function has ended") from None
        if "error" in outcome:
            raise FunctionError(outcome["error"])
        return outcome["result"]

    def stop(self) -> None:
        """End the process, whatever it is doing; one that is starting ends by itself."""
        with self._lock:
            self._is_stopped = True
            if not self._process:
                return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        shutil.rmtree(self._directory, ignore_errors=True)


class Functions:
    """Warm processes of functions, by ARN. `allowed`: whether uploaded code may run at all."""

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Process]] = {}
        self._busy: dict[str, list[_Process]] = {}

    def warm_up(self, function: Function) -> None:
        """Start a process ahead of the first call; errors show at the call."""
        try:
            self._give_back(function.arn, self._take(function))
        except InvocationError:
            pass

    def invoke(self, function: Function, event: dict[str, Any], timeout: float) -> Any:
        """Call a function; InvocationError when it cannot be called, fails, or takes more than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        process = self._take(function)
        try:
            result = process.call(event, deadline)
        except FunctionError:
            self._give_back(function.arn, process)
            raise
        except InvocationError:
            if self._discard(function.arn, process):
                self.warm_up(function)
            raise
        self._give_back(function.arn, process)
        return result

    def stop(self) -> None:
        """End all processes."""
        with self._lock:
            processes = [
                process for group in (self._idle, self._busy) for listed in group.values() for process in listed
            ]
            self._idle.clear()
            self._busy.clear()
        for process in processes:
            process.stop()

    def _take(self, function: Function) -> _Process:
        if not self._allowed:
            raise InvocationError("functions run only when the emulator listens on a loopback address")
        if not function.runtime.startswith("python3"):
            raise InvocationError(f"runtime {function.runtime}: only Python runs here")
        with self._lock:
            idle, busy = self._idle.setdefault(function.arn, []), self._busy.setdefault(function.arn, [])
            outdated = [process for process in idle if process.version != function.version]
            idle[:] = [process for process in idle if process.version == function.version]
            process = idle.pop() if idle else None
            if not process and len(busy) < guess("concurrency"):
                process = _Process(function)
            if process:
                busy.append(process)
        for old in outdated:
            old.stop()
        if not process:
            raise InvocationError("too many invocations at a time")
        try:
            process.start()  # Outside of the lock: other functions do not wait for it.
        except InvocationError:
            self._discard(function.arn, process)
            raise
        return process

    def _give_back(self, arn: str, process: _Process) -> None:
        with self._lock:
            busy = self._busy.get(arn, [])
            if process in busy:
                busy.remove(process)
                self._idle.setdefault(arn, []).append(process)

    def _discard(self, arn: str, process: _Process) -> bool:
        """End a process; whether it was still in use, not ended by `stop`."""
        with self._lock:
            busy = self._busy.get(arn, [])
            was_busy = process in busy
            if was_busy:
                busy.remove(process)
        process.stop()
        return was_busy
