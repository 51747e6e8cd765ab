# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook of the demo, and show in a few lines what it does: what changes, and what cannot be predicted."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.demo.terminal import Terminal
from tests.support.environment import ROOT
from tests.support.playbooks import run_ansible

# One JSON object a line, as things happen. It comes with the package `ansible`.
CALLBACK = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl", "ANSIBLE_DEPRECATION_WARNINGS": "False"}
NO_CHECK_MODE = "does not support check mode"


@dataclass
class Run:
    """A run of a playbook: its exit status, the names of the tasks that changed something, and their differences."""

    status: int = -1
    changed: list[str] = field(default_factory=list)
    diffs: list[list[str]] = field(default_factory=list)
    unpredicted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    others: int = 0


def run_playbook(terminal: Terminal, *arguments: str, home: Path, settings: dict[str, str]) -> Run:
    """Run ansible-playbook in the root of the checkout."""
    run, noise = Run(), []

    def on_line(line: str) -> None:
        if line.startswith("{"):
            show_event(terminal, run, json.loads(line))
        else:
            noise.append(line.rstrip())

    terminal.line(f"$ ansible-playbook {' '.join(arguments)}", "bold")
    environment = {**settings, **CALLBACK}
    done = run_ansible("ansible-playbook", *arguments, home=home, settings=environment, directory=ROOT, on_line=on_line)
    run.status = done.returncode
    if run.status and not run.failed:  # It did not come to a task: what Ansible says is all there is.
        for line in noise:
            terminal.line(line, "red", indent=4)
    elif not run.status:
        terminal.line(f"{len(run.changed)} changed, {run.others} ok", "dim", indent=4)
    return run


def show_event(terminal: Terminal, run: Run, event: dict[str, Any]) -> None:
    """Show an event of the callback if it says what changes, what fails, or what check mode cannot predict."""
    # Ansible puts the name of the role before the names of its tasks.
    name = event.get("task", {}).get("name", "").rpartition(" : ")[2]
    if event["_event"].endswith("_task_start"):
        terminal.working(name)
    for result in event.get("hosts", {}).values():
        if result.get("failed") or result.get("unreachable"):
            run.failed.append(name)
            terminal.line(f"failed   {name}: {result.get('msg', '')}", "red", indent=4)
        elif result.get("skipped"):
            # The others are skipped because their condition does not hold, which is as the playbook wants it.
            if NO_CHECK_MODE in str(result.get("msg", "")):
                run.unpredicted.append(name)
                terminal.line(f"skipped  {name}: {result['action']} has no check mode", "blue", indent=4)
        elif result.get("changed"):
            run.changed.append(name)
            terminal.line(f"changed  {name}", "yellow", indent=4)
            if difference := lines_of_diff(result.get("diff")):
                run.diffs.append(difference)
                for line in difference:
                    terminal.line(line, {"-": "red", "+": "green"}.get(line[0], "dim"), indent=6, hang=6)
        else:
            run.others += 1
        for warning in result.get("warnings") or []:
            terminal.line(f"warning  {warning}", "yellow", indent=4)


def lines_of_diff(diff: Any) -> list[str]:
    """Return the lines of a task's difference: what goes, what comes, and what is between them."""
    texts = diff if isinstance(diff, dict) else {}
    before, after = (str(texts.get(side, "")).splitlines() for side in ("before", "after"))
    lines = difflib.unified_diff(before, after, lineterm="")
    return [line for line in lines if line.strip() and not line.startswith(("---", "+++", "@@"))]
