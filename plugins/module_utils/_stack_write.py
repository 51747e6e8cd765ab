# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writing the plan of a stack: in order, paced to the service's quotas, waited for as a whole by lists. Private."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._api import CALLS, Resource, list_logging_configurations, list_rooms
from ._identity import existing
from ._plan import age_order, is_changing, is_deleting, is_failed, plan_absent
from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, is_arn
from ._stack import Item, Owner
from ._waits import Unmet, wait_gone, wait_until
from ._write import Waiting, Written, write

# A little more than the second in which the service counts, since calls arrive after differing delays.
WINDOW = 1.02


def pace(client: Any, room: float, logging_configuration: float, tag: float) -> None:
    """Hold back the client's calls, so that no operation is called more often than so many times a second."""
    sent: dict[str, deque[float]] = {}

    def wait_for_turn(model: Any, **_context: Any) -> None:
        operation = model.name
        limit = room if "Room" in operation else logging_configuration if "LoggingConf" in operation else tag
        # A quota below one call a second is one call in a longer window.
        calls, window = (int(limit), WINDOW) if limit >= 1 else (1, WINDOW / limit)
        times = sent.setdefault(operation, deque(maxlen=calls))
        if len(times) == calls and (pause := times[0] + window - time.monotonic()) > 0:
            time.sleep(pause)
        times.append(time.monotonic())

    client.meta.events.register("before-call.ivschat", wait_for_turn)


def read(client: Any) -> dict[Kind, list[Resource]]:
    """Return all rooms and logging configurations: one pass over each list."""
    return {LOGGING_CONFIGURATION: list_logging_configurations(client), ROOM: list_rooms(client)}


@dataclass
class Done:
    """One finished line of the plan."""

    item: Item
    action: str  # as it came out: a create that another run was quicker with is none or an update
    resource: Resource | None
    created: str | None = None  # the ARN, when this very run created it


@dataclass
class Outcome:
    """What a run of a stack has done, or in check mode would do."""

    done: list[Done] = field(default_factory=list)
    failed: list[tuple[Item | None, AnsibleAWSError]] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return any(each.action != "none" for each in self.done)

    def after(self, kind: Kind) -> list[Resource]:
        """Return the resources of this kind, in the order of the declaration."""
        return [each.resource for each in self.done if each.resource and each.item.plan.kind is kind]


def predicted(items: list[Item]) -> Outcome:
    """Return the outcome that the plan foresees."""
    return Outcome([Done(item, item.action, item.plan.after) for item in items])


def apply(
    client: Any,
    items: list[Item],
    leaving: list[Resource],
    owner: Owner,
    waiting: Waiting,
    continue_on_error: bool,
) -> Outcome:
    """Carry out the plan: logging configurations, rooms, removed rooms, removed logging configurations.

    `leaving` are logging configurations on their way out whose names are declared. The outcome says what was finished
    and what failed; the next run goes on from there.
    """
    outcome = Outcome()
    try:
        for resource in leaving:
            wait_gone(client, LOGGING_CONFIGURATION, resource, waiting.timeout)
        arns: dict[str, str] = {}
        for kind in (LOGGING_CONFIGURATION, ROOM):
            phase = [item for item in items if item.entry is not None and item.plan.kind is kind]
            _write_each(client, phase, arns, outcome, waiting, continue_on_error)
            # Rooms can only use logging configurations that are active, so these are waited for in any case.
            if waiting.wait or (kind is LOGGING_CONFIGURATION and any(item.plan.kind is ROOM for item in items)):
                _settle(client, kind, arns, outcome, owner, waiting)
            if kind is LOGGING_CONFIGURATION:
                arns.update({configuration["name"]: configuration["arn"] for configuration in outcome.after(kind)})
            if outcome.failed and not continue_on_error:
                return outcome
        removed = [item for item in items if item.entry is None]
        _write_each(client, removed, arns, outcome, waiting, continue_on_error)
        if waiting.wait:
            _wait_removed(client, outcome, waiting)
    except AnsibleAWSError as error:
        outcome.failed.append((None, error))
    return outcome


def _write_each(
    client: Any, items: list[Item], arns: dict[str, str], outcome: Outcome, waiting: Waiting, continue_on_error: bool
) -> None:
    alone = Waiting(False, waiting.timeout, by_name=True)
    for item in items:
        if outcome.failed and not continue_on_error:
            return
        try:
            written = _write_one(client, item, arns, alone)
            outcome.done.append(Done(item, item.action, written.resource, written.created))
        except AnsibleAWSError as error:
            outcome.failed.append((item, error))


def _write_one(client: Any, item: Item, arns: dict[str, str], waiting: Waiting) -> Written:
    if item.entry is None:
        return write(client, item.plan, partial(plan_absent, item.plan.kind), waiting)
    missing = [name for name in item.entry.references or [] if not is_arn(name) and name not in arns]
    if missing:
        raise AnsibleAWSError(message=f"{item.entry.place}: its logging configuration {missing[0]!r} was not made")
    replan = partial(item.entry.plan, arns=arns)
    return write(client, replan(item.plan.before), replan, waiting)


def _listed(client: Any, kind: Kind) -> list[Resource]:
    return list_rooms(client) if kind is ROOM else list_logging_configurations(client)


def _settle(client: Any, kind: Kind, arns: dict[str, str], outcome: Outcome, owner: Owner, waiting: Waiting) -> None:
    """Wait until the list shows all that was written, then give way to older twins that another run has made."""
    written = [
        each
        for each in outcome.done
        if each.item.plan.kind is kind and each.resource and (each.action != "none" or is_changing(each.resource))
    ]
    if not written:
        return

    def look() -> list[Resource]:
        listed = {resource["arn"]: resource for resource in _listed(client, kind)}
        lacking = [each for each in written if not _shows(listed.get((each.resource or {})["arn"]), each)]
        if lacking:
            raise Unmet(f"{len(lacking)} of {len(written)} not as written, the first is {lacking[0].item.name!r}")
        return list(listed.values())

    listed = wait_until(f"the list shows the {kind.title}s as they were written", look, waiting.timeout)
    by_name: dict[str, list[Resource]] = {}
    for resource in listed:
        if owner.owns(resource) and not is_deleting(resource):
            by_name.setdefault(resource["name"], []).append(resource)
    now = {resource["arn"]: resource for resource in listed}
    for each in written:
        assert each.resource is not None and each.item.entry is not None
        current = now[each.resource["arn"]]
        if kind is LOGGING_CONFIGURATION:
            each.resource = current
        if is_failed(current):
            outcome.done.remove(each)
            error = AnsibleAWSError(message=f"{each.item.entry.place}: {each.resource['arn']} is {current['state']}")
            outcome.failed.append((each.item, error))
            continue
        older = [twin for twin in by_name[each.item.name] if age_order(twin) < age_order(each.resource)]
        if each.created and older and (others := existing(client, kind, older)):
            CALLS[kind].delete(client, each.created)
            instead = _write_one(
                client, replace(each.item, plan=replace(each.item.plan, before=others[0])), arns, waiting
            )
            each.resource, each.created = instead.resource, None
            each.action = "update" if instead.changed else "none"


def _shows(listed: Resource | None, done: Done) -> bool:
    """Whether a list entry is as new as what was written, and has come to rest."""
    if listed is None or listed.get("state") in ("CREATING", "UPDATING"):
        return False
    after = done.resource or {}
    known = {name: listed[name] for name in (*done.item.plan.kind.fields, "tags") if listed[name] is not None}
    return listed["update_time"] >= after["update_time"] and all(after[name] == value for name, value in known.items())


def _wait_removed(client: Any, outcome: Outcome, waiting: Waiting) -> None:
    """Wait until no list shows a removed resource any more."""
    removed = [each.item.plan.before for each in outcome.done if each.action == "delete" and each.item.plan.before]
    kinds = {each.item.plan.kind for each in outcome.done if each.action == "delete"}
    arns = {resource["arn"] for resource in removed}

    def look() -> None:
        left = [resource["arn"] for kind in kinds for resource in _listed(client, kind) if resource["arn"] in arns]
        if left:
            raise Unmet(f"{len(left)} of {len(arns)} still listed, the first is {left[0]}")

    if arns:
        wait_until("the lists no longer show what was removed", look, waiting.timeout)
