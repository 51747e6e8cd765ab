# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write playbooks, and run the programs of Ansible that are installed beside this Python, as a person would."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.support.environment import ansible_environment
from tests.support.report import start_task

Finished = subprocess.CompletedProcess[str]


def run_ansible(
    program: str,
    *arguments: str,
    home: Path,
    settings: dict[str, str],
    directory: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    python: Path | None = None,
) -> Finished:
    """Run a program of Ansible in a directory (its home by default) and return the finished process.

    `on_line` gets each line of its output while it runs. `settings` are environment variables. `python` is the
    interpreter of the environment that has the program, this one by default.
    """
    task = start_task(program, {"arguments": list(arguments), "settings": settings})
    output = ""
    with subprocess.Popen(
        [str((python or Path(sys.executable)).with_name(program)), *arguments],
        cwd=directory or home,
        env=ansible_environment(home, **settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            output += line
            if on_line:
                on_line(line)
    task.end(f"exit status {process.returncode}\n{output[-1500:]}")
    return Finished(process.args, process.returncode, output)


def play(directory: Path, *books: str | list[Any], arguments: tuple[str, ...] = (), **settings: str) -> Finished:
    """Run playbooks (texts, or lists of plays) in a directory, one after the other, and return the finished process."""
    paths = []
    for number, book in enumerate(books):
        paths.append(directory / f"playbook{number}.yml")
        paths[-1].write_text(book if isinstance(book, str) else yaml.safe_dump(book))
    return run_ansible("ansible-playbook", *map(str, paths), *arguments, home=directory, settings=settings)


def on_localhost(*tasks: Any, **keywords: Any) -> list[Any]:
    """A play on this machine."""
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks), **keywords}]


def changed_tasks(output: str) -> int:
    """Return the number of tasks that changed something, as the last recap says: it counts those of all playbooks."""
    recaps = re.findall(r"ok=\d+\s+changed=(\d+)\s+unreachable=0\s+failed=0", output)
    assert recaps, output
    return int(recaps[-1])
