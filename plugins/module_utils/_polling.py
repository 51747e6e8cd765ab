# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking again with growing pauses, because the service is eventually consistent. Private to this collection."""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def bounded(goal: str, seconds: float) -> Iterator[None]:
    """Let no call in this context be repeated later than `seconds` from now.

    Raises AnsibleAWSError, with the error of the call, instead.
    """
    with deadline(seconds):
        try:
            yield
        except DeadlinePassed as passed:
            raise timed_out(goal, seconds, passed.__cause__) from passed


def timed_out(goal: str, seconds: float, failure: BaseException | None, seen: str = "") -> AnsibleAWSError:
    """Return the error for a wait that has ended without its goal; `failure` is the error of the last call."""
    return AnsibleAWSError(message=f"Timed out after {seconds:g} s waiting until {goal}{seen}", exception=failure)


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
    raise timed_out(goal, timeout, failure, seen)
