# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack: its entries, and the resources that they identify. Pure; private.

A tag marks the members of a stack, so there is no state file. Each member is planned by the rules of the single modules
(_resources, _plan). The plan is in _stack_plan, reading in _stack_read, writing in _stack_write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._plan import Declaration, Plan
from ._resources import (
    IDENTIFIERS,
    KINDS,
    QUOTAS,
    ROOM,
    STACK_TAG,
    Kind,
    Resource,
    describe,
    given_options,
    is_deleting,
    text_tags,
)
from ._validation import validate_unique

# Options of the stack modules.
CALLS_PER_SECOND: dict[str, Any] = {
    "type": "dict",
    "apply_defaults": True,
    "options": {name: {"type": "float", "default": quota} for name, quota in QUOTAS.items()},
}
OWNERSHIP_TAG = {"default": STACK_TAG}


def calls_per_second_of(operation: str, rates: dict[str, float]) -> float:
    """Return the allowed calls per second of an operation, such as CreateRoom."""
    if "Room" in operation:
        return rates["room"]
    return rates["logging_configuration" if "LoggingConfiguration" in operation else "tag"]


Listed = dict[Kind, list[Resource]]  # all resources of each kind
ByName = dict[tuple[Kind, str], list[Resource]]  # those of each kind and name that are not being deleted


def entry_argument_spec(kind: Kind) -> dict[str, Any]:
    """Return the argument spec of one entry of a stack."""
    fields = {
        each.stack_name or each.name: {**each.argument, "required": True} if each.required_in_stack else each.argument
        for each in kind.fields
    }
    return {**fields, "previous_name": {}, "tags": {"type": "dict"}}


def defaults_argument_spec(kind: Kind) -> dict[str, Any]:
    """Return the argument spec of what the entries of a kind can leave out."""
    fields = {each.stack_name or each.name: each.argument for each in kind.fields if not each.required_in_stack}
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
    previous_name: str | None = None  # a member of this name is renamed when no member has the entry's name

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
            kept_tags=(STACK_TAG,),
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
    others: list[Resource] = field(default_factory=list)  # resources that have the name to which this one is renamed


@dataclass(frozen=True)
class Matching:
    """What the entries of a stack identify, and why the others are refused."""

    matches: list[Match] = field(default_factory=list)
    refused: list[tuple[Entry, str]] = field(default_factory=list)  # with the message
    taken: list[tuple[Entry, str]] = field(default_factory=list)  # by a resource that an earlier task may yet remove


# What is declared.


def declared_entries(params: dict[str, Any], owner: Owner) -> list[Entry]:
    """Return the declared resources, logging configurations first, with the tags of the stack."""
    return [
        _entry(kind, f"{kind.plural}[{position}]", declared, params, owner)
        for kind in KINDS
        for position, declared in enumerate(params[kind.plural] or [])
    ]


def _entry(kind: Kind, path: str, declared: dict[str, Any], params: dict[str, Any], owner: Owner) -> Entry:
    defaults = (params.get("room_defaults") if kind is ROOM else None) or {}
    entry = merge_options(defaults, declared)
    set_by_user = params["tags"] is not None or entry.get("tags") is not None
    tags = text_tags({**(params["tags"] or {}), **(entry.get("tags") or {})})
    return Entry(
        kind=kind,
        path=path,
        name=entry["name"],
        given=given_options(kind, entry),
        tags={**tags, owner.tag: owner.stack},
        purge_tags=set_by_user and params["purge_tags"],
        owner=owner,
        references=entry.get("logging_configurations"),
        previous_name=entry.get("previous_name"),
    )


def merge_options(defaults: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return the given options, and the defaults of those that are not set; dictionaries are merged."""
    merged = {option: value for option, value in defaults.items() if value is not None}
    for option, value in given.items():
        if isinstance(value, dict) and isinstance(merged.get(option), dict):
            merged[option] = merge_options(merged[option], value)
        elif value is not None:
            merged[option] = value
    return merged


# Which resource an entry identifies.


def resources_by_name(listed: Listed) -> ByName:
    """Return the resources of each kind and name, without those that are being deleted."""
    found: ByName = {}
    for kind, resources in listed.items():
        for resource in resources:
            if not is_deleting(resource):
                found.setdefault((kind, resource["name"]), []).append(resource)
    return found


def _candidates(entry: Entry, by_name: ByName, adopt: bool) -> list[Resource]:
    """Return the resources that an entry may identify: members of its name, else of its previous name, else those of
    its name that it may adopt."""
    namesakes = by_name.get((entry.kind, entry.name), [])
    members = [resource for resource in namesakes if entry.owner.owns(resource)]
    if not members and entry.previous_name:
        former = by_name.get((entry.kind, entry.previous_name), [])
        members = [resource for resource in former if entry.owner.owns(resource)]
    if members or not adopt or any(entry.owner.is_foreign(resource) for resource in namesakes):
        return members
    return namesakes


def duplicates(entries: Iterable[Entry], listed: Listed, adopt: bool) -> list[tuple[Kind, list[Resource]]]:
    """Return the resources of each entry that may identify more than one."""
    by_name = resources_by_name(listed)
    found = [(entry.kind, _candidates(entry, by_name, adopt)) for entry in entries]
    return [(kind, resources) for kind, resources in found if len(resources) > 1]


class TakenError(AnsibleAWSError):
    """The name of an entry is that of a resource which is not a member of the stack, and is not adopted."""


def _match(entry: Entry, by_name: ByName, adopt: bool) -> Match:
    """Match an entry with one of the resources of its name, or of its previous name.

    Raises AnsibleAWSError when that is ambiguous, and TakenError when the resource belongs to another stack, or to none
    and `adopt` is not set.
    """
    owner = entry.owner
    namesakes = by_name.get((entry.kind, entry.name), [])
    candidates = _candidates(entry, by_name, adopt)
    if len(candidates) > 1:
        whose = "members of this stack" if owner.owns(candidates[0]) else "resources without an owner"
        raise AnsibleAWSError(
            message=f"{entry.path}: {len(candidates)} {whose} are named {candidates[0]['name']!r}; delete or rename "
            f"all but one: {describe(candidates)}"
        )
    if candidates:
        renamed = candidates[0]["name"] != entry.name
        adopted = not owner.owns(candidates[0])
        return Match(entry, candidates[0], adopted, others=namesakes if renamed else [])
    if foreign := [resource for resource in namesakes if owner.is_foreign(resource)]:
        stacks = ", ".join(f"{resource['arn']} of stack {resource['tags'][owner.tag]!r}" for resource in foreign)
        raise TakenError(message=f"{entry.path}: {entry.name!r} is a member of another stack: {stacks}")
    if namesakes:
        raise TakenError(
            message=f"{entry.path}: {entry.name!r} already exists and has no owner: {describe(namesakes)}; set adopt "
            "to take it over"
        )
    return Match(entry, None)


def match_entries(entries: Iterable[Entry], listed: Listed, adopt: bool) -> Matching:
    """Match every entry, or say why it is refused."""
    by_name = resources_by_name(listed)
    matching = Matching()
    for entry in entries:
        try:
            matching.matches.append(_match(entry, by_name, adopt))
        except TakenError as error:
            matching.taken.append((entry, str(error.message)))
        except AnsibleAWSError as error:
            matching.refused.append((entry, str(error.message)))
    return matching
