# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module of the collection against an emulator: its own main(), real boto3, real HTTP.

`run_module` runs it in this process, `start_module` in a process of its own, `fork_module` in a copy of this process,
which starts at once and keeps what a test has patched.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args

from tests.support.environment import CREDENTIALS, ROOT
from tests.support.report import TaskRun, start_task

# run(module, **options): a result.
Run = Callable[..., dict[str, Any]]

# An option that the task sets to null; None is an option that it leaves out.
NULL = "<null>"

# In a result of check mode: the ARN and the ID of a resource that does not exist yet.
KNOWN_AFTER_APPLY = "(known after apply)"

COLLECTION = "ansible_collections.aws_ivs.chat.plugins.modules"


def failure_message(result: dict[str, Any]) -> str:
    """Return the message of a failed run, which must be one clean line."""
    assert result.get("failed"), result
    assert "exception" not in result and bool(result.get("changed")) is bool(result.get("writes"))
    message = result["msg"]
    assert isinstance(message, str) and "\n" not in message and "Traceback" not in message
    return message


def warnings_of(result: dict[str, Any]) -> list[str]:
    """Return the warnings of a run; ansible-core 2.19 and later wrap their texts."""
    given = result.get("warnings", [])
    return [warning if isinstance(warning, str) else warning["event"]["msg"] for warning in given]


def module_arguments(url: str, options: dict[str, Any], check: bool, diff: bool) -> dict[str, Any]:
    """Return a task's arguments as Ansible hands them to a module; an option of None is left out, and NULL is null."""
    given = {**CREDENTIALS, "endpoint_url": url, **options}
    return {
        **{key: None if value == NULL else value for key, value in given.items() if value is not None},
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_remote_tmp": "/tmp",
    }


def run_module(
    url: str, module_name: str, /, check: bool = False, diff: bool = False, **options: Any
) -> dict[str, Any]:
    """Run a module in this process and return its result; `failed` is true in it when it failed.

    `check` and `diff` are the task's modes, everything else is an option.

    Like a module's own process, it sees no AWS settings of the person who runs the tests, and has no warnings yet.
    """
    warnings._global_warnings.clear()
    output = io.StringIO()
    module = importlib.import_module(f"{COLLECTION}.{module_name}")
    settings = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("AWS_")}
    os.environ.update({"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    task = start_task(module_name, options, *(["check"] if check else []), *(["diff"] if diff else []))
    try:
        with patch_module_args(module_arguments(url, options, check, diff)), contextlib.redirect_stdout(output):
            with contextlib.suppress(SystemExit):
                module.main()
    finally:
        os.environ.update(settings)
    lines = output.getvalue().strip().splitlines()
    assert len(lines) == 1, f"a module prints one line of JSON, not {output.getvalue()!r}"
    result: dict[str, Any] = json.loads(lines[0])
    task.end(result)
    return result


@dataclass(frozen=True)
class StartedModule:
    """A module in a process of its own."""

    process: subprocess.Popen[str]
    task: TaskRun

    def is_running(self) -> bool:
        return self.process.poll() is None

    def result(self, timeout: float = 120) -> dict[str, Any]:
        """Wait for the module and return its result."""
        output, errors = self.process.communicate(timeout=timeout)
        assert output.strip(), f"the module printed no result: {errors}"
        result: dict[str, Any] = json.loads(output)
        self.task.end(result)
        return result

    def kill(self) -> str:
        """Kill the process and return what it has printed."""
        self.process.kill()
        output, _errors = self.process.communicate()
        self.task.end("killed")
        return output


def start_module(url: str, module_name: str, /, **options: Any) -> StartedModule:
    """Start a module in a process of its own."""
    task = start_task(module_name, options, "in a process of its own")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.harness", url, module_name, json.dumps(options)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return StartedModule(process, task)


@dataclass(frozen=True)
class ForkedModule:
    """A module in a copy of this process."""

    process: BaseProcess
    answers: Connection
    task: TaskRun

    def result(self, timeout: float = 60) -> dict[str, Any]:
        """Wait for the module and return its result."""
        assert self.answers.poll(timeout), "the run does not end"
        result = dict(self.answers.recv())
        self.process.join()
        self.task.end(result)
        return result

    def kill(self) -> None:
        """Kill the process, which must still be running."""
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        self.task.end("killed")
        assert self.process.exitcode == -signal.SIGKILL

    def clean_up(self) -> None:
        """End the process, whatever has become of it."""
        self.process.kill()
        self.process.join()


def fork_module(url: str, module_name: str, /, first: Callable[[], None], **options: Any) -> ForkedModule:
    """Start a module in a copy of this process, which calls `first` before it."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)

    def child() -> None:
        first()
        there.send(run_module(url, module_name, **options))

    task = start_task(module_name, options, "in a copy of this process")
    process = context.Process(target=child, daemon=True)
    process.start()
    there.close()
    return ForkedModule(process, here, task)


if __name__ == "__main__":
    print(json.dumps(run_module(sys.argv[1], sys.argv[2], **json.loads(sys.argv[3]))))  # noqa: T201
