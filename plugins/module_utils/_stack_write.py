# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing the plan of a stack: in order, paced to the service's quotas, waited for as a whole by lists. Private."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import CALLS, Resource, get_room, hold_back, list_logging_configurations, list_rooms, note_writes
from ._identity import LOOK_AGAIN, existing, is_young, lags
from ._plan import Plan, age_order, is_changing, is_deleting, is_failed, plan_absent, unshown
from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, is_arn
from ._stack import Entry, Item, Owner, twins
from ._waits import Unmet, has_failed_again, is_older, pauses, wait_gone, wait_until
from ._write import Waiting, Written, write, write_tags


def pace(client: Any, room: float, logging_configuration: float, tag: float) -> None:
    """Hold back the client's calls, so that no operation is called more often than so many times a second (above 0)."""

    def calls_per_second(operation: str) -> float:
        return room if "Room" in operation else logging_configuration if "LoggingConf" in operation else tag

    hold_back(client, calls_per_second)


def read(client: Any) -> dict[Kind, list[Resource]]:
    """Return all rooms and logging configurations: one pass over each list."""
    return {LOGGING_CONFIGURATION: list_logging_configurations(client), ROOM: list_rooms(client)}


def read_for(client: Any, declared: list[Entry], owner: Owner, adopt: bool) -> dict[Kind, list[Resource]]:
    """Return the same without twins that Get does not find: a list may lag, and a race may be about to end.

    Where an entry still means several after a while, the caller refuses.
    """
    listed = read(client)
    for _now in pauses(LOOK_AGAIN):
        undecided = False
        for kind, resources in twins(declared, listed, owner, adopt):
            left = existing(client, kind, resources)
            gone = {each["arn"] for each in resources} - {each["arn"] for each in left}
            listed[kind] = [each for each in listed[kind] if each["arn"] not in gone]
            undecided = undecided or (len(left) > 1 and any(is_young(each) for each in left))
        if not undecided:
            break
    return listed


def read_details(client: Any, arns: Iterable[str]) -> dict[str, Resource]:
    """Return these listed rooms, by ARN, with length and rate, which lists leave out.

    Raises AnsibleAWSError when Get does not find one: to take it for absent would make a twin when it is Get that lags.
    """
    found: dict[str, Resource | None] = dict.fromkeys(arns)
    for _now in pauses(LOOK_AGAIN):
        found.update((arn, get_room(client, arn)) for arn, room in found.items() if room is None)
        if all(found.values()):
            break
    if missing := [arn for arn, room in found.items() if room is None]:
        raise lags(ROOM, missing)
    return {arn: room for arn, room in found.items() if room}


@dataclass
class Done:
    """One finished line of the plan."""

    item: Item
    plan: Plan  # as it was carried out
    action: str  # as it came out: what another run was quicker with is none or an update
    resource: Resource | None
    created: str | None = None  # the ARN, when this very run created it

    @property
    def arn(self) -> str:
        """The ARN of what was written."""
        return str((self.resource or {})["arn"])


@dataclass
class Outcome:
    """What a run of a stack has done, or in check mode would do."""

    done: list[Done] = field(default_factory=list)
    failed: list[tuple[Item | None, AnsibleAWSError]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)  # the operations that the service has accepted

    @property
    def changed(self) -> bool:
        """Whether anything was changed; when something failed, that may be a part of it alone."""
        return any(each.action != "none" for each in self.done) or bool(self.failed and self.writes)

    def differing(self, items: list[Item]) -> list[Item]:
        """Return the lines of the plan with a difference to show: not those with which another run was quicker."""
        unchanged = {id(each.item) for each in self.done if each.action == "none"}
        return [item for item in items if item.action != "none" and id(item) not in unchanged]

    def fail(self, done: Done, error: AnsibleAWSError) -> None:
        """Count a line as failed that was written but did not come to a good end."""
        self.done.remove(done)
        self.failed.append((done.item, error))

    def after(self, kind: Kind) -> list[Resource]:
        """Return the resources of this kind, in the order of the declaration."""
        return [each.resource for each in self.done if each.resource and each.item.plan.kind is kind]


def predicted(items: list[Item]) -> Outcome:
    """Return the outcome that the plan foresees."""
    return Outcome([Done(item, item.plan, item.action, item.plan.after) for item in items])


def apply(
    client: Any,
    items: list[Item],
    leaving: list[Resource],
    removed: list[Resource],
    owner: Owner,
    waiting: Waiting,
    continue_on_error: bool,
) -> Outcome:
    """Carry out the plan: logging configurations, rooms, removed rooms, removed logging configurations.

    `leaving` are logging configurations that are being deleted: their names are created again only when they have gone.
    `removed` are those of them that this run is to remove, so that it waits for them too. The outcome says what was
    finished and what failed; the next run goes on from there.
    """
    run = _Run(client, owner, waiting, continue_on_error, leaving, removed)
    run.outcome.writes = note_writes(client)
    try:
        run.write_all(items)
    except AnsibleAWSError as error:
        run.outcome.failed.append((None, error))
    return run.outcome


@dataclass
class _Run:
    """One run of a stack, outside check mode."""

    client: Any
    owner: Owner
    waiting: Waiting
    continue_on_error: bool
    leaving: list[Resource]
    removed: list[Resource]
    arns: dict[str, str] = field(default_factory=dict)  # of the declared logging configurations, by name
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def stopped(self) -> bool:
        return bool(self.outcome.failed) and not self.continue_on_error

    def write_all(self, items: list[Item]) -> None:
        for kind in (LOGGING_CONFIGURATION, ROOM):
            phase = [item for item in items if item.entry is not None and item.plan.kind is kind]
            if kind is LOGGING_CONFIGURATION:
                self.arns = {item.name: item.plan.before["arn"] for item in phase if item.plan.before}
            self.write_each(phase)
            # Rooms can only use logging configurations that are active, so these are waited for in any case.
            used = kind is LOGGING_CONFIGURATION and any(item.entry and item.entry.references for item in items)
            if self.waiting.wait or used:
                self.settle(kind)
            if kind is LOGGING_CONFIGURATION:
                self.arns.update({made["name"]: made["arn"] for made in self.outcome.after(kind)})
            if self.stopped:
                return
        self.write_each([item for item in items if item.entry is None])
        if self.waiting.wait:
            self.wait_removed()

    def write_each(self, items: list[Item]) -> None:
        """Write one after the other, without waiting."""
        for item in items:
            if self.stopped:
                return
            try:
                written = self.write_one(item)
                action = item.action if written.changed else "none"
                self.outcome.done.append(Done(item, written.plan, action, written.resource, written.created))
            except AnsibleAWSError as error:
                self.outcome.failed.append((item, error))

    def write_one(self, item: Item) -> Written:
        """Write one without waiting; raises AnsibleAWSError."""
        entry, before = item.entry, item.plan.before
        alone = replace(self.waiting, wait=False)
        if entry is None:
            return write(self.client, item.plan, lambda current: plan_absent(item.plan.kind, current), alone)
        missing = [name for name in entry.references or [] if not is_arn(name) and name not in self.arns]
        if missing:
            raise AnsibleAWSError(message=f"{entry.place}: its logging configuration {missing[0]!r} was not made")

        def replan(current: Resource | None) -> Plan:
            # After a create that ended unclear, what has the name now may be somebody else's.
            if current is not None and before is None and not self.owner.owns(current):
                raise AnsibleAWSError(
                    message=f"{entry.place}: another {entry.kind.title} named {entry.name!r} has come up meanwhile, "
                    f"which is no member of this stack: {current['arn']}"
                )
            return entry.plan(current, self.arns)

        if item.adopted and before is not None:
            # Its tags first: what is changed of a resource is a member by then, whatever fails afterwards.
            tags = replan(before)
            write_tags(self.client, tags, before)
            rest = write(self.client, replan({**before, "tags": (tags.after or {})["tags"]}), replan, alone)
            return replace(rest, changed=True, plan=replace(rest.plan, tags=tags.tags, untag=tags.untag))
        if before is None:
            for resource in self.leaving:
                if entry.kind is LOGGING_CONFIGURATION and resource["name"] == entry.name:
                    wait_gone(self.client, entry.kind, resource, self.waiting.timeout)
        return write(self.client, replan(before), replan, alone)

    def settle(self, kind: Kind) -> None:
        """Wait until the list shows all that was written, then give way to older twins that another run has made."""
        written = [
            each
            for each in self.outcome.done
            if each.item.plan.kind is kind and each.resource and (each.action != "none" or is_changing(each.resource))
        ]
        if not written:
            return

        def look() -> dict[str, Resource]:
            listed = {resource["arn"]: resource for resource in _listed(self.client, kind)}
            lacking = [
                each for each in written if not (self.lost(listed.get(each.arn)) or _shows(listed.get(each.arn), each))
            ]
            if lacking:
                raise Unmet(f"{len(lacking)} of {len(written)} not as written, the first is {lacking[0].item.name!r}")
            return listed

        try:
            listed = wait_until(f"the list shows the {kind.title}s as they were written", look, self.waiting.timeout)
        except AnsibleAWSError as error:
            self.outcome.failed.append((None, error))
            return
        members: dict[str, list[Resource]] = {}
        for resource in listed.values():
            if self.owner.owns(resource) and not is_deleting(resource):
                members.setdefault(resource["name"], []).append(resource)
        removed = {}
        for each in written:
            current = listed[each.arn]
            if lost := self.lost(current):
                self.outcome.fail(each, lost)
                continue
            if kind is LOGGING_CONFIGURATION:
                each.resource = current
            if is_failed(current):
                self.outcome.fail(each, _ended(current))
                continue
            older = [twin for twin in members.get(each.item.name, []) if age_order(twin) < age_order(current)]
            try:
                if each.created and older and (others := existing(self.client, kind, older)):
                    CALLS[kind].delete(self.client, each.created)
                    removed[each.created] = current
                    plan = replace(each.item.plan, before=others[0])
                    instead = self.write_one(replace(each.item, plan=plan))
                    each.resource, each.plan, each.created = instead.resource, instead.plan, None
                    each.action = "update" if instead.changed else "none"
            except AnsibleAWSError as error:
                self.outcome.fail(each, error)
        if self.waiting.wait:
            self.wait_unlisted(kind, removed)

    def lost(self, listed: Resource | None) -> AnsibleAWSError | None:
        """Return what to say of a written resource that somebody else has taken or is deleting, None otherwise."""
        if listed is not None and self.owner.is_foreign(listed):
            stack = listed["tags"][self.owner.tag]
            return AnsibleAWSError(message=f"{listed['arn']} has been made a member of the stack {stack!r} meanwhile")
        if listed is not None and is_deleting(listed):
            return AnsibleAWSError(message=f"{listed['arn']} is being deleted by somebody else")
        return None

    def wait_removed(self) -> None:
        """Wait until no list shows a removed resource any more; one that ends as DELETE_FAILED has failed."""
        for kind in (ROOM, LOGGING_CONFIGURATION):
            deletions = {
                each.item.plan.before["arn"]: each
                for each in self.outcome.done
                if each.action == "delete" and each.item.plan.kind is kind and each.item.plan.before
            }
            removed = {arn: each.item.plan.before for arn, each in deletions.items() if each.item.plan.before}
            if kind is LOGGING_CONFIGURATION:
                removed.update((each["arn"], each) for each in self.removed)
            for resource in self.wait_unlisted(kind, removed):
                if resource["arn"] in deletions:
                    self.outcome.fail(deletions[resource["arn"]], _ended(resource))
                else:
                    self.outcome.failed.append((None, _ended(resource)))

    def wait_unlisted(self, kind: Kind, removed: dict[str, Resource]) -> list[Resource]:
        """Wait until the list no longer shows these, by ARN, aside from those that end as DELETE_FAILED: returned."""
        start = time.monotonic()

        def look() -> list[Resource]:
            left = [resource for resource in _listed(self.client, kind) if resource["arn"] in removed]
            ended = [each for each in left if has_failed_again(each, removed[each["arn"]], start)]
            if len(left) > len(ended):
                first = next(each["arn"] for each in left if each not in ended)
                raise Unmet(f"{len(left) - len(ended)} of {len(removed)} still listed, the first is {first}")
            return left

        goal = f"the list no longer shows the {kind.title}s that were removed"
        return wait_until(goal, look, self.waiting.timeout) if removed else []


def _listed(client: Any, kind: Kind) -> list[Resource]:
    return list_rooms(client) if kind is ROOM else list_logging_configurations(client)


def _ended(resource: Resource) -> AnsibleAWSError:
    return AnsibleAWSError(message=f"{resource['arn']} ended in state {resource['state']}; run the task again")


def _shows(listed: Resource | None, done: Done) -> bool:
    """Whether a list entry has what was written and has come to rest; a failed state, only if it is newer than that."""
    if listed is None or is_changing(listed):
        return False
    if done.plan.before and is_failed(done.plan.before) and is_older(listed, (done.resource or {})["update_time"]):
        return False
    return not unshown(done.plan, listed, done.plan.kind.unlisted)
