# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes when each task started and had its result (s since the epoch), as lines of JSON to BENCH_DURATIONS."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "durations"

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self.start = time.time()

    def v2_runner_on_ok(self, result: Any) -> None:
        with open(os.environ["BENCH_DURATIONS"], "a") as lines:
            print(json.dumps([result._task.get_name(), self.start, time.time()]), file=lines)
