# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of each task, and where the task is written, as lines of JSON to RESULTS."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"

    play = ""

    def v2_playbook_on_play_start(self, play: Any) -> None:
        self.play = play.get_name()

    def v2_runner_on_ok(self, result: Any) -> None:
        self.write("ok", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.write("skipped", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.write("ignored" if ignore_errors else "failed", result)

    def write(self, status: str, result: Any) -> None:
        path, _separator, line = str(result._task.get_path()).rpartition(":")
        written = {
            "play": self.play,
            "file": path,
            "line": int(line or 0),
            "task": result._task.get_name(),
            "module": result._task.resolved_action,
            "status": status,
            "changed": bool(result._result.get("changed")),
            "msg": str(result._result.get("msg", "")),
        }
        with open(os.environ["RESULTS"], "a") as lines:
            print(json.dumps(written), file=lines)
