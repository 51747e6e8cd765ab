# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of the options of the messaging modules, before the first API call. Pure; private to this collection."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.text.converters import to_text

from ._resources import MAXIMUM_ATTRIBUTES_BYTES, MESSAGING_LIMITS, NAME, ROOM, text_tags
from ._validation import validate_arn, validate_identifier, validate_limit, validate_unique


def validate_messaging(params: dict[str, Any], region: str | None) -> list[str]:
    """Validate every option of a messaging module, or of the lookup."""
    ways = [option for option in ("room_arn", "room_name", "rooms") if option in params]
    errors = []
    if ways and sum(params[option] is not None for option in ways) != 1:  # Ansible counts those that are null as given
        errors.append(f"{', '.join(ways)}: exactly one of them is required, with a value that is not null")
    if params.get("room_arn") is not None:
        errors += validate_arn("room_arn", params["room_arn"], ROOM, region)
    if params.get("room_name") == "":
        errors.append("room_name: '' is not valid: it must be the name of a room")
    errors += validate_limit("room_name", params.get("room_name"), NAME)
    rooms = params.get("rooms") or []
    for position, room in enumerate(rooms):
        errors += validate_identifier(f"rooms[{position}]", room, region, ROOM)
    errors += validate_unique("rooms", rooms)
    for option, limit in MESSAGING_LIMITS.items():
        errors += validate_limit(option, params.get(option), limit)
    return errors + validate_attributes(params.get("attributes"))


def validate_attributes(attributes: dict[Any, Any] | None) -> list[str]:
    """Validate attributes: a map of strings of at most 1 KB in total."""
    errors = [
        f"attributes[{to_text(key)[:64]!r}]: {'null' if value is None else type(value).__name__} is not valid: it must "
        "be a string (the filter to_json makes one of a list or a dictionary)"
        for key, value in (attributes or {}).items()
        if value is None or isinstance(value, (dict, list))
    ]
    if errors:
        return errors
    pairs = text_tags(attributes or {}).items()
    size = sum(len(text.encode("utf-8", "surrogatepass")) for pair in pairs for text in pair)
    if size > MAXIMUM_ATTRIBUTES_BYTES:
        return [
            f"attributes: {size} bytes are too many: the maximum for all keys and values is {MAXIMUM_ATTRIBUTES_BYTES}"
        ]
    return []
