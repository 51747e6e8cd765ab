# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the plan of a stack: in order, and waited for as a whole by lists. Private to this collection."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import OPERATIONS
from ._identity import still_existing
from ._plan import Plan, not_yet_visible, predict
from ._polling import NotReady, wait_until
from ._resources import (
    KINDS,
    LOGGING_CONFIGURATION,
    ROOM,
    Kind,
    Resource,
    age_order,
    is_arn,
    is_changing,
    is_deleting,
    is_failed,
)
from ._retries import record_writes
from ._stack import Entry, Owner, PlannedChange
from ._waits import has_failed_again, is_older, wait_deleted
from ._write import WaitOptions, WriteResult, write_plan, write_tags


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
        """Return the resources of this kind, in the order of the declaration."""
        return [change.resource for change in self.applied if change.resource and change.planned.kind is kind]


def predicted(changes: list[PlannedChange]) -> Outcome:
    """Return the outcome that the plan predicts."""
    return Outcome([AppliedChange(change, change.plan, change.action, predict(change.plan)) for change in changes])


def write_stack(
    client: Any,
    changes: list[PlannedChange],
    deleting: list[Resource],
    deleting_members: list[Resource],
    owner: Owner,
    options: WaitOptions,
    continue_on_error: bool,
) -> Outcome:
    """Carry out the plan: logging configurations, rooms, deleted rooms, deleted logging configurations.

    `deleting` are logging configurations that are being deleted: one of the same name is created only when they are
    gone. `deleting_members` are those of the stack, whose deletion is waited for as well.
    """
    run = _Run(client, owner, options, continue_on_error, deleting, deleting_members)
    run.outcome.writes = record_writes(client)
    try:
        run.write_all(changes)
    except AnsibleAWSError as error:
        run.outcome.failed.append((None, error))
    return run.outcome


@dataclass
class _Run:
    """One run of a stack, outside check mode."""

    client: Any
    owner: Owner
    options: WaitOptions
    continue_on_error: bool
    deleting: list[Resource]
    deleting_members: list[Resource]
    arns: dict[str, str] = field(default_factory=dict)  # of the declared logging configurations, by name
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def stopped(self) -> bool:
        return bool(self.outcome.failed) and not self.continue_on_error

    def write_all(self, changes: list[PlannedChange]) -> None:
        for kind in KINDS:
            declared = [change for change in changes if change.entry is not None and change.kind is kind]
            if kind is LOGGING_CONFIGURATION:
                self.arns = {change.name: change.plan.before["arn"] for change in declared if change.plan.before}
            self.write_changes(declared)
            # Rooms can only use logging configurations that are active, so these are waited for in any case.
            used = kind is LOGGING_CONFIGURATION and any(change.entry and change.entry.references for change in changes)
            if self.options.wait or used:
                self.settle(kind)
            if kind is LOGGING_CONFIGURATION:
                self.arns.update({resource["name"]: resource["arn"] for resource in self.outcome.resources(kind)})
            if self.stopped:
                return
        self.write_changes([change for change in changes if change.entry is None])
        if self.options.wait:
            self.wait_deletions()

    def write_changes(self, changes: list[PlannedChange]) -> None:
        """Write one after the other, without waiting."""
        for change in changes:
            if self.stopped:
                return
            try:
                result = self.write_change(change, change.plan)
                action = change.action if result.changed else "none"
                self.outcome.applied.append(AppliedChange(change, result.plan, action, result.resource, result.created))
            except AnsibleAWSError as error:
                self.outcome.failed.append((change, error))

    def write_change(self, change: PlannedChange, plan: Plan) -> WriteResult:
        """Write one without waiting; raises AnsibleAWSError."""
        options = replace(self.options, wait=False)
        entry, declaration = change.entry, change.declaration
        if entry is None:
            return write_plan(self.client, plan, declaration, options)
        self.require_references(entry)
        current = entry.declaration(self.arns, getattr(declaration, "adopts", None))
        if current != declaration:  # planned again, now that its logging configurations have their ARNs
            declaration, plan = current, current.plan(plan.before)
        if change.adopted and plan.before is not None:
            # Its tags first: the resource is a member before anything else changes, whatever fails afterwards.
            write_tags(self.client, plan, plan.before)
            tagged = {**plan.before, "tags": (plan.after or {})["tags"]}
            result = write_plan(self.client, replace(plan, before=tagged, tags={}, untag=[]), declaration, options)
            return replace(result, changed=True, plan=plan)
        if plan.before is None and entry.kind is LOGGING_CONFIGURATION:
            for resource in self.deleting:
                if resource["name"] == entry.name:
                    wait_deleted(self.client, entry.kind, resource, self.options.timeout)
        return write_plan(self.client, plan, declaration, options)

    def require_references(self, entry: Entry) -> None:
        """Raise AnsibleAWSError when a logging configuration of a room has not been created."""
        missing = [name for name in entry.references or [] if not is_arn(name) and name not in self.arns]
        if missing:
            raise AnsibleAWSError(message=f"{entry.path}: its logging configuration {missing[0]!r} was not created")

    # After the writes of one kind.

    def settle(self, kind: Kind) -> None:
        """Wait until the list shows what was written, report what was lost, and give way to older duplicates."""
        written = [
            change
            for change in self.outcome.applied
            if change.planned.kind is kind
            and change.resource
            and (change.action != "none" or is_changing(change.resource))
        ]
        if not written:
            return
        try:
            listed = self.wait_written(kind, written)
        except AnsibleAWSError as error:
            self.outcome.failed.append((None, error))
            return
        surviving = self.report_lost(kind, written, listed)
        removed = self.give_way(kind, surviving, listed)
        if self.options.wait:
            self.wait_unlisted(kind, removed)

    def wait_written(self, kind: Kind, written: list[AppliedChange]) -> dict[str, Resource]:
        """Wait until the list shows everything that was written; return the list, by ARN. Raises AnsibleAWSError."""

        def look() -> dict[str, Resource]:
            listed = {resource["arn"]: resource for resource in OPERATIONS[kind].list(self.client)}
            lacking = [
                change
                for change in written
                if not (self.lost(listed.get(change.arn)) or _is_visible(change, listed.get(change.arn)))
            ]
            if lacking:
                raise NotReady(
                    f"{len(lacking)} of {len(written)} not as written, the first is {lacking[0].planned.name!r}"
                )
            return listed

        return wait_until(f"the list shows the {kind.title}s as written", look, self.options.timeout)

    def lost(self, listed: Resource | None) -> AnsibleAWSError | None:
        """Return the error for a written resource that somebody else has taken over or is deleting, None otherwise."""
        if listed is not None and self.owner.is_foreign(listed):
            stack = listed["tags"][self.owner.tag]
            return AnsibleAWSError(
                message=f"{listed['arn']} has become a member of the stack {stack!r} in the meantime"
            )
        if listed is not None and is_deleting(listed):
            return AnsibleAWSError(message=f"{listed['arn']} is being deleted by somebody else")
        return None

    def report_lost(self, kind: Kind, written: list[AppliedChange], listed: dict[str, Resource]) -> list[AppliedChange]:
        """Count as failed what others have taken or what ended in a *_FAILED state; return the rest."""
        surviving = []
        for change in written:
            current = listed[change.arn]
            if error := self.lost(current):
                self.outcome.fail(change, error)
                continue
            if kind is LOGGING_CONFIGURATION:
                change.resource = current
            if is_failed(current):
                self.outcome.fail(change, _failed_state_error(current))
                continue
            surviving.append(change)
        return surviving

    def give_way(self, kind: Kind, written: list[AppliedChange], listed: dict[str, Resource]) -> dict[str, Resource]:
        """Delete what this run created while another run created an older one of that name, and manage that instead.

        Returns what was deleted, by ARN.
        """
        members: dict[str, list[Resource]] = {}
        for resource in listed.values():
            if self.owner.owns(resource) and not is_deleting(resource):
                members.setdefault(resource["name"], []).append(resource)
        removed = {}
        for change in written:
            current = listed[change.arn]
            older = [other for other in members.get(change.planned.name, []) if age_order(other) < age_order(current)]
            try:
                if change.created and older and (others := still_existing(self.client, kind, older)):
                    OPERATIONS[kind].delete(self.client, change.created)
                    removed[change.created] = current
                    # Planned again, because another run was first.
                    result = self.write_change(change.planned, change.planned.declaration.plan(others[0]))
                    change.resource, change.plan, change.created = result.resource, result.plan, None
                    change.action = "update" if result.changed else "none"
            except AnsibleAWSError as error:
                self.outcome.fail(change, error)
        return removed

    # Deletions.

    def wait_deletions(self) -> None:
        """Wait until no list shows a deleted resource any more; one that ends as DELETE_FAILED has failed."""
        for kind in (ROOM, LOGGING_CONFIGURATION):
            deletions = {
                change.planned.plan.before["arn"]: change
                for change in self.outcome.applied
                if change.action == "delete" and change.planned.kind is kind and change.planned.plan.before
            }
            deleted = {
                arn: change.planned.plan.before for arn, change in deletions.items() if change.planned.plan.before
            }
            if kind is LOGGING_CONFIGURATION:
                deleted.update((resource["arn"], resource) for resource in self.deleting_members)
            for resource in self.wait_unlisted(kind, deleted):
                if resource["arn"] in deletions:
                    self.outcome.fail(deletions[resource["arn"]], _failed_state_error(resource))
                else:
                    self.outcome.failed.append((None, _failed_state_error(resource)))

    def wait_unlisted(self, kind: Kind, deleted: dict[str, Resource]) -> list[Resource]:
        """Wait until the list no longer shows these, by ARN, except those that end as DELETE_FAILED: returned."""
        start = time.monotonic()

        def look() -> list[Resource]:
            listed = [resource for resource in OPERATIONS[kind].list(self.client) if resource["arn"] in deleted]
            failed = [each for each in listed if has_failed_again(each, deleted[each["arn"]], start)]
            if len(listed) > len(failed):
                first = next(each["arn"] for each in listed if each not in failed)
                raise NotReady(f"{len(listed) - len(failed)} of {len(deleted)} still listed, the first is {first}")
            return listed

        goal = f"the list no longer shows the {kind.title}s that were deleted"
        return wait_until(goal, look, self.options.timeout) if deleted else []


def _failed_state_error(resource: Resource) -> AnsibleAWSError:
    return AnsibleAWSError(message=f"{resource['arn']} ended in state {resource['state']}; run the task again")


def _is_visible(change: AppliedChange, listed: Resource | None) -> bool:
    """Whether a list entry is stable and has what was written; a failed state counts only if it is newer than that."""
    if listed is None or is_changing(listed):
        return False
    before = change.plan.before
    if before and is_failed(before) and is_older(listed, (change.resource or {})["update_time"]):
        return False
    return not not_yet_visible(change.plan, listed, change.planned.kind.get_only)
