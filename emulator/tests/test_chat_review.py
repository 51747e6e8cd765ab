# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Message review: the code of a Lambda function decides; what decides when it cannot."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.tests.chat import TIMEOUT, Chat
from emulator.tests.helpers import make_function
from emulator.tests.metrics import failures
from ivschat_emulator import Emulator, review
from ivschat_emulator.review import Function, Functions, InvocationError

# Long enough for a process to start on a busy machine; what is to time out takes longer still.
GENEROUS = 20
ALLOW = "return {'ReviewResult': 'ALLOW', 'Content': event['Content']}"
DENY = "return {'ReviewResult': 'DENY', 'Content': '', 'Attributes': {'Reason': 'rude'}}"


def zipped(body: str) -> bytes:
    """The zip file of a function `review.h` with this body."""
    lines = [
        "import json, os, sys, time",
        "calls = []",
        "def h(event, context):",
        *(f"    {line}" for line in body.split("\n")),
    ]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("review.py", "\n".join(lines))
    return archive.getvalue()


class Reviewed:
    """A room with a review handler, and two clients in it."""

    def __init__(self, chat: Chat, ivschat: Any, function: str, clients: Callable[..., Any]) -> None:
        self._chat, self._ivschat, self._function, self._lambda = chat, ivschat, function, clients("lambda")
        self.ann, self.bob = chat.join("ann", attributes={"vip": "yes"}), chat.join("bob")

    def handle(self, body: str, fallback: str = "DENY") -> None:
        """Give the function this body, and the room its handler."""
        self._lambda.update_function_code(FunctionName="review", ZipFile=zipped(body))
        handler = {"uri": self._function, "fallbackResult": fallback}
        self._ivschat.update_room(identifier=self._chat.room, messageReviewHandler=handler)

    def outcome(self, content: str = "hello", **members: Any) -> dict[str, Any]:
        """What the sender of a message receives; nobody else receives anything but the message."""
        frame = self.ann.ask("SEND_MESSAGE", Content=content, **members)
        if frame["Type"] == "ERROR":
            mark = self._chat.mark()
            assert (self.ann.receive()["Id"], self.bob.receive()["Id"]) == (mark, mark)
        else:
            assert self.bob.receive() == frame
        return frame


@contextmanager
def reviewed_by(other: Emulator) -> Iterator[Reviewed]:
    """A room of an emulator that a test has started."""
    other.set(review_timeout=GENEROUS)
    clients = {name: other.client(name) for name in ("lambda", "iam", "ivschat")}
    function = make_function(lambda name, region="": clients[name])
    clients["lambda"].add_permission(
        FunctionName="review", StatementId="ivschat", Action="lambda:InvokeFunction", Principal="ivschat.amazonaws.com"
    )
    with Chat(other, clients["ivschat"]) as chat:
        yield Reviewed(chat, clients["ivschat"], function, lambda name: clients[name])


@pytest.fixture
def reviewed(chat: Chat, ivschat: Any, emulator: Emulator, handler: str, clients: Callable[..., Any]) -> Reviewed:
    emulator.set(review_timeout=GENEROUS, messaging_limits={"requests_per_connection": None})
    return Reviewed(chat, ivschat, handler, clients)


class TestDecisions:
    def test_allow(self, reviewed: Reviewed) -> None:
        reviewed.handle(ALLOW)
        frame = reviewed.outcome("hello", Attributes={"a": "b"})
        assert (frame["Content"], frame["Attributes"]) == ("hello", {"a": "b"})
        assert reviewed.outcome("hello")["Attributes"] is None

    def test_allow_with_changes(self, reviewed: Reviewed) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': '***', 'Attributes': {'changed': 'yes'}}")
        frame = reviewed.outcome("damn", Attributes={"a": "b"})
        assert (frame["Content"], frame["Attributes"]) == ("***", {"changed": "yes"})

    @pytest.mark.parametrize(("returned", "kept"), [("None", {"a": "b"}), ("{}", {})])
    def test_attributes(self, reviewed: Reviewed, returned: str, kept: dict[str, str]) -> None:
        reviewed.handle(f"return {{'ReviewResult': 'ALLOW', 'Content': 'x', 'Attributes': {returned}}}")
        assert reviewed.outcome("x", Attributes={"a": "b"})["Attributes"] == kept

    def test_deny(self, reviewed: Reviewed) -> None:
        reviewed.handle(DENY, fallback="ALLOW")
        frame = reviewed.outcome()
        assert (frame["ErrorCode"], frame["ErrorMessage"]) == (406, "rude")
        reviewed.handle("return {'ReviewResult': 'DENY', 'Content': event['MessageId']}", fallback="ALLOW")
        assert reviewed.outcome()["ErrorCode"] == 406

    def test_event(self, reviewed: Reviewed, chat: Chat) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': json.dumps(event)}")
        frame = reviewed.outcome("\u00fcber", Attributes={"a": "b"})
        assert json.loads(frame["Content"]) == {
            "Content": "\u00fcber",
            "MessageId": frame["Id"],
            "RoomArn": chat.room,
            "Attributes": {"a": "b"},
            "Sender": {"Attributes": {"vip": "yes"}, "UserId": "ann", "Ip": "127.0.0.1"},
        }

    def test_error_has_the_id_of_the_message(self, reviewed: Reviewed) -> None:
        reviewed.handle("return {'ReviewResult': 'DENY', 'Content': '', 'Attributes': {'Reason': event['MessageId']}}")
        frame = reviewed.outcome()
        assert frame["Id"] == frame["ErrorMessage"]

    def test_only_messages_are_reviewed(self, reviewed: Reviewed, chat: Chat) -> None:
        reviewed.handle(DENY)
        assert reviewed.ann.ask("DELETE_MESSAGE", Id="a" * 12)["Type"] == "EVENT"
        assert reviewed.ann.ask("DISCONNECT_USER", UserId="nobody")["Type"] == "EVENT"
        mark = chat.mark()
        assert reviewed.ann.receive()["Id"] == mark

    def test_handler_without_uri(self, reviewed: Reviewed, chat: Chat, ivschat: Any) -> None:
        reviewed.handle(DENY)
        ivschat.update_room(identifier=chat.room, messageReviewHandler={"uri": ""})
        assert reviewed.outcome()["Content"] == "hello"

    def test_invalid_messages_are_not_reviewed(self, reviewed: Reviewed) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': 'valid'}")
        assert reviewed.ann.refused("SEND_MESSAGE", Content="") == 400

    def test_denied_messages_are_not_logged(
        self, reviewed: Reviewed, chat: Chat, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]
    ) -> None:
        reviewed.handle("return {'ReviewResult': event['Content'], 'Content': 'reviewed'}")
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        ivschat.update_room(identifier=chat.room, loggingConfigurationIdentifiers=[arn])
        assert reviewed.ann.refused("SEND_MESSAGE", Content="DENY") == 406
        assert reviewed.ann.ask("SEND_MESSAGE", Content="ALLOW")["Content"] == "reviewed"
        assert emulator.flush_logs() == 1


FAILURES = {
    "exception": "raise ValueError('x')",
    "exit": "os._exit(1)",
    "exit by exception": "sys.exit(1)",
    "syntax": "return (",
    "not serializable": "return {'ReviewResult': 'ALLOW', 'Content': object()}",
}
BAD_RESPONSES = {
    "nothing": "return None",
    "a string": "return 'ALLOW'",
    "no result": "return {'Content': 'x'}",
    "bad result": "return {'ReviewResult': 'allow', 'Content': 'x'}",
    "no content": "return {'ReviewResult': 'ALLOW'}",
    "deny without content": "return {'ReviewResult': 'DENY'}",
    "empty content": "return {'ReviewResult': 'ALLOW', 'Content': ''}",
    "long content": "return {'ReviewResult': 'ALLOW', 'Content': 'x' * 501}",
    "half a character": "return {'ReviewResult': 'ALLOW', 'Content': chr(0xd83d)}",
    "attributes of numbers": "return {'ReviewResult': 'ALLOW', 'Content': 'x', 'Attributes': {'a': 1}}",
    "attributes of 1025 bytes": "return {'ReviewResult': 'ALLOW', 'Content': 'x', 'Attributes': {'a': 'x' * 1024}}",
}


class TestFallback:
    @pytest.mark.parametrize("fallback", ["ALLOW", "DENY"])
    @pytest.mark.parametrize("name", [*FAILURES, *BAD_RESPONSES])
    def test_failures(self, reviewed: Reviewed, emulator: Emulator, handler: str, name: str, fallback: str) -> None:
        reviewed.handle((FAILURES | BAD_RESPONSES)[name], fallback)
        frame = reviewed.outcome("hello", Attributes={"a": "b"})
        if fallback == "ALLOW":
            assert (frame["Content"], frame["Attributes"]) == ("hello", {"a": "b"})
        else:
            assert frame["ErrorCode"] == 406
        metric = "InvocationErrors" if name in FAILURES else "ResponseValidationErrors"
        assert failures(emulator) == {(metric, "Uri", handler): 1}

    @pytest.mark.parametrize(
        ("body", "delivered"),
        [
            ("return {'ReviewResult': 'maybe', 'Content': '***'}", "***"),
            ("return {'Content': '***', 'Attributes': []}", "***"),
            ("return {'ReviewResult': 'ALLOW', 'Content': ''}", "hello"),
            ("return {'ReviewResult': 'ALLOW', 'Content': 'x' * 501}", "hello"),
            ("return {'ReviewResult': 'ALLOW', 'Content': chr(0xd83d)}", "hello"),
            ("return {'ReviewResult': 'ALLOW'}", "hello"),
            ("return ['***']", "hello"),
            ("raise ValueError('***')", "hello"),
        ],
    )
    def test_returned_content(self, reviewed: Reviewed, emulator: Emulator, body: str, delivered: str) -> None:
        emulator.set(fallback_content="returned")
        reviewed.handle(body, "ALLOW")
        frame = reviewed.outcome("hello", Attributes={"a": "b"})
        assert (frame["Content"], frame["Attributes"]) == (delivered, {"a": "b"})
        reviewed.handle(body, "DENY")
        assert reviewed.outcome()["ErrorCode"] == 406

    @pytest.mark.parametrize(
        "body",
        [
            "return {'ReviewResult': 'ALLOW', 'Content': 'x' * 500, 'Attributes': {'a': 'x' * 1023}}",
            "return {'ReviewResult': 'ALLOW', 'Content': 'x', 'more': 1}",
        ],
    )
    def test_just_valid(self, reviewed: Reviewed, body: str) -> None:
        reviewed.handle(body)
        assert reviewed.outcome()["Content"][0] == "x"

    def test_the_length_of_the_room(self, reviewed: Reviewed, chat: Chat, ivschat: Any) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': event['Content'] * 2}")
        ivschat.update_room(identifier=chat.room, maximumMessageLength=4)
        assert reviewed.outcome("ab")["Content"] == "abab"
        assert reviewed.outcome("abc")["ErrorCode"] == 406

    @pytest.mark.parametrize(("fallback", "code"), [("ALLOW", None), ("DENY", 406)])
    def test_timeout(self, reviewed: Reviewed, emulator: Emulator, fallback: str, code: int | None) -> None:
        reviewed.handle("if event['Content'] == 'slow': time.sleep(60)\n" + ALLOW, fallback)
        assert reviewed.outcome("warm")["Content"] == "warm"
        emulator.set(review_timeout=0.05)
        start = time.monotonic()
        assert reviewed.outcome("slow").get("ErrorCode") == code
        assert time.monotonic() - start < TIMEOUT
        emulator.set(review_timeout=GENEROUS)
        assert reviewed.outcome("again")["Content"] == "again"

    def test_the_documented_timeout(self, emulator: Emulator) -> None:
        emulator.reset()
        assert emulator.request("GET", "ivschat/settings")["review_timeout"] == 0.2

    def test_a_slow_review_holds_up_nobody(self, reviewed: Reviewed, tmp_path: Path) -> None:
        wait = f"while not os.path.exists({str(tmp_path / 'go')!r}): time.sleep(0.01)"
        reviewed.handle(f"if event['Content'] == 'slow':\n    {wait}\n{ALLOW}")
        slow = reviewed.ann.say("slow")
        frame = reviewed.bob.ask("SEND_MESSAGE", Content="fast")
        assert reviewed.ann.receive() == frame
        (tmp_path / "go").touch()
        assert reviewed.ann.receive()["RequestId"] == slow

    def test_permission_taken_back(
        self, reviewed: Reviewed, emulator: Emulator, clients: Callable[..., Any], handler: str
    ) -> None:
        reviewed.handle(ALLOW)
        assert reviewed.outcome()["Type"] == "MESSAGE"
        clients("lambda").remove_permission(FunctionName="review", StatementId="ivschat")
        assert reviewed.outcome()["ErrorCode"] == 406
        assert failures(emulator) == {("InvocationErrors", "Uri", handler): 1}

    def test_function_deleted(self, reviewed: Reviewed, clients: Callable[..., Any]) -> None:
        reviewed.handle(ALLOW)
        clients("lambda").delete_function(FunctionName="review")
        assert reviewed.outcome()["ErrorCode"] == 406

    def test_other_runtimes(self, reviewed: Reviewed, clients: Callable[..., Any]) -> None:
        reviewed.handle(ALLOW)
        clients("lambda").update_function_configuration(FunctionName="review", Runtime="nodejs22.x")
        assert reviewed.outcome()["ErrorCode"] == 406


class TestEnds:
    """Requests that wait while one is reviewed."""

    @pytest.fixture
    def reviewed(self, reviewed: Reviewed, chat: Chat, ivschat: Any) -> Reviewed:
        ivschat.update_room(identifier=chat.room, maximumMessageRatePerSecond=100)
        reviewed.handle(f"time.sleep(0.1)\n{ALLOW}")
        return reviewed

    def test_a_session_ends_while_requests_wait(self, reviewed: Reviewed, chat: Chat, emulator: Emulator) -> None:
        reviewed.outcome("warm")
        emulator.set(session_minute=1.5)
        eve = chat.join("eve", sessionDurationInMinutes=1)
        for number in range(40):
            eve.say(str(number))
        answers = [eve.receive()]
        while answers[-1]["Type"] != "ERROR":
            answers.append(eve.receive())
        assert (answers[-1]["ErrorCode"], answers[-1]["RequestId"]) == (401, "")
        assert 1 < len(answers) < 40
        assert eve.close_code() == 1000
        assert [reviewed.bob.receive() for _answer in answers[:-1]] == answers[:-1]
        mark = chat.mark()
        assert reviewed.bob.receive()["Id"] == mark

    def test_a_user_is_disconnected_while_requests_wait(self, reviewed: Reviewed, chat: Chat, ivschat: Any) -> None:
        for number in range(25):
            reviewed.ann.say(str(number))
        reviewed.bob.receive()
        ivschat.disconnect_user(roomIdentifier=chat.room, userId="ann")
        assert reviewed.ann.close_code() == 1000
        time.sleep(0.2)  # Longer than the review that was going on.
        mark, received = chat.mark(), [reviewed.bob.receive()]
        while received[-1]["Id"] != mark:
            received.append(reviewed.bob.receive())
        assert [frame.get("EventName") for frame in received][-2:] == ["aws:DISCONNECT_USER", "mark"]
        assert len(received) < 25


class TestProcesses:
    def test_warm(self, reviewed: Reviewed) -> None:
        reviewed.handle(
            "calls.append(1)\nprint('to the log', flush=True)\n"
            "return {'ReviewResult': 'ALLOW', 'Content': f'{os.getpid()} {len(calls)}'}"
        )
        process, count = reviewed.outcome()["Content"].split()
        assert count == "1"
        assert reviewed.outcome()["Content"] == f"{process} 2"

    def test_ten_at_a_time(self, reviewed: Reviewed, chat: Chat, ivschat: Any, tmp_path: Path) -> None:
        ivschat.update_room(identifier=chat.room, maximumMessageRatePerSecond=100)
        here, go = str(tmp_path), str(tmp_path / "go")
        reviewed.handle(
            f"open(os.path.join({here!r}, event['MessageId']), 'w').close()\n"
            f"while not os.path.exists({go!r}): time.sleep(0.02)\n{ALLOW}"
        )
        waiting = [chat.join(f"user{number}", ("SEND_MESSAGE",)) for number in range(10)]
        for content, client in zip("0123456789", waiting, strict=True):
            client.say(content)
        deadline = time.monotonic() + GENEROUS
        while len(list(tmp_path.iterdir())) < 10:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert reviewed.ann.refused("SEND_MESSAGE", Content="one too many") == 406
        (tmp_path / "go").touch()
        assert {reviewed.bob.receive()["Content"] for _client in waiting} == set("0123456789")

    def test_new_code_and_environment(self, reviewed: Reviewed, clients: Callable[..., Any]) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': os.environ.get('WORD', 'none')}")
        assert reviewed.outcome()["Content"] == "none"
        environment = {"Variables": {"WORD": "given"}}
        clients("lambda").update_function_configuration(FunctionName="review", Environment=environment)
        assert reviewed.outcome()["Content"] == "given"
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': 'new'}")
        assert reviewed.outcome()["Content"] == "new"

    def test_the_environment_of_the_emulator_is_not_shown(self, reviewed: Reviewed) -> None:
        reviewed.handle("return {'ReviewResult': 'ALLOW', 'Content': ' '.join(sorted(os.environ))}")
        assert set(reviewed.outcome()["Content"].split()) <= {"PATH", "AWS_REGION", "LC_CTYPE"}

    @pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
    def test_code_runs_on_loopback_only(self, host: str) -> None:
        """The process, unlike the fixture's, listens for everybody."""
        command = [sys.executable, "-m", "ivschat_emulator", "--host", host, "--until-stdin-closes"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin and process.stdout
            other = Emulator(process.stdout.readline().strip().replace("0.0.0.0", "127.0.0.1"))
            with reviewed_by(other) as reviewed:
                reviewed.handle(ALLOW)
                expected = "MESSAGE" if host == "127.0.0.1" else "ERROR"
                assert reviewed.ann.ask("SEND_MESSAGE", Content="x")["Type"] == expected
            process.stdin.close()
            assert process.wait(TIMEOUT) == 0

    def test_ctrl_c_ends_without_a_traceback(self) -> None:
        """A terminal sends the signal to all processes; those of functions are not to die of it, but to be ended."""
        command = [sys.executable, "-m", "ivschat_emulator"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
        with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
            other = Emulator(process.stdout.readline().strip())
            try:
                with reviewed_by(other) as reviewed:
                    reviewed.handle(ALLOW)
                    assert reviewed.outcome()["Type"] == "MESSAGE"  # The process of the function runs.
                os.killpg(process.pid, signal.SIGINT)
                assert (process.communicate(timeout=TIMEOUT), process.returncode) == (("", ""), 0)
            finally:
                process.kill()


class TestStarts:
    """What goes on while a process of a function starts or ends: in the process of the tests, which can stop there."""

    @pytest.fixture
    def functions(self) -> Iterator[Functions]:
        functions = Functions(allowed=True)
        yield functions
        functions.stop()

    @pytest.fixture
    def started(self, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
        """The processes that were started."""
        started: list[subprocess.Popen[bytes]] = []

        def start(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
            started.append(popen(*args, **options))
            return started[-1]

        popen = subprocess.Popen
        monkeypatch.setattr(review.subprocess, "Popen", start)
        return started

    def function(self, name: str, body: str) -> Function:
        return Function(name, "python3.13", "review.h", zipped(body), (), version=body)

    def test_a_cold_start_holds_up_no_other_function(
        self, functions: Functions, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def extract(archive: zipfile.ZipFile, directory: str) -> None:
            if b"slow" in archive.read("review.py"):
                reached.set()
                assert go.wait(TIMEOUT)
            extractall(archive, directory)

        extractall, reached, go = zipfile.ZipFile.extractall, threading.Event(), threading.Event()
        monkeypatch.setattr(zipfile.ZipFile, "extractall", extract)
        slow, fast = self.function("slow", "return 'slow'"), self.function("fast", "return 'fast'")
        with ThreadPoolExecutor(11) as threads:
            waiting = [threads.submit(functions.invoke, slow, {}, GENEROUS) for _number in range(10)]
            assert reached.wait(TIMEOUT)
            answer = threads.submit(functions.invoke, fast, {}, GENEROUS)
            try:
                assert answer.result(TIMEOUT) == "fast"
                while len(functions._busy["slow"]) < 10:
                    time.sleep(0.01)
                with pytest.raises(InvocationError, match="too many"):  # Those that start count.
                    functions.invoke(slow, {}, GENEROUS)
            finally:
                go.set()
            assert [each.result(GENEROUS) for each in waiting] == ["slow"] * 10

    def test_stopped_while_a_process_starts(
        self, functions: Functions, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def extract(archive: zipfile.ZipFile, directory: str) -> None:
            reached.set()
            assert go.wait(TIMEOUT)
            extractall(archive, directory)

        extractall, reached, go = zipfile.ZipFile.extractall, threading.Event(), threading.Event()
        monkeypatch.setattr(zipfile.ZipFile, "extractall", extract)
        with ThreadPoolExecutor() as threads:
            starting = threads.submit(functions.invoke, self.function("f", "return 1"), {}, GENEROUS)
            assert reached.wait(TIMEOUT)
            functions.stop()
            go.set()
            assert isinstance(starting.exception(TIMEOUT), InvocationError)
        assert started == []

    def test_stopped_during_a_review(
        self, functions: Functions, started: list[subprocess.Popen[bytes]], tmp_path: Path
    ) -> None:
        body = f"open({str(tmp_path / 'runs')!r}, 'w').close()\ntime.sleep(60)"
        with ThreadPoolExecutor() as threads:
            running = threads.submit(functions.invoke, self.function("f", body), {}, GENEROUS)
            deadline = time.monotonic() + TIMEOUT
            while not (tmp_path / "runs").exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            functions.stop()
            assert isinstance(running.exception(TIMEOUT), InvocationError)
        assert len(started) == 1  # None is started in its place.

    def test_outdated_processes_end(
        self, functions: Functions, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Even when the call that finds them is refused."""
        functions.invoke(self.function("f", "return 1"), {}, GENEROUS)
        monkeypatch.setattr(review, "guess", lambda name: 0)
        with pytest.raises(InvocationError, match="too many"):
            functions.invoke(self.function("f", "return 2"), {}, GENEROUS)
        assert [process.poll() is None for process in started] == [False]
