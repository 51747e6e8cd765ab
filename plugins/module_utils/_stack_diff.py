# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a stack as a text that people read: totals, a line for each resource, and changed fields. Pure; private.

Ansible shows the lines in which `before` and `after` differ with - and +, in its colors. So what is created is a line
of `after` alone, what is deleted or released a line of `before` alone, and a resource that is updated a line of both,
with its changed fields below it. Each action has a heading, which both sides have.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ._resources import IDENTIFIERS
from ._stack_plan import PlannedChange, count_actions

SHOWN = ("update", "adopt", "create", "delete", "release")  # the actions, in the order of the text


def stack_diff(
    stack: str, changes: list[PlannedChange], shown: list[PlannedChange], names: dict[str, str]
) -> dict[str, str]:
    """Return the difference as Ansible shows it: the totals of all changes, and the lines of those to be shown.

    `names`: those of logging configurations, by ARN.
    """
    before: list[str] = []
    after: list[str] = []
    for action in SHOWN:
        chosen = [change for change in shown if change.action == action]
        heading = [f"{len(chosen)} to {action}:"] if chosen else []
        before += heading
        after += heading
        for change in chosen:
            if action != "create":
                before.append(f"  {_title(change)}")
            if action not in ("delete", "release"):
                after.append(f"  {_title(change)}")
            if action in ("update", "adopt"):
                for field, (old, new) in change.changes().items():
                    before += _lines(change, field, old, new, names)
                    after += _lines(change, field, new, old, names)
    return {
        "before": "".join(f"{line}\n" for line in before),
        "after": "".join(f"{line}\n" for line in after),
        "before_header": f"stack {stack}",
        "after_header": totals(changes),
    }


def totals(changes: list[PlannedChange]) -> str:
    """Return the number of changes of each action; releases only where there are any."""
    counts = count_actions(change.action for change in changes)
    released = f"{counts['released']} to release, " if counts["released"] else ""
    return (
        f"Plan: {counts['created']} to create, {counts['updated']} to update, {counts['adopted']} to adopt, "
        f"{counts['deleted']} to delete, {released}{counts['unchanged']} unchanged"
    )


def _title(change: PlannedChange) -> str:
    return f"{change.kind.title} {change.name or change.arn}"


def _lines(change: PlannedChange, field: str, value: Any, other: Any, names: dict[str, str]) -> Iterator[str]:
    """Yield one side of a changed field. Ansible aligns the two sides by equal lines, so no two resources share one."""
    if field == IDENTIFIERS:
        value, other = (sorted(names.get(arn, arn) for arn in side or []) for side in (value, other))
    for path, shown in _differing(field, value, other):
        yield f"    {_title(change)}: {path}: {json.dumps(shown, ensure_ascii=False)}"


def _differing(path: str, value: Any, other: Any) -> Iterator[tuple[str, Any]]:
    """Yield what differs of one side, by path; of dictionaries the members. None is not shown: it is not set."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _differing(f"{path}.{key}", inner, other.get(key) if isinstance(other, dict) else None)
    elif value is not None and value != other:
        yield path, value
