# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failed test prints: its tasks, their answers, and the calls that the emulator saw, in the order of time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ivschat_emulator import Emulator

MOST_LINES = 150
LONGEST_PARAMETERS, LONGEST_ANSWER = 200, 2000  # characters
SECRET_NAMES = ("token", "secret_key", "secret_access_key", "session_token", "security_token")


@dataclass
class TaskRun:
    """One task that a test ran: a module, or a program of Ansible."""

    name: str
    options: dict[str, Any]
    modes: tuple[str, ...] = ()  # "check", "diff"
    started: float = field(default_factory=time.time)  # seconds since the epoch, as in the emulator's log
    ended: float | None = None
    answer: Any = None

    def end(self, answer: Any) -> None:
        """Note the answer, without what ansible-core adds to every one."""
        if isinstance(answer, dict):
            answer = {key: value for key, value in answer.items() if key not in ("invocation", "deprecations")}
        self.ended, self.answer = time.time(), answer


# The tasks of the test that is running. A test has this process to itself.
TASKS: list[TaskRun] = []


def start_task(name: str, options: dict[str, Any], *modes: str) -> TaskRun:
    """Note that a task starts; the caller notes its end."""
    TASKS.append(TaskRun(name, options, modes))
    return TASKS[-1]


class RecordedEmulator(Emulator):
    """An emulator that keeps the calls a test has forgotten, for the report of its failure."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.forgotten: list[dict[str, Any]] = []

    def forget_calls(self) -> None:
        self.forgotten += self.calls(service=None)
        super().forget_calls()

    def reset(self) -> None:
        super().reset()
        self.forgotten = []


def failure_report(emulator: RecordedEmulator) -> str:
    """Return the report of the test that is running."""
    try:
        calls = [*emulator.forgotten, *emulator.calls(service=None)]
    except OSError as error:
        return f"the emulator does not answer: {error}\n{describe(TASKS, emulator.forgotten)}"
    return describe(TASKS, calls)


def describe(tasks: list[TaskRun], calls: list[dict[str, Any]]) -> str:
    """Return tasks, answers and calls as text, one line each, without secrets; of too many lines the last."""
    events = [(task.started, f"task {number}: {_task(task)}") for number, task in enumerate(tasks, 1)]
    events += [
        (task.ended, f"answer {number}: {_short(task.answer, LONGEST_ANSWER)}")
        for number, task in enumerate(tasks, 1)
        if task.ended is not None
    ]
    events += [(call["time"], f"    {_call(call)}") for call in calls if _matters(call)]
    lines = [line for _time, line in sorted(events, key=lambda event: event[0])]
    left_out = len(lines) - MOST_LINES
    text = "\n".join([f"({left_out} lines before)", *lines[-MOST_LINES:]] if left_out > 0 else lines)
    for secret in sorted(set(_secrets([[task.options, task.answer] for task in tasks])), key=len, reverse=True):
        text = text.replace(secret, "********")
    return text


def _matters(call: dict[str, Any]) -> bool:
    """Of the other services only what failed: their calls prepare a test."""
    return bool(call["service"] == "ivschat" or call["error"] or (call["status"] or 0) >= 400)


def _task(task: TaskRun) -> str:
    modes = f" ({', '.join(task.modes)})" if task.modes else ""
    return f"{task.name}{modes} {_short(task.options, LONGEST_ANSWER)}"


def _call(call: dict[str, Any]) -> str:
    parts = [
        "" if call["service"] == "ivschat" else call["service"],
        call["operation"] or "unknown operation",
        _short(call["parameters"], LONGEST_PARAMETERS),
        f"-> {call['status'] or 'no answer'}",
        call["error"],
        f"[fault: {call['fault']}]" if call["fault"] else "",
        "[took effect]" if call["effect"] else "",
    ]
    return " ".join(filter(None, parts))


def _short(value: Any, longest: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= longest else f"{text[:longest]}... ({len(text)} characters)"


def _secrets(value: Any) -> Iterator[str]:
    """Find the values of secret options, variables and return values, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and len(inner) > 7 and str(name).lower().removeprefix("aws_") in SECRET_NAMES:
                yield inner
                yield json.dumps(inner)[1:-1]
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for inner in inside:
        yield from _secrets(inner)
