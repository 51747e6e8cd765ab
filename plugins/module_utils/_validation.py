# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of options before the first API call: of values, resources, and filters. Pure; private.

Each function returns the validation errors that it finds, as messages that name the option, the value, and the rule.
`path` is put before the option's name, such as `rooms[3].`; the limits are data of _resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.common.text.converters import to_text

from ._resources import (
    ARN_LENGTH,
    DESTINATIONS,
    KNOWN_AFTER_APPLY,
    LOGGING_CONFIGURATION,
    MAXIMUM_LOGGING_CONFIGURATIONS,
    MAXIMUM_TAGS,
    NAME,
    ROOM,
    TAG_KEY,
    TAG_VALUE,
    Field,
    Kind,
    Limit,
    given_destination,
    is_arn,
)

_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*)|[0-9a-f:.]+", re.IGNORECASE)


class UnknownArnError(str):
    """The validation error for KNOWN_AFTER_APPLY as an ARN, which is none in check mode (see _module.input_errors)."""


# Single values.


def validate_limit(path: str, value: Any, limit: Limit) -> list[str]:
    """Validate one value against one limit."""
    if value is None or limit.accepts(value):
        return []
    shown = (
        repr(value) if isinstance(value, int) or len(value) <= 64 else f"{value[:61]!r}... ({len(value)} characters)"
    )
    return [f"{path}: {shown} is not valid: it must be {limit.rule}"]


def validate_arn(path: str, arn: str, kind: Kind, region: str | None) -> list[str]:
    """Validate that an ARN is one of this kind of resource, in the region of the client when that is known."""
    expected = f"arn:aws:ivschat:<region>:<account>:{kind.arn_type}/<id>"
    error = f"{path}: {arn!r} is not valid: it must be the ARN of a {kind.title}, {expected}"
    if arn == KNOWN_AFTER_APPLY:
        return [UnknownArnError(error)]
    parts = re.fullmatch(rf"arn:aws:ivschat:([a-z0-9-]+):[0-9]+:{kind.arn_type}/[a-zA-Z0-9-]+", arn)
    if parts is None or len(arn) > ARN_LENGTH:
        return [error]
    if region and parts[1] != region:
        return [f"{path}: {arn!r} is in region {parts[1]}: it must be in the region of this task, {region}"]
    return []


def validate_identifier(
    path: str, identifier: str, region: str | None, kind: Kind = LOGGING_CONFIGURATION
) -> list[str]:
    """Validate an ARN or a name that identifies one resource."""
    if is_arn(identifier):
        return validate_arn(path, identifier, kind, region)
    if identifier and NAME.accepts(identifier):
        return []
    return [f"{path}: {identifier!r} is not valid: it must be the ARN or the name of a {kind.title}"]


def validate_unique(path: str, identifiers: list[str]) -> list[str]:
    """Validate that a list has no duplicates; ARNs that are not known yet are those of different resources."""
    return [
        f"{path}[{position}]: {identifier!r} is a duplicate: specify each entry once"
        for position, identifier in enumerate(identifiers)
        if identifier in identifiers[:position] and identifier != KNOWN_AFTER_APPLY
    ]


def validate_tags(tags: dict[Any, Any] | None, path: str = "", as_filter: bool = False) -> list[str]:
    """Validate tags: at most 50, key 1..128, value 0..256 code points (API reference), no null, no "aws:" keys.

    A filter may name the tags that AWS reserves for itself, a declaration may not.
    """
    errors = []
    if tags is not None and len(tags) > MAXIMUM_TAGS:
        errors.append(f"{path}tags: {len(tags)} tags are too many: the maximum is {MAXIMUM_TAGS}")
    for key, value in (tags or {}).items():
        text = to_text(key)
        tag = f"{path}tags[{text[:64]!r}]"
        if text.lower().startswith("aws:") and not as_filter:
            errors.append(f'{tag}: the key is not valid: it must not start with "aws:", which is reserved for AWS')
        if not TAG_KEY.accepts(text):
            errors.append(f"{tag}: the key has {len(text)} characters: it must have {TAG_KEY.rule}")
        if value is None or isinstance(value, (dict, list)):
            shown = "null" if value is None else repr(value)
            errors.append(f'{tag}: {shown} is not valid: it must be a string (use "" for an empty value)')
        elif not TAG_VALUE.accepts(to_text(value)):
            errors.append(f"{tag}: the value has {len(to_text(value))} characters: it must have {TAG_VALUE.rule}")
    return errors


def validate_dictionaries(argument_spec: dict[str, Any], params: dict[str, Any], path: str = "") -> list[str]:
    """Validate that options with suboptions are dictionaries, and lists of such options lists of dictionaries.

    Strings are left to ansible-core, which reads them as JSON or key=value pairs.
    """
    errors = []
    for name, option in argument_spec.items():
        value = next((params[key] for key in (name, *option.get("aliases", [])) if params.get(key) is not None), None)
        if not option.get("options") or value is None:
            continue
        is_list = option["type"] == "list" and isinstance(value, list)
        for position, entry in enumerate(value if is_list else [value]):
            entry_path = f"{path}{name}[{position}]" if is_list else f"{path}{name}"
            if isinstance(entry, dict):
                errors += validate_dictionaries(option["options"], entry, f"{entry_path}.")
            elif not isinstance(entry, str):
                shown = "null" if entry is None else repr(entry)[:64]
                errors.append(f"{entry_path}: {shown} is not valid: it must be a dictionary")
    return errors


def validate_endpoint_url(url: str | None) -> list[str]:
    """Validate the URL of an endpoint; none, or an empty one, means the endpoint of the region.

    botocore builds requests from a URL with a bad port, so that the failure would look like one of the connection.
    """
    try:
        parts = urlsplit(url or "https://localhost")
        valid = parts.scheme in ("http", "https") and parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
    except ValueError:  # of a port that is not a number from 0 to 65535
        valid = None
    if valid:
        return []
    return [
        f"endpoint_url: {url!r} is not valid: it must be an http or https URL with a host and, if any, a port from 1 "
        "to 65535, such as http://localhost:5000"
    ]


# Fields with rules beyond a limit.


def validate_destination(path: str, destination: dict[str, Any] | None, _region: str | None) -> list[str]:
    """Validate that a destination has exactly one member, with a valid name."""
    if destination is None:
        return []
    chosen = given_destination(destination)
    if len(chosen) != 1:
        found = " and ".join(chosen) or "no destination"
        return [f"{path}: {found} given: specify exactly one of {', '.join(DESTINATIONS)}"]
    (member, inner) = next(iter(chosen.items()))
    limit = _limit(LOGGING_CONFIGURATION, f"destination_configuration.{member}.{DESTINATIONS[member]}")
    return validate_limit(f"{path}.{member}.{DESTINATIONS[member]}", inner.get(DESTINATIONS[member]), limit)


def validate_handler(path: str, handler: dict[str, Any] | None, region: str | None) -> list[str]:
    """Validate a review handler (see `validate_handler_uri`)."""
    return validate_handler_uri(f"{path}.uri", (handler or {}).get("uri"), region)


def validate_handler_uri(path: str, uri: str | None, region: str | None) -> list[str]:
    """Validate a handler's uri; its Lambda function must be in the room's region (user guide, review handler)."""
    errors = validate_limit(path, uri, _limit(ROOM, "message_review_handler.uri"))
    if uri and region and not errors and uri.split(":")[3] != region:
        errors = [f"{path}: {uri!r} is in region {uri.split(':')[3]}: it must be in the room's region, {region}"]
    return errors


def validate_identifiers(path: str, identifiers: list[str] | None, region: str | None) -> list[str]:
    """Validate a room's logging configurations: at most 3, each an ARN or a name, no duplicates."""
    if identifiers is None:
        return []
    errors = []
    if len(identifiers) > MAXIMUM_LOGGING_CONFIGURATIONS:
        errors.append(
            f"{path}: {len(identifiers)} entries are too many: the maximum is {MAXIMUM_LOGGING_CONFIGURATIONS}"
        )
    for position, identifier in enumerate(identifiers):
        errors += validate_identifier(f"{path}[{position}]", identifier, region)
    return errors + validate_unique(path, identifiers)


_VALIDATORS: dict[str, Callable[[str, Any, str | None], list[str]]] = {
    "message_review_handler": validate_handler,
    "logging_configuration_identifiers": validate_identifiers,
    "destination_configuration": validate_destination,
}


def _limit(kind: Kind, path: str) -> Limit:
    return next(field.limits[path] for field in kind.fields if path in field.limits)


def validate_field(field: Field, params: dict[str, Any], region: str | None, path: str = "") -> list[str]:
    """Validate one field of a resource; None, "not set", is always valid."""
    value = params.get(field.name)
    if validate := _VALIDATORS.get(field.name):
        return validate(f"{path}{field.name}", value, region)
    return validate_limit(f"{path}{field.name}", value, field.limits[field.name])


# Modules.


def validate_resource(kind: Kind, params: dict[str, Any], region: str | None, path: str = "") -> list[str]:
    """Validate every option of a declaration of this kind."""
    errors = validate_arn(f"{path}arn", params["arn"], kind, region) if params.get("arn") is not None else []
    for field in kind.fields:
        errors += validate_field(field, params, region, path)
    return errors + validate_tags(params.get("tags"), path)


def validate_identity(params: dict[str, Any], *options: str) -> list[str]:
    """Validate that one of the options that identify something has a value: nothing is identified by nothing.

    ansible-core's required_one_of also counts an option that is null, as a template makes it that finds nothing.
    """
    if any(params[option] not in (None, "") for option in options):
        return []
    given = ", ".join(f"{option}: {'null' if params[option] is None else repr(params[option])}" for option in options)
    return [f"{given} identifies nothing: at least one of {', '.join(options)} must have a value"]


def validate_filters(kind: Kind, params: dict[str, Any], region: str | None) -> list[str]:
    """Validate the filters that both info modules have."""
    errors = validate_limit("name", params["name"], NAME)
    for position, arn in enumerate(params["arns"] or []):
        errors += validate_arn(f"arns[{position}]", arn, kind, region)
    return errors + validate_tags(params["tags"], as_filter=True)
