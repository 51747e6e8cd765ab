# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the plan of a stack: in order, waited for as a whole, and removals last. Private to this collection."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import list_by_name, list_rooms
from ._identity import get_each, still_existing
from ._plan import Declaration, Plan, WriteResult
from ._progress import Progress
from ._resources import (
    KINDS,
    LOGGING_CONFIGURATION,
    ROOM,
    Kind,
    Resource,
    describe,
    is_arn,
    is_changing,
    is_deleting,
    is_failed,
    may_tie,
)
from ._retries import error_code, record_unanswered, record_writes
from ._stack import ByName, Entry, Listed, Owner, resources_by_name
from ._stack_estimate import list_pages
from ._stack_outcome import AppliedChange, Outcome
from ._stack_plan import PlannedChange, plan_deletion, shorten
from ._stack_wait import Seen, failed_state_error, wait_all_unlisted, wait_written
from ._waits import wait_deleted
from ._write import WriteOptions, delete_shown, manage_remaining, stays, write_plan, write_tags

MAX_UNANSWERED = 3  # calls in a row without an answer, after which the run stops
MAX_ROUNDS = 3  # of removals, when lists turn out to have hidden members


@dataclass(frozen=True)
class StackOptions:
    """How a stack is written."""

    waits: WriteOptions
    continue_on_error: bool
    removed: list[Kind]  # the kinds of which members that are not declared are deleted or released
    absent: bool  # no member may be left


def write_stack(
    client: Any, changes: list[PlannedChange], listed: Listed, owner: Owner, options: StackOptions, progress: Progress
) -> Outcome:
    """Carry out the plan: logging configurations, rooms, and when all these have been made the removals, rooms first.

    `listed` is what the plan was made from.
    """
    run = _Run(client, owner, options, progress, listed)
    run.outcome.writes = record_writes(client)
    run.unanswered = record_unanswered(client)
    try:
        run.write_all(changes)
    except AnsibleAWSError as error:
        run.outcome.failed.append((None, error))
    if run.cut_off:
        message = f"Stopped, because the last {len(run.unanswered)} calls got no answer"
        run.outcome.failed.append((None, AnsibleAWSError(message=message)))
    return run.outcome


@dataclass
class _Run:
    """One run of a stack, outside check mode."""

    client: Any
    owner: Owner
    options: StackOptions
    progress: Progress
    listed: Listed
    arns: dict[str, str] = field(default_factory=dict)  # of the declared logging configurations, by name
    removals: list[PlannedChange] = field(default_factory=list)  # those that are still to be made
    unanswered: list[str] = field(default_factory=list)  # the last calls in a row that got no answer
    outcome: Outcome = field(default_factory=Outcome)

    @cached_property
    def by_name(self) -> ByName:
        """What the plan was made from, by kind and name."""
        return resources_by_name(self.listed)

    @property
    def managed(self) -> set[str]:
        """The ARNs of the declared resources that this run has written or found as declared."""
        return {change.arn for change in self.outcome.applied if change.planned.entry is not None}

    @property
    def cut_off(self) -> bool:
        """Whether the service seems to be out of reach."""
        return len(self.unanswered) >= MAX_UNANSWERED

    @property
    def stopped(self) -> bool:
        return bool(self.outcome.failed) and (self.cut_off or not self.options.continue_on_error)

    def write_all(self, changes: list[PlannedChange]) -> None:
        self.removals = [change for change in changes if change.entry is None]
        self.progress.begin(sum(change.action != "none" for change in changes), "changes made")
        for kind in KINDS:
            declared = [change for change in changes if change.entry is not None and change.kind is kind]
            if kind is LOGGING_CONFIGURATION:
                self.arns = {change.name: change.plan.before["arn"] for change in declared if change.plan.before}
            self.write_changes(declared)
            # Rooms can only use logging configurations that are active, so these are waited for in any case.
            used = kind is LOGGING_CONFIGURATION and any(change.entry and change.entry.references for change in changes)
            if (self.options.waits.wait or used) and not self.cut_off:
                self.settle(kind)
            if kind is LOGGING_CONFIGURATION:
                self.arns.update({resource["name"]: resource["arn"] for resource in self.outcome.resources(kind)})
            if self.stopped:
                break
        if self.outcome.failed:
            self.outcome.kept = len(self.removals)
        else:
            self.remove()

    def write_changes(self, changes: list[PlannedChange]) -> None:
        """Write one after the other, without waiting."""
        for change in changes:
            if self.stopped:
                return
            try:
                result = self.write_within_quota(change)
                self.outcome.applied.append(_applied(change, result))
            except AnsibleAWSError as error:
                self.outcome.failed.append((change, error))
            if change.action != "none":
                self.progress.step()

    # One declared resource.

    def write_within_quota(self, change: PlannedChange) -> WriteResult:
        """Write one; where a create meets the quota, remove members for it that are to be removed anyway.

        Not when something has failed: then nothing is removed. Raises AnsibleAWSError.
        """
        while True:
            try:
                return self.write_change(change, change.plan)
            except AnsibleAWSError as error:
                if change.action != "create" or error_code(error) != "ServiceQuotaExceededException":
                    raise
                if self.outcome.failed or not self.remove_unused(change.kind):
                    raise self.quota_error(change.kind, error) from error

    def remove_unused(self, kind: Kind) -> bool:
        """Delete one member of this kind that is to be deleted and that no room uses; False when there is none."""
        managed = self.managed
        for removal in self.removals:
            before = removal.plan.before
            if removal.kind is not kind or removal.action != "delete" or before is None or removal.arn in managed:
                continue
            if kind is LOGGING_CONFIGURATION and list_rooms(
                self.client, logging_configuration_identifier=before["arn"]
            ):
                continue
            self.removals.remove(removal)
            self.write_changes([removal])
            if self.outcome.failed:
                return False
            wait_deleted(self.client, kind, before, self.options.waits.timeout)
            return True
        return False

    def quota_error(self, kind: Kind, error: AnsibleAWSError) -> AnsibleAWSError:
        """Return the error for a create that met the quota, with what stands in the way of removals, if any."""
        names = [removal.name for removal in self.removals if removal.kind is kind and removal.action == "delete"]
        if not names or kind is not LOGGING_CONFIGURATION or self.outcome.failed:
            return error
        hint = (
            f"rooms use what is to be deleted, {shorten(names)}: detach it in an earlier run, or set previous_name to "
            "rename it in place"
        )
        return AnsibleAWSError(message=f"{error.message} ({hint})", exception=error.exception)

    def write_change(self, change: PlannedChange, plan: Plan) -> WriteResult:
        """Write one without waiting; raises AnsibleAWSError."""
        options = replace(self.write_options(change), wait=False)
        entry, declaration = change.entry, change.declaration
        if entry is None:
            return write_plan(self.client, plan, declaration, options)
        self.require_references(entry)
        current = self.current_declaration(change)
        if current != declaration:  # planned again, now that its logging configurations have their ARNs
            declaration, plan = current, current.plan(plan.before)
        if change.adopted and plan.before is not None:
            # Its tags first: the resource is a member before anything else changes, whatever fails afterwards.
            write_tags(self.client, plan, plan.before)
            tagged = {**plan.before, "tags": (plan.after or {})["tags"]}
            result = write_plan(self.client, replace(plan, before=tagged, tags={}, untag=[]), declaration, options)
            return replace(result, changed=True, plan=plan)
        if plan.before is None:
            self.wait_until_free(entry)
            if hidden := self.hidden_room(entry):
                plan = declaration.plan(hidden)
        return write_plan(self.client, plan, declaration, options)

    def write_options(self, change: PlannedChange) -> WriteOptions:
        """Return how to write one: what had its name when the stack was planned is no attempt to create the same."""
        namesakes = self.by_name.get((change.kind, change.name), [])
        others = frozenset(each["arn"] for each in namesakes if each["arn"] != change.arn)
        return replace(self.options.waits, others=others)

    def current_declaration(self, change: PlannedChange) -> Declaration:
        """Return what an entry declares, now that its logging configurations have their ARNs."""
        if change.entry is None:
            return change.declaration
        return change.entry.declaration(self.arns, adopts=change.arn if change.adopted else None)

    def require_references(self, entry: Entry) -> None:
        """Raise AnsibleAWSError when a logging configuration of a room has not been created."""
        missing = [name for name in entry.references or [] if not is_arn(name) and name not in self.arns]
        if missing:
            raise AnsibleAWSError(message=f"{entry.path}: its logging configuration {missing[0]!r} was not created")

    def wait_until_free(self, entry: Entry) -> None:
        """Wait until a logging configuration of this name that is being deleted is gone."""
        for resource in self.listed[LOGGING_CONFIGURATION] if entry.kind is LOGGING_CONFIGURATION else []:
            if resource["name"] == entry.name and is_deleting(resource):
                wait_deleted(self.client, entry.kind, resource, self.options.waits.timeout)

    def hidden_room(self, entry: Entry) -> Resource | None:
        """Return a room of this name that slipped past the list: it changed while the list's pages were read.

        Raises AnsibleAWSError when there are several.
        """
        if entry.kind is not ROOM or list_pages(len(self.listed[ROOM])) == 1:
            return None
        hidden = still_existing(self.client, ROOM, list_by_name(self.client, ROOM, entry.name))
        if len(hidden) > 1:
            raise AnsibleAWSError(
                message=f"{entry.path}: {len(hidden)} rooms are named {entry.name!r}; run the task again: "
                f"{describe(hidden)}"
            )
        return hidden[0] if hidden else None

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
        pages = list_pages(len(self.listed[kind]))
        try:
            seen, lost = wait_written(self.client, kind, written, self.owner, pages, self.options.waits.timeout)
        except AnsibleAWSError as error:
            self.outcome.failed.append((None, error))
            return
        self.give_way(kind, self.report_lost(kind, written, seen, lost), seen)

    def report_lost(
        self, kind: Kind, written: list[AppliedChange], seen: Seen, lost: dict[str, AnsibleAWSError]
    ) -> list[AppliedChange]:
        """Count as failed what others have taken or what ended in a *_FAILED state; return the rest."""
        surviving = []
        for change in written:
            if error := lost.get(change.arn):
                self.outcome.fail(change, error)
                continue
            current = seen[change.arn]
            if kind is LOGGING_CONFIGURATION:
                change.resource = current
            if is_failed(current) and change.action != "release":
                self.outcome.fail(change, failed_state_error(current))
                continue
            surviving.append(change)
        return surviving

    def give_way(self, kind: Kind, written: list[AppliedChange], seen: Seen) -> None:
        """Of several runs that created one name at once, the oldest resource remains (see _write.stays).

        What this run created later is deleted, and the one that remains is managed if it is a member of this stack.
        """
        namesakes = Counter(resource["name"] for resource in seen.values() if not is_deleting(resource))
        # Where the list shows whole seconds, another one with the same time may turn up later.
        tie = may_tie(seen.values())
        for change in written:
            if change.created and (tie or namesakes[change.planned.name] > 1):
                try:
                    self.decide(kind, change, change.created)
                except AnsibleAWSError as error:
                    self.outcome.fail(change, error)

    def decide(self, kind: Kind, change: AppliedChange, created: str) -> None:
        """Keep what this run created, or delete it and manage the one that remains.

        Raises AnsibleAWSError when that one is not a member of this stack, or when the one that is kept is gone.
        """
        name, options = change.planned.name, self.write_options(change.planned)
        if stays(self.client, kind, name, created, options):
            if get_each(self.client, kind, [created])[created] is None:
                raise AnsibleAWSError(message=f"Somebody else deleted {created} after this task had created it")
            return
        delete_shown(self.client, kind, created)
        declaration = self.current_declaration(change.planned)
        result = manage_remaining(self.client, kind, name, declaration, replace(options, wait=False))
        change.resource, change.plan, change.created = result.resource, result.plan, result.created
        change.action = "create" if result.created else "update" if result.changed else "none"
        if self.options.waits.wait:
            wait_all_unlisted(self.client, kind, {created: {"arn": created}}, options.timeout)

    # Removals.

    def remove(self) -> None:
        """Delete or release what is to be removed; with `wait`, until no list shows it any more."""
        for _round in range(MAX_ROUNDS):
            removals, self.removals = self.removals, []
            managed = self.managed  # a member that was renamed meanwhile may be what is declared now
            skipped = [removal for removal in removals if removal.arn in managed]
            self.outcome.applied += [AppliedChange(each, each.plan, "none", None) for each in skipped]
            self.write_changes([removal for removal in removals if removal.arn not in managed])
            if not self.options.waits.wait or self.cut_off:
                return
            for kind in (ROOM, LOGGING_CONFIGURATION):
                self.wait_removals(kind)
            if not self.removals or self.stopped:
                return

    def wait_removals(self, kind: Kind) -> None:
        """Wait until the list shows the removals of one kind; one that ends as DELETE_FAILED has failed.

        With `state=absent`, members that turn up in the list are to be removed too.
        """
        applied = [change for change in self.outcome.applied if change.planned.kind is kind]
        if released := [change for change in applied if change.action == "release"]:
            pages = list_pages(len(self.listed[kind]))
            _seen, lost = wait_written(self.client, kind, released, self.owner, pages, self.options.waits.timeout)
            for change in released:
                if error := lost.get(change.arn):
                    self.outcome.fail(change, error)
        deletions = {str(change.planned.arn): change for change in applied if change.action == "delete"}
        deleted = {arn: change.planned.plan.before or {} for arn, change in deletions.items()}
        if kind is LOGGING_CONFIGURATION and kind in self.options.removed:
            going = [resource for resource in self.listed[kind] if is_deleting(resource) and self.owner.owns(resource)]
            deleted.update((resource["arn"], resource) for resource in going)
        if not deleted:
            return
        for resource in wait_all_unlisted(self.client, kind, deleted, self.options.waits.timeout):
            if resource["arn"] in deletions:
                self.outcome.fail(deletions[resource["arn"]], failed_state_error(resource))
            elif resource["arn"] in deleted:
                self.outcome.failed.append((None, failed_state_error(resource)))
            elif self.options.absent and self.owner.owns(resource) and not is_deleting(resource):
                self.removals.append(plan_deletion(kind, resource))


def _applied(change: PlannedChange, result: WriteResult) -> AppliedChange:
    """Return a line as it came out: unchanged or an update where another run was first."""
    first = change.plan.before is not None or result.plan.before is None
    action = "none" if not result.changed else change.action if first else "update"
    return AppliedChange(change, result.plan, action, result.resource, result.created)
