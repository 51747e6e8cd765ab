# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a stack: what happens to each entry and to the members that are not declared. Pure; private."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._plan import Declaration, Plan
from ._resources import (
    IDENTIFIERS,
    KINDS,
    LOGGING_CONFIGURATION,
    NO_HANDLER,
    ROOM,
    Kind,
    Resource,
    attached_arns,
    describe,
    is_deleting,
    is_failed,
    lacks_handler,
    user_fields,
)
from ._stack import Entry, Listed, Match, Matching, Owner

MAX_SHOWN = 5  # resources that a message names

# The actions of a plan, and the words of its summary.
ACTIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "adopt": "adopted",
    "release": "released",
    "none": "unchanged",
}


@dataclass(frozen=True)
class PlannedChange:
    """One line of the stack's plan: an entry, or a member to delete or to release (no entry)."""

    plan: Plan
    declaration: Declaration
    entry: Entry | None = None
    adopted: bool = False

    @property
    def action(self) -> str:
        """What happens to the resource, as the module returns it."""
        if self.plan.after is None:
            return "delete"
        if self.plan.before is None:
            return "create"
        if self.entry is None:
            return "release"
        return "adopt" if self.adopted else "update" if self.plan.changed else "none"

    @property
    def kind(self) -> Kind:
        """The kind of the resource."""
        return self.plan.kind

    @property
    def name(self) -> str:
        """The name of the resource."""
        return (self.plan.after or self.plan.before or {})["name"]

    @property
    def arn(self) -> str | None:
        """The ARN, None for what is to be created."""
        return (self.plan.before or {}).get("arn")

    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Return the fields that differ, before and after, and the state of what is repaired."""
        sides = self.plan.before, self.plan.after
        repair = all(sides) and is_failed(sides[0] or {})
        before, after = (
            {**user_fields(self.kind, side), **({"state": side["state"]} if side and repair else {})} for side in sides
        )
        return {
            name: (before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }

    def to_result(self) -> dict[str, Any]:
        """Return this line as the module returns it."""
        changes = {name: {"before": before, "after": after} for name, (before, after) in self.changes().items()}
        return {
            "action": self.action,
            "resource": self.kind.name,
            "name": self.name,
            "arn": self.arn,
            "changes": changes,
        }


@dataclass(frozen=True)
class InUse:
    """A logging configuration that is to be deleted although rooms will still use it."""

    configuration: Resource
    rooms: list[Resource]

    @property
    def message(self) -> str:
        """Why it cannot be deleted."""
        users = ", ".join(f"{room['name']} ({room['arn'] or 'to be created'})" for room in self.rooms)
        return (
            f"The logging configuration {self.configuration['name']!r} ({self.configuration['arn']}) cannot be "
            f"deleted, because {len(self.rooms)} room(s) use it: {users}"
        )


@dataclass(frozen=True)
class StackPlan:
    """What a run will do, what it is refused for, and what the user should know."""

    changes: list[PlannedChange]  # in the order of the writes
    undeclared: list[tuple[Kind, Resource]] = field(default_factory=list)  # members that no entry identifies
    refusals: list[str] = field(default_factory=list)
    # What an earlier task may still prevent, so that check mode only warns of it; `missing`: a list may lag, too.
    taken: list[str] = field(default_factory=list)
    in_use: list[InUse] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # what the service will probably refuse
    warnings: list[str] = field(default_factory=list)


def kinds_to_remove(params: dict[str, Any]) -> list[Kind]:
    """Return the kinds of which members that are not declared are deleted or released, in the order of the deletions.

    With `prune` or `release` those whose option is set: an omitted option leaves them unchanged, only [] declares that
    there are none.
    """
    absent, remove = params["state"] == "absent", params["prune"] or params["release"]
    return [kind for kind in reversed(KINDS) if absent or (remove and params[kind.plural] is not None)]


def plan_stack(matching: Matching, listed: Listed, owner: Owner, params: dict[str, Any]) -> StackPlan:
    """Plan everything, in the order of the writes: what is declared, then what is deleted or released, rooms first."""
    changes, refusals = _plan_entries(matching.matches)
    undeclared = _undeclared(matching, listed, owner)
    for chosen in kinds_to_remove(params):
        changes += [
            _plan_release(kind, resource, owner) if params["release"] else plan_deletion(kind, resource)
            for kind, resource in undeclared
            if kind is chosen
        ]
    return StackPlan(
        changes,
        undeclared,
        [message for _entry, message in matching.refused] + refusals,
        [message for _entry, message in matching.taken],
        logging_configurations_in_use(changes, listed[ROOM]),
        _missing_arns(changes, listed[LOGGING_CONFIGURATION]),
        [
            *_taken_names(matching.matches),
            *_ineffective_fallbacks(matching.matches, params),
            *_renamed_by_hand(changes),
            *_left(undeclared, owner, params),
        ],
    )


def _plan_entries(matches: list[Match]) -> tuple[list[PlannedChange], list[str]]:
    """Plan the entries; return with the messages of those that cannot be planned."""
    arns = {
        match.entry.name: match.before["arn"]
        for match in matches
        if match.before and match.entry.kind is LOGGING_CONFIGURATION
    }
    changes, refused = [], []
    for match in matches:
        adopts = match.before["arn"] if match.before and match.adopted else None
        try:
            declaration = match.entry.declaration(arns, adopts)
            changes.append(PlannedChange(declaration.plan(match.before), declaration, match.entry, match.adopted))
        except AnsibleAWSError as error:
            refused.append(str(error.message))
    return changes, refused


def _undeclared(matching: Matching, listed: Listed, owner: Owner) -> list[tuple[Kind, Resource]]:
    """Return the members that no entry identifies, rooms first; a member that a refused entry may mean is not one."""
    matched = {match.before["arn"] for match in matching.matches if match.before}
    entries = [entry for entry, _message in matching.refused + matching.taken]
    refused = {(entry.kind, name) for entry in entries for name in (entry.name, entry.previous_name)}
    return [
        (kind, resource)
        for kind in reversed(KINDS)
        for resource in listed[kind]
        if owner.owns(resource)
        and not is_deleting(resource)
        and resource["arn"] not in matched
        and (kind, resource["name"]) not in refused
    ]


def plan_deletion(kind: Kind, resource: Resource) -> PlannedChange:
    """Plan to delete a member that is not declared."""
    absent = Declaration(kind, present=False)
    return PlannedChange(absent.plan(resource), absent)


def _plan_release(kind: Kind, resource: Resource, owner: Owner) -> PlannedChange:
    """Plan to take the ownership tag off and to change nothing else, not even a *_FAILED state."""
    after = {**resource, "tags": {key: value for key, value in resource["tags"].items() if key != owner.tag}}
    return PlannedChange(Plan(kind, resource, after, untag=[owner.tag]), Declaration(kind))


def logging_configurations_in_use(changes: list[PlannedChange], rooms: list[Resource]) -> list[InUse]:
    """Return the logging configurations that are to be deleted and that rooms will still use afterwards."""
    planned = [change.plan for change in changes if change.kind is ROOM]
    written = {plan.before["arn"] for plan in planned if plan.before}
    after = [plan.after for plan in planned if plan.after] + [room for room in rooms if room["arn"] not in written]
    deleted = [
        change.plan.before for change in changes if change.action == "delete" and change.kind is LOGGING_CONFIGURATION
    ]
    return [
        InUse(configuration, users)
        for configuration in filter(None, deleted)
        if (users := [room for room in after if configuration["arn"] in room[IDENTIFIERS]])
    ]


def _missing_arns(changes: list[PlannedChange], configurations: list[Resource]) -> list[str]:
    """Say which logging configurations the plan attaches to rooms although no list shows them."""
    listed = {configuration["arn"] for configuration in configurations if not is_deleting(configuration)}
    paths: dict[str, list[str]] = {}
    for change in changes:
        for arn in attached_arns(change.plan.before, change.plan.fields.get(IDENTIFIERS, [])):
            if change.entry and arn not in listed:
                paths.setdefault(arn, []).append(f"{change.entry.path}.logging_configurations")
    return [f"{shorten(given)}: there is no {LOGGING_CONFIGURATION.title} {arn}" for arn, given in paths.items()]


# Warnings.


def shorten(texts: Sequence[str]) -> str:
    """Return the first texts in one line, and how many more there are."""
    more = f", and {len(texts) - MAX_SHOWN} more" if len(texts) > MAX_SHOWN else ""
    return ", ".join(texts[:MAX_SHOWN]) + more


def _taken_names(matches: list[Match]) -> list[str]:
    return [
        f"{match.entry.path}: {match.before['arn']} is renamed to {match.entry.name!r}, a name that another "
        f"{match.entry.kind.title} has too: {describe(match.others)}"
        for match in matches
        if match.before and match.others
    ]


def _ineffective_fallbacks(matches: list[Match], params: dict[str, Any]) -> list[str]:
    """Warn of fallback results without effect; of that in `room_defaults` only if it has none in any room."""

    def has_fallback(declared: dict[str, Any] | None) -> bool:
        return bool(((declared or {}).get("message_review_handler") or {}).get("fallback_result"))

    rooms = [match for match in matches if match.entry.kind is ROOM]
    lacking = [match.entry.path for match in rooms if lacks_handler(match.entry.given, match.before)]
    own = {f"{ROOM.plural}[{position}]" for position, room in enumerate(params["rooms"] or []) if has_fallback(room)}
    paths = [path for path in lacking if path in own]
    if lacking and len(lacking) == len(rooms) and has_fallback(params["room_defaults"]):
        paths.append("room_defaults")
    return [f"{shorten(paths)}: {NO_HANDLER}"] if paths else []


def _renamed_by_hand(changes: list[PlannedChange]) -> list[str]:
    """Warn of members that are deleted while others are created: a member that was renamed looks like that."""
    warnings = []
    for kind in KINDS:
        created = [repr(change.name) for change in changes if change.kind is kind and change.action == "create"]
        deleted = [
            f"{change.name!r} ({change.arn})" for change in changes if change.kind is kind and not change.plan.after
        ]
        if created and deleted:
            warnings.append(
                f"This run creates the {kind.title}(s) {shorten(created)} and deletes the {kind.title}(s) "
                f"{shorten(deleted)}. If one of these was renamed, it would be replaced by a new one with another ARN: "
                "set previous_name of its entry to its current name to keep it"
            )
    return warnings


def _left(undeclared: list[tuple[Kind, Resource]], owner: Owner, params: dict[str, Any]) -> list[str]:
    """Warn of members that are not declared, unless the user has said what becomes of them."""
    if not undeclared or params["state"] == "absent" or params["prune"] or params["release"]:
        return []
    members = [f"{kind.title} {resource['name'] or resource['arn']}" for kind, resource in undeclared]
    left = {kind for kind, _resource in undeclared}
    omitted = [kind.plural for kind in KINDS if params[kind.plural] is None and kind in left]
    also = (
        f" (both leave {' and '.join(omitted)} unchanged unless you set the option, to [] for none)" if omitted else ""
    )
    return [
        f"The stack {owner.stack!r} has {len(members)} member(s) that are not declared: {shorten(members)}; set prune "
        f"to delete them, or release to remove them from the stack and keep them{also}"
    ]


def count_actions(actions: Iterable[str]) -> dict[str, int]:
    """Count actions as the module returns them."""
    counts = dict.fromkeys(ACTIONS.values(), 0)
    for action in actions:
        counts[ACTIONS[action]] += 1
    return counts
