# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""After its creates, a stack looks again only where a list leaves open which resource of a name is the oldest."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import ROOM
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_write import _Run

SECOND = "2026-01-31T12:00:00+00:00"  # as boto3 shows a time without milliseconds, and one whose milliseconds are 0
LATER = "2026-01-31T12:00:00.517000+00:00"


@pytest.mark.parametrize(
    ("times", "names", "looked_at"),
    [
        ([SECOND, LATER, LATER], "abc", []),
        ([SECOND, SECOND, SECOND], "abc", ["a", "b"]),
        ([LATER, LATER, LATER], "aba", ["a"]),
    ],
)
def test_which_creates_are_looked_at_again(times: list[str], names: str, looked_at: list[str]) -> None:
    """The first two were created by this run."""
    arns = ["one", "two", "three"]
    seen = {
        arn: {"arn": arn, "name": name, "create_time": time} for arn, name, time in zip(arns, names, times, strict=True)
    }
    written = [
        SimpleNamespace(created=arn, planned=SimpleNamespace(name=name))
        for arn, name in zip(arns[:2], names[:2], strict=True)
    ]
    decided: list[str] = []
    run = SimpleNamespace(decide=lambda _kind, change, _created: decided.append(change.planned.name))
    _Run.give_way(run, ROOM, written, seen)
    assert decided == looked_at
