# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo notices when something is not as it says, and how it prints. `make demo` is the test of the rest."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.demo import readme, run
from tests.demo.people import Person
from tests.demo.playbooks import Run, show_event
from tests.demo.terminal import COLUMNS, Terminal

RESULT = {"_event": "v2_runner_on_ok", "task": {"name": "aws_ivs.chat.live_chat : Create it"}}


class TerminalStream(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(io.StringIO())


def told(terminal: Terminal, *scenes) -> tuple[int, str]:
    """Play scenes; the exit status, and what was printed."""
    status = run.tell(terminal, scenes)
    return status, "\n".join(terminal.lines)


def never(story: run.Story) -> None:
    raise AssertionError("the demo went on")


def test_wrong_claim(terminal):
    def moon(story: run.Story) -> None:
        """The moon
        It is far away."""
        story.check(True, "It shines.")
        story.check(False, "It is made of cheese.", "rock")

    assert told(terminal, moon, never)[0] == 1
    assert terminal.lines[1:7] == ["", "1. The moon", "  It is far away.", "", "  ✓ It shines.", ""]
    assert terminal.lines[7:] == [
        "  ✗ The demo ends here, because this is not so: It is made of cheese.",
        "    Found instead: rock",
    ]


def test_claims_that_hold(terminal):
    status, printed = told(terminal, lambda story: story.check(story.existing() == run.NOTHING, "Nothing exists."))
    assert status == 0
    assert "✓ Nothing exists." in printed


@pytest.mark.parametrize(
    ("rate", "claim"),
    [(100, "Max was too fast, and the service refused the rest."), (3, "The review function denied the casino.")],
)
def test_talk_in_a_room_that_refuses_nothing(terminal, rate, claim):
    def room(story: run.Story) -> None:
        story.client().create_room(name="lobby", maximumMessageRatePerSecond=rate)

    status, printed = told(terminal, room, run.talk, never)
    assert status == 1
    assert f"this is not so: {claim}" in " ".join(printed.split())


@pytest.mark.parametrize(
    ("stored_by", "claim"),
    [
        ("demo-logs", "The bucket has all that Ada received, and no refused message."),
        ("demo-s3", "The log group has the same records."),
        ("demo-s3 demo-logs", None),
    ],
)
def test_messages_that_are_not_stored(terminal, stored_by, claim):
    destinations = {
        "demo-s3": {"s3": {"bucketName": run.BUCKET}},
        "demo-logs": {"cloudWatchLogs": {"logGroupName": run.LOG_GROUP}},
    }

    def speak(story: run.Story) -> None:
        story.client("s3").create_bucket(Bucket=run.BUCKET)
        story.client("logs").create_log_group(logGroupName=run.LOG_GROUP)
        arns = [
            story.client().create_logging_configuration(destinationConfiguration=destinations[name])["arn"]
            for name in stored_by.split()
        ]
        room = story.client().create_room(loggingConfigurationIdentifiers=arns)["arn"]
        story.people["Ada"] = Person("Ada", room, story.emulator, story.connections)
        story.say("Ada", "Hello!")

    status, printed = told(terminal, speak, run.stored)
    if claim is None:
        assert status == 0
        assert "MESSAGE  Ada: Hello!" in printed
    else:
        assert status == 1
        assert f"this is not so: {claim}" in " ".join(printed.split())


def test_task_that_fails(terminal):
    def moderate(story: run.Story) -> None:
        story.play(run.MODERATE, "-e", "message=AbCdEf123456", "-e", "user=max")

    status, printed = told(terminal, moderate, never)
    assert status == 1
    assert "failed   Delete the message: " in printed
    assert "'lobby'" in printed
    assert "this is not so: The playbook succeeds." in printed
    assert "Traceback" not in printed


def test_playbook_that_ansible_refuses(terminal):
    status, printed = told(terminal, lambda story: story.play("tests/demo/missing.yml"), never)
    assert status == 1
    assert "tests/demo/missing.yml could not be found" in printed


def test_service_that_does_not_answer(terminal):
    def stopped(story: run.Story) -> None:
        story.emulator.stop()
        story.existing()

    status, printed = told(terminal, stopped, never)
    assert status == 1
    assert "✗ The demo ends here: EndpointConnectionError: " in printed


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"changed": True}, "changed  Create it"),
        ({"changed": False}, None),
        ({"skipped": True, "skip_reason": "Conditional result was False"}, None),
        (
            {"skipped": True, "action": "a.b.c", "msg": "remote module (a.b.c) does not support check mode"},
            "skipped  Create it: a.b.c has no check mode",
        ),
        ({"failed": True, "msg": "No"}, "failed   Create it: No"),
        ({"changed": False, "warnings": ["Careful"]}, "warning  Careful"),
    ],
)
def test_tasks_that_are_shown(terminal, result, line):
    show_event(terminal, Run(), {**RESULT, "hosts": {"localhost": result}})
    assert terminal.lines == ([] if line is None else [f"    {line}"])


def test_difference(terminal):
    diff = {"before": "room lobby\n    rate: 99\n", "after": "room lobby\n    rate: 3\n"}
    show_event(terminal, Run(), {**RESULT, "hosts": {"localhost": {"changed": True, "diff": diff}}})
    assert terminal.lines[1:] == ["       room lobby", "      -    rate: 99", "      +    rate: 3"]


def test_color_on_a_terminal_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Terminal(TerminalStream()).in_color
    assert not Terminal(io.StringIO()).in_color
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal(TerminalStream())
    plain.working("Looking")
    plain.line("Text", "red")
    assert plain.stream.getvalue() == "  Text\n"


def test_columns(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal(TerminalStream())
    terminal.line("word " * 40, "green")
    assert len(terminal.lines) == 3
    assert all(len(line) <= COLUMNS for line in terminal.lines)
    assert "\x1b[32mword" in terminal.stream.getvalue()


def test_excerpt_of_readme(tmp_path: Path):
    lines = ["", "2. Two", "  ✓ b", "", "3. Three", "  First! (3 times)", "  ✓ c", "", "4. Four", "  ✓ d"]
    path = tmp_path / "README.md"
    path.write_text("# Title\n\n```text\n3. Old\n```\n\nEnd\n")
    assert not readme.is_shown(lines, path)
    readme.write(lines, path)
    assert path.read_text() == "# Title\n\n```text\n3. Three\n  First! (3 times)\n  ✓ c\n```\n\nEnd\n"
    assert readme.is_shown([line.replace("3 times", "4 times") for line in lines], path)
    assert not readme.is_shown([line.replace("✓ c", "✓ e") for line in lines], path)
