# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Show how far the module is while it runs: it appends lines to a file (see module_utils/_progress.py)."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from ansible.plugins.action.normal import ActionModule as NormalAction
from ansible.utils.display import Display
from ansible_collections.aws_ivs.chat.plugins.module_utils._progress import PROGRESS_FILE

LOOK_EVERY = 0.5  # seconds


class ActionModule(NormalAction):
    """Runs the module as Ansible does without an action plugin, and shows the lines that it writes meanwhile."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> Any:
        # Only a module on this machine can write to a file here; in the background nobody waits for its lines.
        if self._connection.transport != "local" or self._task.async_val or self._task.check_mode:
            return super().run(tmp, task_vars)
        title = "ivschat_stack" if self._task.no_log else f"ivschat_stack {self._task.args.get('name')}"
        with _shown_lines(title) as path:
            self._task.environment = [*(self._task.environment or []), {PROGRESS_FILE: path}]
            return super().run(tmp, task_vars)


@contextmanager
def _shown_lines(title: str) -> Iterator[str]:
    """Yield the path of a new file, and show each line that is appended to it."""
    handle, path = tempfile.mkstemp(prefix="ivschat_stack_")
    done = threading.Event()
    with open(handle, encoding="utf-8") as lines:
        thread = threading.Thread(target=_show, args=(lines, title, done), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            done.set()
            thread.join()
            os.unlink(path)


def _show(lines: IO[str], title: str, done: threading.Event) -> None:
    while not done.wait(LOOK_EVERY):
        for line in lines:
            Display().display(f"{title}: {line.rstrip()}")
