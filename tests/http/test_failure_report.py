# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed test prints: its tasks, their answers and the calls, and no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ivschat_emulator import Emulator
from tests.support.environment import ROOT, SECRET_KEY
from tests.support.harness import Run
from tests.support.report import MOST_LINES, TASKS, RecordedEmulator, TaskRun, describe, failure_report

FAILING_TEST = """
def test_that_fails(run, emulator):
    emulator.fault("CreateRoom", "ThrottlingException")
    run("ivschat_room", name="lobby", maximum_message_length=7, secret_key="a-secret-that-nobody-prints")
    emulator.forget_calls()
    run("ivschat_room", check=True, name="lobby", state="absent")
    assert False, "on purpose"
"""


def test_a_failing_test(tmp_path: Path) -> None:
    """In a pytest of its own, with the fixtures and the hooks that all tests over HTTP have."""
    (tmp_path / "conftest.py").write_text("from tests.http.conftest import *\n")
    (tmp_path / "test_it.py").write_text(FAILING_TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "--tb=line", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / ".cache" / "collections")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "1 failed" in done.stdout, done.stdout
    head, _line, report = done.stdout.partition("Tasks, answers and API calls")
    assert report, head
    parts = [
        'task 1: ivschat_room {"name": "lobby", "maximum_message_length": 7, "secret_key": "********"}',
        '    ListRooms {"name": "lobby"} -> 200',
        '    CreateRoom {"name": "lobby", "maximumMessageLength": 7} -> 429 ThrottlingException '
        "[fault: ThrottlingException before]",
        '    CreateRoom {"name": "lobby", "maximumMessageLength": 7} -> 200 [took effect]',
        'answer 1: {"changed": true, "room": {',
        'task 2: ivschat_room (check) {"name": "lobby", "state": "absent"}',
        '    GetRoom {"identifier": "arn:aws:ivschat:',
        'answer 2: {"changed": true, "room": null',
    ]
    rest = report
    for part in parts:
        _before, found, rest = rest.partition(part)
        assert found, f"{part} is missing, or not in its order: {report}"
    assert "nobody-prints" not in report


def test_every_kind_of_secret() -> None:
    secrets = [f"secret-number-{number}" for number in range(5)]
    task = TaskRun("ivschat_chat_token", {"nested": [{"secret_key": secrets[0], "session_token": secrets[1]}]})
    task.end({"token": secrets[2], "msg": f"it is {secrets[2]}"})
    playbook = TaskRun("ansible-playbook", {"AWS_SECRET_ACCESS_KEY": secrets[3], "AWS_SESSION_TOKEN": secrets[4]})
    playbook.end(f"It printed {secrets[3]} and {secrets[4]}")
    text = describe([task, playbook], [])
    assert "secret-number" not in text and text.count("********") == 8


def test_credentials_by_default(run: Run, emulator: Emulator) -> None:
    """The report of a run that came to its end, with the credentials that the harness adds."""
    assert isinstance(emulator, RecordedEmulator)
    run("ivschat_room", name="lobby", wait=False)
    report = failure_report(emulator)
    assert "CreateRoom" in report and SECRET_KEY not in report
    assert [task.answer["changed"] for task in TASKS] == [True]


def test_of_many_lines_the_last_remain() -> None:
    def call(number: int) -> dict[str, Any]:
        outcome = {"status": 200, "error": None, "fault": None, "effect": False}
        return {"time": number, "service": "ivschat", "operation": f"Call{number}", "parameters": None, **outcome}

    lines = describe([], [call(number) for number in range(MOST_LINES + 7)]).splitlines()
    assert lines[0] == "(7 lines before)" and len(lines) == MOST_LINES + 1
    assert lines[-1] == f"    Call{MOST_LINES + 6} null -> 200"


def test_calls_of_other_services_show_when_they_failed() -> None:
    def call(status: int, error: str | None) -> dict[str, Any]:
        outcome = {"status": status, "error": error, "fault": None, "effect": False}
        return {"time": 0, "service": "logs", "operation": "CreateLogGroup", "parameters": None, **outcome}

    assert describe([], [call(200, None)]) == ""
    assert describe([], [call(400, "Denied")]) == "    logs CreateLogGroup null -> 400 Denied"


def test_an_emulator_that_has_ended() -> None:
    process = RecordedEmulator.start()
    process.stop()
    assert failure_report(process).startswith("the emulator does not answer: ")
