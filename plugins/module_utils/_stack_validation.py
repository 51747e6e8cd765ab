# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of a stack as a whole, before the first API call. Pure; private to this collection."""

from __future__ import annotations

from typing import Any

from ._resources import KINDS, MAXIMUM_TAGS, NAME, ROOM, TAG_KEY, TAG_VALUE, Kind
from ._validation import validate_identifiers, validate_limit, validate_resource, validate_tags

MINIMUM_CALLS_PER_SECOND = 0.001  # a call every 17 minutes
MAXIMUM_CALLS_PER_SECOND = 1_000_000  # in effect, no limit


def validate_stack(params: dict[str, Any], region: str | None) -> list[str]:
    """Validate a whole stack; each error starts with the path of the option."""
    tag = params["ownership_tag"]
    errors = validate_owner(params["name"], tag)
    errors += validate_tags(params["tags"])
    if tag in (params["tags"] or {}):
        errors.append(f"tags: {tag!r} is the ownership tag: it must not be set as an ordinary tag")
    errors += validate_calls_per_second(params["calls_per_second"])
    if params["prune"] and params["release"]:
        errors.append("release: true is not valid together with prune: choose what happens to undeclared members")
    errors += _validate_room_defaults(params, region)
    for kind in KINDS:
        seen: dict[str, int] = {}
        for position, entry in enumerate(params[kind.plural] or []):
            path = f"{kind.plural}[{position}]."
            errors += validate_resource(kind, entry, region, path)
            name = entry["name"]
            if not name:
                errors.append(f"{path}name: {name!r} is not valid: a member of a stack must have a name")
            elif name in seen:
                errors.append(f"{path}name: {name!r} is a duplicate of the name of {kind.plural}[{seen[name]}]")
            seen.setdefault(name, position)
            errors += _validate_references(entry, params, region, path)
            errors += _validate_entry_tags(entry, params, path, kind)
        errors += _validate_previous_names(kind, params[kind.plural] or [])
    return errors


def _validate_room_defaults(params: dict[str, Any], region: str | None) -> list[str]:
    """Validate what rooms leave out by the rules of a room."""
    path, defaults = "room_defaults.", params["room_defaults"]
    if defaults is None:
        return []
    errors = validate_resource(ROOM, defaults, region, path) + _validate_references(defaults, params, region, path)
    if params["ownership_tag"] in (defaults.get("tags") or {}):
        tag = params["ownership_tag"]
        errors.append(f"{path}tags: {tag!r} is the ownership tag: it must not be set as an ordinary tag")
    return errors


def _validate_previous_names(kind: Kind, entries: list[dict[str, Any]]) -> list[str]:
    """Validate that a previous name is one, and that no other entry means the same member."""
    errors = []
    names = {entry["name"]: position for position, entry in reversed(list(enumerate(entries)))}
    seen: dict[str, int] = {}
    for position, entry in enumerate(entries):
        previous, path = entry.get("previous_name"), f"{kind.plural}[{position}].previous_name"
        if previous is None:
            continue
        if not previous:
            errors.append(f"{path}: '' is not valid: it must be the name that the member had before")
        errors += validate_limit(path, previous, NAME)
        if previous and previous in names:
            errors.append(
                f"{path}: {previous!r} is the name of {kind.plural}[{names[previous]}]: it must be a name that is no "
                "longer declared"
            )
        elif previous and previous in seen:
            errors.append(
                f"{path}: {previous!r} is a duplicate of the previous_name of {kind.plural}[{seen[previous]}]"
            )
        seen.setdefault(previous, position)
    return errors


def _validate_references(entry: dict[str, Any], params: dict[str, Any], region: str | None, path: str) -> list[str]:
    references = entry.get("logging_configurations")
    declared = {configuration["name"] for configuration in params["logging_configurations"] or []}
    unknown = [
        f"{path}logging_configurations[{position}]: {reference!r} is not valid: it must be an ARN, or the name of one "
        "of the logging_configurations of this stack"
        for position, reference in enumerate(references or [])
        if reference and NAME.accepts(reference) and reference not in declared
    ]
    return validate_identifiers(f"{path}logging_configurations", references, region) + unknown


def _validate_entry_tags(entry: dict[str, Any], params: dict[str, Any], path: str, kind: Kind) -> list[str]:
    tag, own = params["ownership_tag"], entry.get("tags") or {}
    defaults = (params["room_defaults"] or {}).get("tags") if kind is ROOM else None
    tags = {**(params["tags"] or {}), **(defaults or {}), **own}
    if tag in own:
        return [f"{path}tags: {tag!r} is the ownership tag: it must not be set as an ordinary tag"]
    if len(tags) >= MAXIMUM_TAGS >= len(own):
        return [
            f"{path}tags: {len(tags) + 1} tags are too many, including those of the stack and the ownership tag: the "
            f"maximum is {MAXIMUM_TAGS}"
        ]
    return []


def validate_owner(name: str | None, tag: str) -> list[str]:
    """Validate the name of a stack, when it is set, and the key of the tag that holds it."""
    errors = []
    if name is not None and (not name or not TAG_VALUE.accepts(name)):
        errors.append(f"name: {name[:64]!r} is not valid: it must be 1 to 256 characters, because it is a tag value")
    if not TAG_KEY.accepts(tag) or tag.lower().startswith("aws:"):
        errors.append(f'ownership_tag: {tag[:64]!r} is not valid: it must be {TAG_KEY.rule} and not start with "aws:"')
    return errors


def validate_calls_per_second(calls_per_second: dict[str, float | None]) -> list[str]:
    """Validate the maximum number of calls per second of each group of operations."""
    return [
        f"calls_per_second.{name}: {value} is not valid: it must be a number from {MINIMUM_CALLS_PER_SECOND} to "
        f"{MAXIMUM_CALLS_PER_SECOND}"
        for name, value in calls_per_second.items()
        if value is None or not MINIMUM_CALLS_PER_SECOND <= value <= MAXIMUM_CALLS_PER_SECOND
    ]
