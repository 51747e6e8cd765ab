# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack: its entries, the resources that they identify, one plan for all of them, and the export. Pure; private.

A tag marks the members of a stack, so there is no state file. Each member is planned by the rules of the single modules
(_resources, _plan). Reading is in _stack_read, writing in _stack_write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._plan import Declaration, Plan, diff
from ._resources import (
    IDENTIFIERS,
    KINDS,
    LOGGING_CONFIGURATION,
    MAXIMUM_TAGS,
    QUOTAS,
    ROOM,
    STACK_TAG,
    Kind,
    Resource,
    age_order,
    describe,
    given_options,
    is_deleting,
    is_failed,
    text_tags,
    user_fields,
)
from ._validation import validate_unique

# Options of the stack modules.
CALLS_PER_SECOND: dict[str, Any] = {
    "type": "dict",
    "apply_defaults": True,
    "options": {name: {"type": "float", "default": quota} for name, quota in QUOTAS.items()},
}
OWNERSHIP_TAG = {"default": STACK_TAG}

Listed = dict[Kind, list[Resource]]  # all resources of each kind


def entry_argument_spec(kind: Kind) -> dict[str, Any]:
    """Return the argument spec of one entry of a stack."""
    fields = {
        field.stack_name or field.name: {**field.argument, "required": True}
        if field.required_in_stack
        else field.argument
        for field in kind.fields
    }
    return {**fields, "tags": {"type": "dict"}}


@dataclass(frozen=True)
class Owner:
    """The tag that marks the members of a stack."""

    tag: str
    stack: str  # "": of no stack, when everything that exists is exported

    def owns(self, resource: Resource) -> bool:
        """Whether a resource is a member of this stack."""
        return resource["tags"].get(self.tag) == self.stack

    def is_foreign(self, resource: Resource) -> bool:
        """Whether a resource is a member of another stack."""
        return self.tag in resource["tags"] and not self.owns(resource)


@dataclass(frozen=True)
class MemberDeclaration(Declaration):
    """The declaration of one member: only a member of the stack, or the resource that it adopts, can be managed."""

    path: str = ""  # of the entry, such as rooms[3]
    owner: Owner = Owner("", "")
    adopts: str | None = None  # an ARN

    def plan(self, before: Resource | None) -> Plan:
        """Plan as `Declaration.plan` does; messages start with the path.

        Raises AnsibleAWSError too when another resource has taken the name since the stack was planned.
        """
        if before is not None and not self.owner.owns(before) and before["arn"] != self.adopts:
            raise AnsibleAWSError(
                message=f"{self.path}: another {self.kind.title} named {before['name']!r}, which is not a member of "
                f"this stack, has been created in the meantime: {before['arn']}"
            )
        try:
            return super().plan(before)
        except AnsibleAWSError as error:
            raise AnsibleAWSError(message=f"{self.path}.{error.message}") from error


@dataclass(frozen=True)
class Entry:
    """One declared resource."""

    kind: Kind
    path: str  # such as rooms[3]
    name: str
    given: Resource
    tags: dict[str, str]  # including the owner's
    purge_tags: bool
    owner: Owner
    references: list[str] | None = None  # a room's logging configurations, by name or ARN; None: left unchanged

    def declaration(self, arns: dict[str, str], adopts: str | None = None) -> MemberDeclaration:
        """Return what is declared; a logging configuration that has no ARN yet is represented by its name.

        Raises AnsibleAWSError when a name and an ARN identify the same logging configuration.
        """
        given = self.given
        if self.references is not None:
            identifiers = [arns.get(reference, reference) for reference in self.references]
            if duplicates := validate_unique(f"{self.path}.logging_configurations", identifiers):
                raise AnsibleAWSError(message="; ".join(duplicates))
            given = {**given, IDENTIFIERS: identifiers}
        return MemberDeclaration(
            kind=self.kind,
            given=given,
            tags=self.tags,
            purge_tags=self.purge_tags,
            path=self.path,
            owner=self.owner,
            adopts=adopts,
        )

    @property
    def needs_details(self) -> bool:
        """Whether an existing resource must be read with Get, because lists omit a field that is declared."""
        return any(field in self.given for field in self.kind.get_only)


@dataclass(frozen=True)
class Match:
    """An entry, and the resource that it identifies (None: there is none yet)."""

    entry: Entry
    before: Resource | None
    adopted: bool = False


@dataclass(frozen=True)
class PlannedChange:
    """One line of the stack's plan: an entry, or a member to delete (no entry)."""

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

    def _sides(self) -> tuple[Resource, Resource]:
        """Return what a user can set, before and after, and the state of what is repaired."""
        sides = self.plan.before, self.plan.after
        repair = all(sides) and is_failed(sides[0] or {})
        before, after = (
            {**user_fields(self.kind, side), **({"state": side["state"]} if side and repair else {})} for side in sides
        )
        return before, after

    def to_result(self) -> dict[str, Any]:
        """Return this line as the module returns it."""
        before, after = self._sides()
        return {
            "action": self.action,
            "resource": self.kind.name,
            "name": self.name,
            "arn": self.arn,
            "changes": {
                field: {"before": before.get(field), "after": after.get(field)}
                for field in {**before, **after}
                if before.get(field) != after.get(field)
            },
        }

    def diff(self) -> dict[str, Any]:
        """Return the difference as Ansible shows it, only what changes, with the action in its header."""
        shown = diff(self.plan, True)
        before, after = self._sides()
        sides = {  # a length or rate that was not read is None, and says nothing
            "before": {field: value for field, value in before.items() if value not in (None, after.get(field))},
            "after": {field: value for field, value in after.items() if value not in (None, before.get(field))},
        }
        header = f"{self.action} {shown['after_header']}" + ("" if self.name else f" {self.arn}")
        return {**sides, "before_header": header, "after_header": header}


# What is declared.


def declared_entries(params: dict[str, Any], owner: Owner) -> list[Entry]:
    """Return the declared resources, logging configurations first, with the tags of the stack."""
    entries = []
    for kind in KINDS:
        for position, entry in enumerate(params[kind.plural] or []):
            set_by_user = params["tags"] is not None or entry.get("tags") is not None
            tags = text_tags({**(params["tags"] or {}), **(entry.get("tags") or {})})
            entries.append(
                Entry(
                    kind=kind,
                    path=f"{kind.plural}[{position}]",
                    name=entry["name"],
                    given=given_options(kind, entry),
                    tags={**tags, owner.tag: owner.stack},
                    purge_tags=set_by_user and params["purge_tags"],
                    owner=owner,
                    references=entry.get("logging_configurations"),
                )
            )
    return entries


def kinds_to_prune(params: dict[str, Any]) -> list[Kind]:
    """Return the kinds of which members that are not declared are deleted, in the order of the deletions.

    With `prune` those whose option is set: an omitted option leaves them unchanged, only [] declares that there are
    none.
    """
    absent, prune = params["state"] == "absent", params["prune"]
    return [kind for kind in reversed(KINDS) if absent or (prune and params[kind.plural] is not None)]


# Which resource an entry identifies.


def _by_name(listed: Listed) -> dict[tuple[Kind, str], list[Resource]]:
    """Return the resources of each kind and name, without those that are being deleted."""
    found: dict[tuple[Kind, str], list[Resource]] = {}
    for kind, resources in listed.items():
        for resource in resources:
            if not is_deleting(resource):
                found.setdefault((kind, resource["name"]), []).append(resource)
    return found


def _candidates(entry: Entry, namesakes: list[Resource], adopt: bool) -> list[Resource]:
    """Return the resources that an entry may identify, of those of its name: members, else ones that it may adopt."""
    members = [resource for resource in namesakes if entry.owner.owns(resource)]
    if members or not adopt or any(entry.owner.is_foreign(resource) for resource in namesakes):
        return members
    return namesakes


def duplicates(entries: Iterable[Entry], listed: Listed, adopt: bool) -> list[tuple[Kind, list[Resource]]]:
    """Return the resources of each entry that may identify more than one."""
    by_name = _by_name(listed)
    found = [(entry.kind, _candidates(entry, by_name.get((entry.kind, entry.name), []), adopt)) for entry in entries]
    return [(kind, resources) for kind, resources in found if len(resources) > 1]


def _match(entry: Entry, namesakes: list[Resource], adopt: bool) -> Match:
    """Match an entry with one of the resources of its name, which are not being deleted.

    Raises AnsibleAWSError when that is ambiguous, or when it belongs to another stack, or to none and `adopt` is not
    set.
    """
    owner = entry.owner
    candidates = _candidates(entry, namesakes, adopt)
    if len(candidates) > 1:
        whose = "members of this stack" if owner.owns(candidates[0]) else "resources without an owner"
        raise AnsibleAWSError(
            message=f"{entry.path}: {len(candidates)} {whose} are named {entry.name!r}; delete or rename all but one: "
            f"{describe(candidates)}"
        )
    if candidates:
        return Match(entry, candidates[0], adopted=not owner.owns(candidates[0]))
    if foreign := [resource for resource in namesakes if owner.is_foreign(resource)]:
        stacks = ", ".join(f"{resource['arn']} of stack {resource['tags'][owner.tag]!r}" for resource in foreign)
        raise AnsibleAWSError(message=f"{entry.path}: {entry.name!r} is a member of another stack: {stacks}")
    if namesakes:
        raise AnsibleAWSError(
            message=f"{entry.path}: {entry.name!r} already exists and has no owner: {describe(namesakes)}; set adopt "
            "to take it over"
        )
    return Match(entry, None)


def match_entries(entries: Iterable[Entry], listed: Listed, adopt: bool) -> list[Match]:
    """Match every entry; raises one AnsibleAWSError that names all that cannot be matched."""
    by_name = _by_name(listed)
    matches, refused = [], []
    for entry in entries:
        try:
            matches.append(_match(entry, by_name.get((entry.kind, entry.name), []), adopt))
        except AnsibleAWSError as error:
            refused.append(str(error.message))
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))
    return matches


# The plan.


def plan_stack(matches: list[Match], listed: Listed, owner: Owner, prune: Collection[Kind]) -> list[PlannedChange]:
    """Plan everything, in the order of the writes: what is declared, then what is deleted, rooms first.

    `prune`: the kinds of which members that are not declared are deleted. Raises one AnsibleAWSError that names all
    entries that cannot be planned, and one for logging configurations that are to be deleted and that rooms will still
    use.
    """
    changes = _plan_entries(matches)
    kept = {match.before["arn"] for match in matches if match.before}
    for kind in prune:
        absent = Declaration(kind, present=False)
        changes += [
            PlannedChange(absent.plan(resource), absent)
            for resource in listed[kind]
            if owner.owns(resource) and resource["arn"] not in kept and not is_deleting(resource)
        ]
    _refuse_used(changes, listed[ROOM])
    return changes


def _plan_entries(matches: list[Match]) -> list[PlannedChange]:
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
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))
    return changes


def _refuse_used(changes: list[PlannedChange], rooms: list[Resource]) -> None:
    """Raise AnsibleAWSError when a logging configuration is to be deleted that a room will still use afterwards."""
    planned = [change.plan for change in changes if change.kind is ROOM]
    written = {plan.before["arn"] for plan in planned if plan.before}
    after = [plan.after for plan in planned if plan.after] + [room for room in rooms if room["arn"] not in written]
    deleted = [
        change.plan.before for change in changes if change.action == "delete" and change.kind is LOGGING_CONFIGURATION
    ]
    refused = []
    for configuration in filter(None, deleted):
        users = [
            f"{room['name']} ({room['arn'] or 'to be created'})"
            for room in after
            if configuration["arn"] in room[IDENTIFIERS]
        ]
        if users:
            refused.append(
                f"The logging configuration {configuration['name']!r} ({configuration['arn']}) cannot be deleted, "
                f"because {len(users)} room(s) use it: {', '.join(users)}"
            )
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))


def count_actions(actions: Iterable[str]) -> dict[str, int]:
    """Count actions as the module returns them."""
    counts = dict.fromkeys(("created", "updated", "deleted", "adopted", "unchanged"), 0)
    words = {"create": "created", "update": "updated", "delete": "deleted", "adopt": "adopted", "none": "unchanged"}
    for action in actions:
        counts[words[action]] += 1
    return counts


# The export.


def export(chosen: Listed, listed: Listed, owner: Owner) -> tuple[dict[str, list[Resource]], list[dict[str, str]]]:
    """Return the chosen resources as a declaration that a stack accepts, and those it cannot hold, with the reason.

    `listed` is everything that exists, because a name must be unique among all resources. A room's logging
    configurations appear by name where that name is declared, else by ARN.
    """
    skipped: list[dict[str, str]] = []
    kept: Listed = {}
    for kind in KINDS:
        rivals = [resource for resource in listed[kind] if not owner.stack or owner.owns(resource)]
        names = Counter(resource["name"] for resource in rivals if not is_deleting(resource))
        kept[kind] = []
        for resource in sorted((each for each in chosen[kind] if not is_deleting(each)), key=age_order):
            if reason := _undeclarable(resource, names, owner):
                skipped.append({"arn": resource["arn"], "reason": reason})
            else:
                kept[kind].append(resource)
    names_by_arn = {resource["arn"]: resource["name"] for resource in kept[LOGGING_CONFIGURATION]}
    return {
        kind.plural: [_to_entry(kind, resource, names_by_arn, owner) for resource in kept[kind]] for kind in KINDS
    }, skipped


def _to_entry(kind: Kind, resource: Resource, names_by_arn: dict[str, str], owner: Owner) -> dict[str, Any]:
    """Return a resource as an entry of a stack; a field that was not read is omitted."""
    entry = {}
    for field in kind.fields:
        value = field.removal if resource[field.name] is None else resource[field.name]
        if field.name == IDENTIFIERS:
            value = [names_by_arn.get(arn, arn) for arn in value]
        if value is not None:
            entry[field.stack_name or field.name] = value
    return {**entry, "tags": _own_tags(resource, owner)}


def _undeclarable(resource: Resource, names: Counter[str], owner: Owner) -> str | None:
    """Return why a stack could not take a resource over by its name, None when it could."""
    if not resource["name"]:
        return "it has no name"
    if names[resource["name"]] > 1:
        return f"another one is also named {resource['name']!r}"
    if owner.is_foreign(resource):
        return f"it is a member of the stack {resource['tags'][owner.tag]!r}"
    if len(_own_tags(resource, owner)) >= MAXIMUM_TAGS:
        return f"it has {MAXIMUM_TAGS} tags, so the ownership tag cannot be added"
    return None


def _own_tags(resource: Resource, owner: Owner) -> dict[str, str]:
    """Return the tags that a declaration may set."""
    return {key: value for key, value in resource["tags"].items() if key != owner.tag and not key.startswith("aws:")}
