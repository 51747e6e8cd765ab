# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole estate as one declaration: its entries, their faults, and one plan for all of them. Pure; private.

A tag says which resources belong to a stack, so there is no state file. Rooms and logging configurations are planned
with the rules of the single modules (_resources, _plan).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._identity import describe
from ._plan import Plan, age_order, diff, is_deleting, is_failed, plan_absent, plan_present, settable
from ._resources import (
    LOGGING_CONFIGURATION,
    MAXIMUM_TAGS,
    NAME,
    ROOM,
    TAG_KEY,
    TAG_VALUE,
    Kind,
    faults,
    given_options,
    identifier_faults,
    repetition_faults,
    tag_faults,
    text_tags,
)

Resource = dict[str, Any]

IDENTIFIERS = "logging_configuration_identifiers"
QUOTAS: dict[str, float] = {"room": 5, "logging_configuration": 3, "tag": 10}  # calls of each operation a second
FASTEST = 1_000_000  # calls a second: as good as no limit
CALLS_PER_SECOND: dict[str, Any] = {
    "type": "dict",
    "apply_defaults": True,
    "options": {name: {"type": "float", "default": quota} for name, quota in QUOTAS.items()},
}
# The options that hold the declared resources, in the order in which these are made.
OPTIONS = {LOGGING_CONFIGURATION: "logging_configurations", ROOM: "rooms"}


@dataclass(frozen=True)
class Owner:
    """The tag that marks the members of a stack."""

    tag: str
    stack: str  # "": of no stack, when all that exists is exported

    def owns(self, resource: Resource) -> bool:
        """Whether a resource is a member of this stack."""
        return resource["tags"].get(self.tag) == self.stack

    def is_foreign(self, resource: Resource) -> bool:
        """Whether a resource is a member of another stack."""
        return self.tag in resource["tags"] and not self.owns(resource)


@dataclass(frozen=True)
class Entry:
    """One declared resource."""

    kind: Kind
    place: str  # where it stands in the declaration, as rooms[3]
    name: str
    given: Resource
    tags: dict[str, str]  # with the owner's
    purge_tags: bool
    references: list[str] | None = None  # a room's logging configurations, by name or ARN; None: left alone

    def plan(self, before: Resource | None, arns: dict[str, str]) -> Plan:
        """Plan this resource; a logging configuration that has no ARN yet stands in the plan by its name.

        Raises AnsibleAWSError, with the place, for what only shows with the current state.
        """
        given = self.given
        if self.references is not None:
            identifiers = [arns.get(reference, reference) for reference in self.references]
            if twice := repetition_faults(identifiers, f"{self.place}.logging_configurations"):
                raise AnsibleAWSError(message="; ".join(twice))
            given = {**given, IDENTIFIERS: identifiers}
        try:
            return plan_present(self.kind, before, given, self.tags, self.purge_tags)
        except AnsibleAWSError as error:
            raise AnsibleAWSError(message=f"{self.place}.{error.message}") from error


@dataclass(frozen=True)
class Item:
    """One line of the stack's plan: an entry, or a member that is to be removed (no entry)."""

    plan: Plan
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
            {**settable(self.plan.kind, side), **({"state": side["state"]} if side and repair else {})}
            for side in sides
        )
        return before, after

    def returned(self) -> dict[str, Any]:
        """Return this line as the module returns it."""
        before, after = self._sides()
        return {
            "action": self.action,
            "resource": self.plan.kind.name,
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


def stack_faults(params: dict[str, Any], region: str | None) -> list[str]:
    """Check a whole declaration; return all its faults, each with its place."""
    tag = params["ownership_tag"]
    found = owner_faults(params["name"], tag)
    found += tag_faults(params["tags"])
    if tag in (params["tags"] or {}):
        found.append(f"tags: {tag!r} is the ownership tag, it must not be set as an ordinary tag")
    found += pace_faults(params["calls_per_second"])
    declared = {each["name"] for each in params["logging_configurations"] or []}
    for kind, option in OPTIONS.items():
        seen: dict[str, int] = {}
        for position, entry in enumerate(params[option] or []):
            place = f"{option}[{position}]."
            found += faults(kind, entry, region, place)
            name = entry["name"]
            if not name:
                found.append(f"{place}name: {name!r} is not valid, a member of a stack must have a name")
            elif name in seen:
                found.append(f"{place}name: {name!r} is there twice, it is also the name of {option}[{seen[name]}]")
            seen.setdefault(name, position)
            found += _reference_faults(entry.get("logging_configurations"), declared, region, place)
            own = entry.get("tags") or {}
            tags = {**(params["tags"] or {}), **own}
            if tag in own:
                found.append(f"{place}tags: {tag!r} is the ownership tag, it must not be set as an ordinary tag")
            elif len(tags) >= MAXIMUM_TAGS >= len(own):
                found.append(
                    f"{place}tags: with those of the stack and the ownership tag there are {len(tags) + 1} tags, "
                    f"there must be at most {MAXIMUM_TAGS}"
                )
    return found


def owner_faults(name: str | None, tag: str) -> list[str]:
    """Check the name of a stack, when it is set, and the key of the tag that holds it."""
    found = []
    if name is not None and (not name or not TAG_VALUE.accepts(name)):
        found.append(f"name: {name[:64]!r} is not valid, it must be 1 to 256 characters, since it is a tag's value")
    if not TAG_KEY.accepts(tag) or tag.lower().startswith("aws:"):
        found.append(f'ownership_tag: {tag[:64]!r} is not valid, it must be {TAG_KEY.rule} and not start with "aws:"')
    return found


def pace_faults(calls_per_second: dict[str, float | None]) -> list[str]:
    """Check how many calls of each operation may be made a second."""
    return [
        f"calls_per_second.{name}: {value} is not valid, it must be a number above 0 and at most {FASTEST}"
        for name, value in calls_per_second.items()
        if value is None or not 0 < value <= FASTEST
    ]


def _reference_faults(references: list[str] | None, declared: set[str], region: str | None, place: str) -> list[str]:
    option = f"{place}logging_configurations"
    unknown = [
        f"{option}[{position}]: {reference!r} is not valid, it must be an ARN, or the name of one of the "
        "logging_configurations of this stack"
        for position, reference in enumerate(references or [])
        if reference and NAME.accepts(reference) and reference not in declared
    ]
    return identifier_faults(references, region, option) + unknown


def entries(params: dict[str, Any], owner: Owner) -> list[Entry]:
    """Return the declared resources, logging configurations first, with the tags of the stack."""
    declared = []
    for kind, option in OPTIONS.items():
        for position, entry in enumerate(params[option] or []):
            set_by_user = params["tags"] is not None or entry.get("tags") is not None
            tags = text_tags({**(params["tags"] or {}), **(entry.get("tags") or {})})
            declared.append(
                Entry(
                    kind=kind,
                    place=f"{option}[{position}]",
                    name=entry["name"],
                    given=given_options(kind, entry),
                    tags={**tags, owner.tag: owner.stack},
                    purge_tags=set_by_user and params["purge_tags"],
                    references=entry.get("logging_configurations"),
                )
            )
    return declared


def removable(params: dict[str, Any]) -> list[Kind]:
    """Return the kinds of which members that are not declared are deleted, in the order of the deletions.

    With `prune` those whose option is set: what is not set is left alone, and only [] says that there are to be none.
    """
    absent, prune = params["state"] == "absent", params["prune"]
    kinds = (ROOM, LOGGING_CONFIGURATION)
    return [kind for kind in kinds if absent or (prune and params[OPTIONS[kind]] is not None)]


def candidates(entry: Entry, named: list[Resource], owner: Owner, adopt: bool) -> list[Resource]:
    """Return the resources that an entry may mean, of those of its name: members, else ones that it may take over."""
    members = [resource for resource in named if owner.owns(resource)]
    if members or not adopt or any(owner.is_foreign(resource) for resource in named):
        return members
    return named


def by_name(listed: dict[Kind, list[Resource]]) -> dict[tuple[Kind, str], list[Resource]]:
    """Return the resources of each kind and name, without those that are being deleted."""
    found: dict[tuple[Kind, str], list[Resource]] = {}
    for kind, resources in listed.items():
        for resource in resources:
            if not is_deleting(resource):
                found.setdefault((kind, resource["name"]), []).append(resource)
    return found


def twins(
    declared: Iterable[Entry], listed: dict[Kind, list[Resource]], owner: Owner, adopt: bool
) -> list[tuple[Kind, list[Resource]]]:
    """Return the resources of each entry that may mean several."""
    named = by_name(listed)
    meant = [
        (entry.kind, candidates(entry, named.get((entry.kind, entry.name), []), owner, adopt)) for entry in declared
    ]
    return [(kind, resources) for kind, resources in meant if len(resources) > 1]


def match(entry: Entry, named: list[Resource], owner: Owner, adopt: bool) -> tuple[Resource | None, bool]:
    """Return the resource that an entry means, and whether it is adopted with this run.

    Raises AnsibleAWSError when that is not clear, or when it belongs to another stack, or to none and `adopt` is not
    set. `named` are the resources of the entry's name, without those being deleted.
    """
    meant = candidates(entry, named, owner, adopt)
    if len(meant) > 1:
        whose = "members of this stack" if owner.owns(meant[0]) else "resources without an owner"
        raise AnsibleAWSError(
            message=f"{entry.place}: several {whose} are named {entry.name!r}, delete or rename those that are not "
            f"meant: {describe(meant)}"
        )
    if meant:
        return meant[0], not owner.owns(meant[0])
    if foreign := [resource for resource in named if owner.is_foreign(resource)]:
        stacks = ", ".join(f"{each['arn']} of stack {each['tags'][owner.tag]!r}" for each in foreign)
        raise AnsibleAWSError(message=f"{entry.place}: {entry.name!r} is a member of another stack: {stacks}")
    if named:
        raise AnsibleAWSError(
            message=f"{entry.place}: {entry.name!r} exists already and has no owner: {describe(named)}; set adopt to "
            "take it over"
        )
    return None, False


def match_all(
    declared: Iterable[Entry], listed: dict[Kind, list[Resource]], owner: Owner, adopt: bool
) -> list[tuple[Entry, Resource | None, bool]]:
    """Match every entry; raises one AnsibleAWSError that names all that cannot be matched."""
    named = by_name(listed)
    matched, refused = [], []
    for entry in declared:
        try:
            matched.append((entry, *match(entry, named.get((entry.kind, entry.name), []), owner, adopt)))
        except AnsibleAWSError as error:
            refused.append(str(error.message))
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))
    return matched


def needs_details(entry: Entry) -> bool:
    """Whether an existing room must be read with GetRoom: lists leave length and rate out."""
    return any(field in entry.given for field in entry.kind.unlisted)


def plan_stack(
    matched: Iterable[tuple[Entry, Resource | None, bool]],
    listed: dict[Kind, list[Resource]],
    owner: Owner,
    remove: Collection[Kind],
) -> list[Item]:
    """Plan everything, in the order of the writes: what is declared, then what is removed, rooms first.

    `remove`: the kinds of which members that are not declared are deleted. Raises one AnsibleAWSError that names all
    entries that cannot be planned, and one for logging configurations that are to be removed and that rooms will still
    use.
    """
    matched = list(matched)
    arns = {
        entry.name: before["arn"]
        for entry, before, _adopted in matched
        if before and entry.kind is LOGGING_CONFIGURATION
    }
    items, refused = [], []
    for entry, before, adopted in matched:
        try:
            items.append(Item(entry.plan(before, arns), entry, adopted))
        except AnsibleAWSError as error:
            refused.append(str(error.message))
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))
    kept = {before["arn"] for _entry, before, _adopted in matched if before}
    for kind in remove:
        items += [
            Item(plan_absent(kind, resource))
            for resource in listed[kind]
            if owner.owns(resource) and resource["arn"] not in kept and not is_deleting(resource)
        ]
    _refuse_used(items, listed[ROOM])
    return items


def _refuse_used(items: list[Item], rooms: list[Resource]) -> None:
    """Raise AnsibleAWSError when a logging configuration is to be removed that a room will still use afterwards."""
    planned = [item.plan for item in items if item.plan.kind is ROOM]
    written = {plan.before["arn"] for plan in planned if plan.before}
    after = [plan.after for plan in planned if plan.after] + [room for room in rooms if room["arn"] not in written]
    removed = [
        item.plan.before for item in items if item.action == "delete" and item.plan.kind is LOGGING_CONFIGURATION
    ]
    refused = []
    for configuration in filter(None, removed):
        users = [
            f"{room['name']} ({room['arn'] or 'to be created'})"
            for room in after
            if configuration["arn"] in room[IDENTIFIERS]
        ]
        if users:
            refused.append(
                f"The logging configuration {configuration['name']!r} ({configuration['arn']}) cannot be removed, "
                f"it is in use by {len(users)} room(s): {', '.join(users)}"
            )
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))


def summary(actions: Iterable[str]) -> dict[str, int]:
    """Count actions as the module returns them."""
    counts = dict.fromkeys(("created", "updated", "deleted", "adopted", "unchanged"), 0)
    words = {"create": "created", "update": "updated", "delete": "deleted", "adopt": "adopted", "none": "unchanged"}
    for action in actions:
        counts[words[action]] += 1
    return counts


def export(
    chosen: dict[Kind, list[Resource]], listed: dict[Kind, list[Resource]], owner: Owner
) -> tuple[dict[str, list[Resource]], list[dict[str, str]]]:
    """Return the chosen resources as a declaration that a stack accepts, and those it cannot hold, with the reason.

    `listed` is all that exists, since a name must tell one from all others. A room's logging configurations stand in
    the declaration by name where that name is declared in it, else by ARN.
    """
    skipped: list[dict[str, str]] = []
    kept: dict[Kind, list[Resource]] = {}
    for kind in OPTIONS:
        rivals = [each for each in listed[kind] if not owner.stack or owner.owns(each)]
        names = Counter(each["name"] for each in rivals if not is_deleting(each))
        kept[kind] = []
        for resource in sorted((each for each in chosen[kind] if not is_deleting(each)), key=age_order):
            if reason := _undeclarable(resource, names, owner):
                skipped.append({"arn": resource["arn"], "reason": reason})
            else:
                kept[kind].append(resource)
    declared_names = {each["arn"]: each["name"] for each in kept[LOGGING_CONFIGURATION]}
    configurations = [
        {
            "name": each["name"],
            "destination_configuration": each["destination_configuration"],
            "tags": _own_tags(each, owner),
        }
        for each in kept[LOGGING_CONFIGURATION]
    ]
    rooms = []
    for room in kept[ROOM]:
        entry = {
            "name": room["name"],
            "maximum_message_length": room["maximum_message_length"],
            "maximum_message_rate_per_second": room["maximum_message_rate_per_second"],
            "message_review_handler": room["message_review_handler"] or {"uri": ""},
            "logging_configurations": [declared_names.get(arn, arn) for arn in room[IDENTIFIERS]],
            "tags": _own_tags(room, owner),
        }
        rooms.append({field: value for field, value in entry.items() if value is not None})
    return {OPTIONS[LOGGING_CONFIGURATION]: configurations, OPTIONS[ROOM]: rooms}, skipped


def _undeclarable(resource: Resource, names: Counter[str], owner: Owner) -> str | None:
    """Return why a stack could not take a resource over by its name, None when it could."""
    if not resource["name"]:
        return "it has no name"
    if names[resource["name"]] > 1:
        return f"another one is named {resource['name']!r} too"
    if owner.is_foreign(resource):
        return f"it is a member of the stack {resource['tags'][owner.tag]!r}"
    if len(_own_tags(resource, owner)) >= MAXIMUM_TAGS:
        return f"it has {MAXIMUM_TAGS} tags, which leaves no room for the ownership tag"
    return None


def _own_tags(resource: Resource, owner: Owner) -> dict[str, str]:
    """Return the tags that a declaration may set."""
    return {key: value for key, value in resource["tags"].items() if key != owner.tag and not key.startswith("aws:")}
