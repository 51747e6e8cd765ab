# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rooms and logging configurations as data: their fields, limits, and normal form. Pure; private to this collection.

`ROOM` and `LOGGING_CONFIGURATION` have one `Field` for each field that a user can set. The argument specs of the single
modules and of the stack, the validation, the plan, the requests, and the export are all derived from that table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible.module_utils.common.text.converters import to_text

Resource = dict[str, Any]

# What the service will assign is not known before a create. In check mode this stands for the ARN and the ID of what an
# earlier task, or this one, creates; in a real run it is an ARN that is not valid.
KNOWN_AFTER_APPLY = "(known after apply)"

# Regions that offer the service (AWS General Reference, "Amazon IVS endpoints"). Only a shortcut: a region that is
# missing here is looked up in the installed botocore before it is refused.
REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-west-2",
)


@dataclass(frozen=True)
class Limit:
    """A rule of the API reference for one value; the tests compare every rule with botocore's service model."""

    minimum: int
    maximum: int
    rule: str  # what a user reads after "it must be"
    pattern: str | None = None

    def accepts(self, value: Any) -> bool:
        """Whether an integer is in range, or a string has an allowed number of code points and matches the pattern."""
        if isinstance(value, bool):
            return False
        size = value if isinstance(value, int) else len(value)
        return self.minimum <= size <= self.maximum and (
            self.pattern is None or re.fullmatch(self.pattern, value) is not None
        )


def _overlay(current: Any, given: Any) -> Any:
    """Return the given value, or the current one where that already holds it (see `holds`)."""
    return current if holds(current, given) else given


@dataclass(frozen=True, eq=False)
class Field:
    """One field of a resource that a user can set."""

    name: str  # in snake case: the API's member, the option of the single module, and the key of its return value
    argument: dict[str, Any]  # the option in an argument spec
    limits: dict[str, Limit]  # by path: the field's name, or the name of a member below it
    create_default: Any = None  # what the service gives a new resource when the field is omitted
    get_only: bool = False  # the List operation omits it
    required_in_stack: bool = False
    stack_name: str = ""  # the option of a stack's entry, where it has another name
    removal: Any = None  # what the API takes to remove a value, where the normal form has None
    normalise: Callable[[Any], Any] | None = None  # from the API's value, in snake case, to the normal form
    given: Callable[[Any], Any] | None = None  # from the option's value to what the user set of it
    merge: Callable[[Any, Any], Any] = _overlay  # from the current and the given value to the wanted one


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of resource, as data."""

    name: str  # in snake case, as in the API's operation names and in the modules' return values
    title: str  # in messages
    arn_type: str  # the word before the slash in an ARN
    fields: tuple[Field, ...]
    # Members that only the service sets, with their value once a create has finished; None: not known in advance.
    server_assigned: dict[str, Any] = field(
        default_factory=lambda: dict.fromkeys(("arn", "id", "create_time", "update_time"))
    )

    @property
    def plural(self) -> str:
        """The name of a list of such resources in options and return values."""
        return f"{self.name}s"

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """What a user can set, tags aside."""
        return tuple(each.name for each in self.fields)

    @cached_property
    def get_only(self) -> tuple[str, ...]:
        """The fields that the List operation omits."""
        return tuple(each.name for each in self.fields if each.get_only)

    @cached_property
    def create_defaults(self) -> Resource:
        """The normal form of a new resource that sets no field, once its create has finished (API reference)."""
        return {**self.server_assigned, **{each.name: each.create_default for each in self.fields}, "tags": {}}


def holds(current: Any, wanted: Any) -> bool:
    """Whether a value is the wanted one. Of a dict only what is wanted counts: the service may have added members."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return all(key in current and holds(current[key], value) for key, value in wanted.items())
    return bool(current == wanted)


# The fields, and what is special about some of them.


def normalise_handler(handler: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a review handler with both its members, or None when it has no uri: the service keeps an empty one."""
    if not handler or not handler.get("uri"):
        return None
    return {"uri": handler["uri"], "fallback_result": handler.get("fallback_result") or "ALLOW"}


def _merge_handler(current: dict[str, Any] | None, given: dict[str, Any]) -> dict[str, Any] | None:
    """Overlay the members of a handler that the user set on the current ones."""
    return normalise_handler({**(current or {}), **{key: value for key, value in given.items() if value is not None}})


def lacks_handler(given: Resource, before: Resource | None) -> bool:
    """Whether a room is given a fallback result without effect: it has no handler, and no uri says what it gets."""
    handler = given.get("message_review_handler") or {}
    existing = (before or {}).get("message_review_handler")
    return bool(handler.get("fallback_result")) and handler.get("uri") is None and not existing


def given_destination(destination: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a destination that are set (one, once it is valid)."""
    return {member: destination[member] for member in DESTINATIONS if destination.get(member) is not None}


# Each type of destination, and the one member that names it.
DESTINATIONS = {"s3": "bucket_name", "cloud_watch_logs": "log_group_name", "firehose": "delivery_stream_name"}
NO_HANDLER = "message_review_handler.fallback_result has no effect: there is no review handler, and no uri is set"
IDENTIFIERS = "logging_configuration_identifiers"
MAXIMUM_LOGGING_CONFIGURATIONS = 3
MAXIMUM_TAGS = 50
STACK_TAG = "ivschat-stack"  # marks the members of a stack, unless its ownership_tag says otherwise
TAG_KEY = Limit(1, 128, "1 to 128 characters")
TAG_VALUE = Limit(0, 256, "at most 256 characters")
ARN_LENGTH = 128

_NAME = Field(
    "name",
    argument={},
    limits={"name": Limit(0, 128, "at most 128 letters, digits, hyphens, and underscores", r"[a-zA-Z0-9-_]*")},
    create_default="",
    required_in_stack=True,
    normalise=lambda name: name or "",
)
NAME = _NAME.limits["name"]

ROOM = Kind(
    name="room",
    title="room",
    arn_type="room",
    fields=(
        _NAME,
        Field(
            "maximum_message_length",
            argument={"type": "int"},
            limits={"maximum_message_length": Limit(1, 500, "an integer from 1 to 500")},
            create_default=500,
            get_only=True,
        ),
        Field(
            "maximum_message_rate_per_second",
            argument={"type": "int"},
            limits={"maximum_message_rate_per_second": Limit(1, 100, "an integer from 1 to 100")},
            create_default=10,
            get_only=True,
        ),
        Field(
            "message_review_handler",
            argument={"type": "dict", "options": {"uri": {}, "fallback_result": {"choices": ["ALLOW", "DENY"]}}},
            limits={
                "message_review_handler.uri": Limit(
                    0,
                    170,
                    'the ARN of a Lambda function, arn:aws:lambda:<region>:<account>:function:<name>, or "" for no '
                    "handler",
                    r"|arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+",
                )
            },
            removal={"uri": ""},
            normalise=normalise_handler,
            merge=_merge_handler,
        ),
        Field(
            IDENTIFIERS,
            argument={"type": "list", "elements": "str"},
            limits={},
            create_default=[],
            stack_name="logging_configurations",
            normalise=lambda identifiers: sorted(identifiers or []),
            merge=lambda _current, given: sorted(given),
        ),
    ),
)
LOGGING_CONFIGURATION = Kind(
    name="logging_configuration",
    title="logging configuration",
    arn_type="logging-configuration",
    fields=(
        _NAME,
        Field(
            "destination_configuration",
            argument={
                "type": "dict",
                "options": {
                    "s3": {"type": "dict", "options": {"bucket_name": {"required": True}}},
                    "cloud_watch_logs": {
                        "type": "dict",
                        "options": {"log_group_name": {"required": True}},
                        "aliases": ["cloudwatch_logs"],
                    },
                    "firehose": {"type": "dict", "options": {"delivery_stream_name": {"required": True}}},
                },
            },
            limits={
                "destination_configuration.s3.bucket_name": Limit(
                    3, 63, "3 to 63 lowercase letters, digits, dots, and hyphens", r"[a-z0-9-.]+"
                ),
                "destination_configuration.cloud_watch_logs.log_group_name": Limit(
                    1,
                    512,
                    "the name (not the ARN) of a log group: 1 to 512 letters, digits, and . - _ / #",
                    r"[\.\-_/#A-Za-z0-9]+",
                ),
                "destination_configuration.firehose.delivery_stream_name": Limit(
                    1,
                    64,
                    "the name (not the ARN) of a delivery stream: 1 to 64 letters, digits, and . - _",
                    r"[a-zA-Z0-9_.-]+",
                ),
            },
            required_in_stack=True,
            given=given_destination,
        ),
    ),
    server_assigned={**dict.fromkeys(("arn", "id", "create_time", "update_time")), "state": "ACTIVE"},
)
KINDS = (LOGGING_CONFIGURATION, ROOM)  # in the order in which a stack creates them

# Options of the messaging modules, by name, with the members of the operations that they become.
MESSAGING_LIMITS = {
    "user_id": Limit(1, 128, "1 to 128 characters"),
    "session_duration": Limit(1, 180, "an integer from 1 to 180, in minutes"),
    "event_name": Limit(1, 100, "1 to 100 characters"),
    "id": Limit(12, 12, "the ID of a message, 12 letters and digits", r"[a-zA-Z0-9]+"),
    "reason": Limit(1, 256, "1 to 256 characters"),
}
# Calls per second that the service allows, for each operation of a group (Chat User Guide, service quotas).
QUOTAS: dict[str, float] = {"room": 5, "logging_configuration": 3, "tag": 10}
MESSAGING_QUOTA = 100.0
CAPABILITIES = ["SEND_MESSAGE", "DISCONNECT_USER", "DELETE_MESSAGE"]
# "The maximum length of this field is 1 KB total" (API reference): keys and values, in UTF-8.
MAXIMUM_ATTRIBUTES_BYTES = 1024


# From the API's form to the normal form and back.


def normalise(kind: Kind, answer: dict[str, Any]) -> Resource:
    """Return an API answer as the modules return it: snake case, always the same keys, ISO 8601 times, tags untouched.

    An empty handler is no handler, and an unset name, list, or tag map is an empty one: the service shows either.
    Fields that a list omits are None. Raises ValueError when a member has another type than the API reference says;
    botocore passes anything as a string.
    """
    resource = {
        **dict.fromkeys(kind.create_defaults),
        **{
            _snake_case(key): value if key == "tags" else _snake_cased(value)
            for key, value in answer.items()
            if key != "ResponseMetadata"
        },
    }
    resource["tags"] = resource["tags"] or {}
    _check_types(kind, resource)
    for each in kind.fields:
        if each.normalise:
            resource[each.name] = each.normalise(resource[each.name])
    return resource


def _check_types(kind: Kind, resource: Resource) -> None:
    """Raise ValueError for a member of another type than the API reference says."""
    if not all(isinstance(resource[name], (str, type(None))) for name in kind.server_assigned):
        raise ValueError(f"{kind.title}: one of {', '.join(kind.server_assigned)} is not a string")
    if not isinstance(resource["tags"], dict) or not all(isinstance(tag, str) for tag in resource["tags"].values()):
        raise ValueError(f"{kind.title}: tags: not a map of strings")
    for each in kind.fields:
        if not _has_type(resource[each.name], each.argument):
            raise ValueError(f"{kind.title}: {each.name}: not of type {each.argument.get('type', 'str')}")


def _has_type(value: Any, argument: dict[str, Any]) -> bool:
    """Whether a value has the type of an option, as its argument spec says; None, "not set", always has."""
    name = argument.get("type", "str")
    if value is None:
        return True
    if name == "list":
        return isinstance(value, list) and all(isinstance(element, str) for element in value)
    if name == "dict":
        options = argument["options"].items()
        return isinstance(value, dict) and all(_has_type(value.get(member), option) for member, option in options)
    return isinstance(value, {"str": str, "int": int}[name])


# amazon.aws's boto3_resource_to_ansible_dict does the same, but it copies deeply and takes each key apart every time:
# more than ten times as slow, and a stack of 1000 rooms needs it 2000 times.
@cache
def _snake_case(key: str) -> str:
    return next(iter(camel_dict_to_snake_dict({key: None})))


def _snake_cased(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake_case(key): _snake_cased(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def to_api(kind: Kind, fields: Resource) -> dict[str, Any]:
    """Return fields in the API's form; None becomes what removes the value (UpdateRoom: an empty uri)."""
    removals = {each.name: each.removal for each in kind.fields}
    return snake_dict_to_camel_dict(
        {name: removals[name] if value is None else value for name, value in fields.items()}
    )


def given_options(kind: Kind, params: dict[str, Any]) -> Resource:
    """Return the fields that the user set; None alone means "not set"."""
    return {
        each.name: each.given(params[each.name]) if each.given else params[each.name]
        for each in kind.fields
        if params.get(each.name) is not None
    }


def user_fields(kind: Kind, resource: Resource | None) -> Resource:
    """Return what a user can set of a resource, for a diff."""
    return {name: resource[name] for name in (*kind.field_names, "tags")} if resource else {}


def text_tags(tags: dict[Any, Any]) -> dict[str, str]:
    """Return tags with keys and values as strings, as the modules of amazon.aws do (true becomes "True")."""
    return {to_text(key): to_text(value) for key, value in tags.items()}


# Questions about resources.


def is_arn(identifier: str) -> bool:
    """Whether a string is meant as an ARN, known or not; a name cannot contain a colon or a parenthesis."""
    return is_known_arn(identifier) or identifier == KNOWN_AFTER_APPLY


def is_known_arn(identifier: str) -> bool:
    """Whether a string is meant as the ARN of a resource that has one already."""
    return identifier.startswith("arn:")


def attached_arns(before: Resource | None, identifiers: Iterable[str]) -> list[str]:
    """Return the ARNs, of a room's declared logging configurations, of those that it does not use yet."""
    attached = (before or {}).get(IDENTIFIERS, [])
    return [identifier for identifier in identifiers if is_known_arn(identifier) and identifier not in attached]


def has_tags(resource: Resource, tags: dict[Any, Any] | None) -> bool:
    """Whether a resource has all these tags, with these values."""
    return text_tags(tags or {}).items() <= resource["tags"].items()


def is_failed(resource: Resource) -> bool:
    """Whether a logging configuration is in one of the *_FAILED states."""
    return (resource.get("state") or "").endswith("_FAILED")


def is_deleting(resource: Resource) -> bool:
    """Whether a logging configuration is being deleted, and so counts as gone."""
    return resource.get("state") == "DELETING"


def is_changing(resource: Resource) -> bool:
    """Whether a logging configuration is being created or updated."""
    return resource.get("state") in ("CREATING", "UPDATING")


def age_order(resource: Resource) -> tuple[str, str]:
    """Key that sorts resources with the same name, oldest first; meaningful only for entries of one listing.

    Create, Get, and List may round times differently, so ages are never compared between them.
    """
    return (resource["create_time"] or "", resource["arn"])


def older_than(arn: str, listed: Iterable[Resource]) -> list[Resource]:
    """Return what stays, of resources of one name, rather than the one with this ARN; oldest first.

    `listed` are entries of one listing (see `age_order`); of two with the same time the one with the smaller ARN stays.
    Empty for the one that stays itself, and for one that is not listed.
    """
    ordered = sorted(listed, key=age_order)
    arns = [resource["arn"] for resource in ordered]
    return ordered[: arns.index(arn)] if arn in arns else []


def may_tie(listed: Iterable[Resource]) -> bool:
    """Whether others may have the same create time in this listing: no entry shows more than whole seconds."""
    return all("." not in (resource["create_time"] or "") for resource in listed)


def describe(resources: Iterable[Resource]) -> str:
    """Return ARNs with create times, oldest first, for a message."""
    return ", ".join(
        f"{resource['arn']} (created {resource['create_time']})" for resource in sorted(resources, key=age_order)
    )
