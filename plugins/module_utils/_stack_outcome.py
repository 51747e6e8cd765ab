# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run of a stack has done, or in check mode would do. Pure; private."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._plan import Plan, predict
from ._resources import Kind, Resource
from ._stack_plan import PlannedChange


@dataclass
class AppliedChange:
    """One finished line of the plan."""

    planned: PlannedChange
    plan: Plan  # as it was carried out
    action: str  # as it came out: none or an update where another run created the resource first
    resource: Resource | None
    created: str | None = None  # the ARN, when this very run created it

    @property
    def arn(self) -> str:
        """The ARN of what was written."""
        return str((self.resource or {})["arn"])


@dataclass
class Outcome:
    """What a run of a stack has done, or in check mode would do."""

    applied: list[AppliedChange] = field(default_factory=list)
    failed: list[tuple[PlannedChange | None, AnsibleAWSError]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)  # the operations that the service has accepted
    kept: int = 0  # members that were not removed, because not everything declared has been made

    @property
    def changed(self) -> bool:
        """Whether anything was changed; when something failed, that may be only a part of it."""
        return any(change.action != "none" for change in self.applied) or bool(self.failed and self.writes)

    def differing(self, changes: list[PlannedChange]) -> list[PlannedChange]:
        """Return the lines of the plan with a difference to show: not those where another run was first."""
        unchanged = {id(change.planned) for change in self.applied if change.action == "none"}
        return [change for change in changes if change.action != "none" and id(change) not in unchanged]

    def fail(self, change: AppliedChange, error: AnsibleAWSError) -> None:
        """Count a line as failed that was written but did not end well."""
        self.applied.remove(change)
        self.failed.append((change.planned, error))

    def resources(self, kind: Kind) -> list[Resource]:
        """Return the declared resources of this kind, in the order of the declaration."""
        return [
            change.resource
            for change in self.applied
            if change.resource and change.planned.entry is not None and change.planned.kind is kind
        ]


def predicted(changes: list[PlannedChange]) -> Outcome:
    """Return the outcome that the plan predicts."""
    return Outcome([AppliedChange(change, change.plan, change.action, predict(change.plan)) for change in changes])
