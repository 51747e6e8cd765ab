# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole estate as one declaration: its entries, their faults, and one plan for all of them. Pure; private.

A tag says which resources belong to a stack, so there is no state file. Rooms and logging configurations are planned
with the rules of the single modules (_resources, _plan).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._identity import describe
from ._plan import Plan, age_order, diff, is_deleting, plan_absent, plan_present, settable
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


@dataclass(frozen=True)
class Owner:
    """The tag that marks the members of a stack."""

    tag: str
    stack: str

    def owns(self, resource: Resource) -> bool:
        """Whether a resource is a member of this stack."""
        return resource["tags"].get(self.tag) == self.stack


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

    def returned(self) -> dict[str, Any]:
        """Return this line as the module returns it."""
        before, after = (settable(self.plan.kind, side) for side in (self.plan.before, self.plan.after))
        return {
            "action": self.action,
            "resource": self.plan.kind.name,
            "name": self.name,
            "arn": (self.plan.before or self.plan.after or {})["arn"],
            "changes": {
                field: {"before": before.get(field), "after": after.get(field)}
                for field in {**before, **after}
                if before.get(field) != after.get(field)
            },
        }

    def diff(self) -> dict[str, Any]:
        """Return the difference as Ansible shows it, only what changes, with the action in its header."""
        shown = diff(self.plan, True)
        before, after = shown["before"], shown["after"]
        sides = {  # a length or rate that was not read is None, and says nothing
            "before": {field: value for field, value in before.items() if value not in (None, after.get(field))},
            "after": {field: value for field, value in after.items() if value not in (None, before.get(field))},
        }
        header = f"{self.action} {shown['after_header'] or shown['before_header']}"
        return {**sides, "before_header": header, "after_header": header}


def stack_faults(params: dict[str, Any], region: str | None) -> list[str]:
    """Check a whole declaration; return all its faults, each with its place."""
    found = []
    if not TAG_VALUE.accepts(params["name"]) or not params["name"]:
        found.append(
            f"name: {params['name'][:64]!r} is not valid, it must be 1 to 256 characters, since it is a tag's value"
        )
    tag = params["ownership_tag"]
    if not TAG_KEY.accepts(tag) or tag.lower().startswith("aws:"):
        found.append(f'ownership_tag: {tag[:64]!r} is not valid, it must be {TAG_KEY.rule} and not start with "aws:"')
    found += tag_faults(params["tags"])
    if tag in (params["tags"] or {}):
        found.append(f"tags: {tag!r} is the ownership tag, it must not be set as an ordinary tag")
    found += [
        f"calls_per_second.{name}: {value} is not valid, it must be a number above 0"
        for name, value in params["calls_per_second"].items()
        if value is None or not (isfinite(value) and value > 0)
    ]
    declared = {each["name"] for each in params["logging_configurations"] or []}
    for kind, option in ((LOGGING_CONFIGURATION, "logging_configurations"), (ROOM, "rooms")):
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
    for kind, option in ((LOGGING_CONFIGURATION, "logging_configurations"), (ROOM, "rooms")):
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


def match(entry: Entry, named: list[Resource], owner: Owner, adopt: bool) -> tuple[Resource | None, bool]:
    """Return the resource that an entry means, and whether it is adopted with this run.

    Raises AnsibleAWSError when that is not clear, or when it belongs to another stack, or to none and `adopt` is not
    set. `named` are the resources of the entry's name, without those being deleted.
    """
    members = [resource for resource in named if owner.owns(resource)]
    foreign = [resource for resource in named if owner.tag in resource["tags"] and not owner.owns(resource)]
    free = [resource for resource in named if owner.tag not in resource["tags"]]
    if len(members) > 1 or (not members and not foreign and adopt and len(free) > 1):
        whose = "members of this stack" if members else "resources without an owner"
        raise AnsibleAWSError(
            message=f"{entry.place}: several {whose} are named {entry.name!r}, delete or rename those that are not "
            f"meant: {describe(members or free)}"
        )
    if members:
        return members[0], False
    if foreign:
        stacks = ", ".join(f"{each['arn']} of stack {each['tags'][owner.tag]!r}" for each in foreign)
        raise AnsibleAWSError(message=f"{entry.place}: {entry.name!r} is a member of another stack: {stacks}")
    if free and not adopt:
        raise AnsibleAWSError(
            message=f"{entry.place}: {entry.name!r} exists already and has no owner: {describe(free)}; set adopt to "
            "take it over"
        )
    return (free[0], True) if free else (None, False)


def match_all(
    declared: Iterable[Entry], listed: dict[Kind, list[Resource]], owner: Owner, adopt: bool
) -> list[tuple[Entry, Resource | None, bool]]:
    """Match every entry; raises one AnsibleAWSError that names all that cannot be matched."""
    by_name: dict[tuple[str, str], list[Resource]] = {}
    for kind, resources in listed.items():
        for resource in resources:
            if not is_deleting(resource):
                by_name.setdefault((kind.name, resource["name"]), []).append(resource)
    matched, refused = [], []
    for entry in declared:
        try:
            matched.append((entry, *match(entry, by_name.get((entry.kind.name, entry.name), []), owner, adopt)))
        except AnsibleAWSError as error:
            refused.append(str(error.message))
    if refused:
        raise AnsibleAWSError(message="; ".join(refused))
    return matched


def needs_details(entry: Entry) -> bool:
    """Whether an existing room must be read with GetRoom: lists leave length and rate out."""
    return entry.kind is ROOM and any(
        field in entry.given for field in ("maximum_message_length", "maximum_message_rate_per_second")
    )


def plan_stack(
    matched: Iterable[tuple[Entry, Resource | None, bool]],
    listed: dict[Kind, list[Resource]],
    owner: Owner,
    remove: bool,
) -> list[Item]:
    """Plan everything, in the order of the writes: what is declared, then what is removed, rooms first.

    `remove`: the members that are not declared are deleted. Raises one AnsibleAWSError that names all entries that
    cannot be planned, and one for logging configurations that are to be removed and that rooms will still use.
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
    if not remove:
        return items
    kept = {before["arn"] for _entry, before, _adopted in matched if before}
    for kind in (ROOM, LOGGING_CONFIGURATION):
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
    rooms: Iterable[Resource], configurations: Iterable[Resource], owner_tag: str
) -> tuple[dict[str, list[Resource]], list[dict[str, str]]]:
    """Return resources as a declaration that a stack accepts, and those that it cannot declare, with the reason.

    A room's logging configurations stand in it by name where that name is declared here, else by ARN.
    """
    skipped: list[dict[str, str]] = []
    names: dict[str, str] = {}
    declared: dict[str, list[Resource]] = {"logging_configurations": [], "rooms": []}
    for configuration in _declarable(configurations, skipped):
        names[configuration["arn"]] = configuration["name"]
        declared["logging_configurations"].append(
            {
                "name": configuration["name"],
                "destination_configuration": configuration["destination_configuration"],
                "tags": _own_tags(configuration, owner_tag),
            }
        )
    for room in _declarable(rooms, skipped):
        entry = {
            "name": room["name"],
            "maximum_message_length": room["maximum_message_length"],
            "maximum_message_rate_per_second": room["maximum_message_rate_per_second"],
            "message_review_handler": room["message_review_handler"] or {"uri": ""},
            "logging_configurations": [names.get(arn, arn) for arn in room[IDENTIFIERS]],
            "tags": _own_tags(room, owner_tag),
        }
        declared["rooms"].append({field: value for field, value in entry.items() if value is not None})
    return declared, skipped


def _declarable(resources: Iterable[Resource], skipped: list[dict[str, str]]) -> list[Resource]:
    """Return those that a name alone tells apart, oldest first; note the others."""
    resources = sorted((each for each in resources if not is_deleting(each)), key=age_order)
    names = Counter(resource["name"] for resource in resources)
    kept = []
    for resource in resources:
        if not resource["name"]:
            skipped.append({"arn": resource["arn"], "reason": "it has no name"})
        elif names[resource["name"]] > 1:
            skipped.append({"arn": resource["arn"], "reason": f"another one is named {resource['name']!r} too"})
        else:
            kept.append(resource)
    return kept


def _own_tags(resource: Resource, owner_tag: str) -> dict[str, str]:
    """Return the tags that a declaration may set."""
    return {key: value for key, value in resource["tags"].items() if key != owner_tag and not key.startswith("aws:")}
