# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking again with growing pauses, because the service is eventually consistent. Private to this collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._retries import DeadlinePassed, deadline

# In seconds.
FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

T = TypeVar("T")


class NotReady(Exception):
    """The service does not show it yet; the message says what it showed instead."""


def poll(seconds: float) -> Iterator[None]:
    """Yield at once and then after growing pauses, for the last time when `seconds` are over."""
    end = time.monotonic() + seconds
    pause = FIRST_PAUSE
    yield
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(pause * 1.6, LONGEST_PAUSE)
        yield


def wait_until(goal: str, look: Callable[[], T], timeout: float) -> T:
    """Call `look` with growing pauses until it no longer raises NotReady, and return what it returned.

    The retries of the calls that it makes end with the wait. Raises AnsibleAWSError after `timeout` seconds; it says
    what was seen last, and which error the last call met, if any.
    """
    seen, failure = "", None
    with deadline(timeout):
        for _now in poll(timeout):
            try:
                return look()
            except NotReady as not_ready:
                seen = f"; last seen: {not_ready}"
            except DeadlinePassed as passed:
                failure = passed.__cause__
                break
    raise AnsibleAWSError(message=f"Timed out after {timeout:g} s waiting until {goal}{seen}", exception=failure)
