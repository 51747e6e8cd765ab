# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export: existing resources as a declaration that a stack accepts. Pure; private."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ._resources import (
    IDENTIFIERS,
    KINDS,
    LOGGING_CONFIGURATION,
    MAXIMUM_TAGS,
    Kind,
    Resource,
    age_order,
    is_deleting,
)
from ._stack import Listed, Owner


def export(chosen: Listed, listed: Listed, owner: Owner) -> tuple[dict[str, list[Resource]], list[dict[str, str]]]:
    """Return the chosen resources as a declaration that a stack accepts, and those it cannot hold, with the reason.

    `listed` is everything that exists, because a name must be unique among all resources. A room's logging
    configurations appear by name where that name is declared, else by ARN.
    """
    left_out: list[dict[str, str]] = []
    kept: Listed = {}
    for kind in KINDS:
        rivals = [resource for resource in listed[kind] if not owner.stack or owner.owns(resource)]
        names = Counter(resource["name"] for resource in rivals if not is_deleting(resource))
        kept[kind] = []
        for resource in sorted((each for each in chosen[kind] if not is_deleting(each)), key=age_order):
            if reason := _undeclarable(resource, names, owner):
                left_out.append({"arn": resource["arn"], "reason": reason})
            else:
                kept[kind].append(resource)
    names_by_arn = {resource["arn"]: resource["name"] for resource in kept[LOGGING_CONFIGURATION]}
    return {
        kind.plural: [_to_entry(kind, resource, names_by_arn, owner) for resource in kept[kind]] for kind in KINDS
    }, left_out


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
