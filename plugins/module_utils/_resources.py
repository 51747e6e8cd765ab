# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What rooms and logging configurations look like: their fields, limits and normal form. Pure; private."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible.module_utils.common.text.converters import to_text

# Regions that offer the service (AWS General Reference, "Amazon IVS endpoints"). Only a short cut: a region that is
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
    rule: str  # what a user reads, after "it must be"
    pattern: str | None = None

    def accepts(self, value: Any) -> bool:
        """Whether a number lies within the limits, or a text has as many code points and the right characters."""
        if isinstance(value, bool):
            return False
        size = value if isinstance(value, int) else len(value)
        return self.minimum <= size <= self.maximum and (
            self.pattern is None or re.fullmatch(self.pattern, value) is not None
        )


NAME = Limit(0, 128, "at most 128 letters, digits, hyphens and underscores", r"[a-zA-Z0-9-_]*")
LIMITS = {
    "name": NAME,
    "maximum_message_length": Limit(1, 500, "a whole number from 1 to 500"),
    "maximum_message_rate_per_second": Limit(1, 100, "a whole number from 1 to 100"),
    "message_review_handler.uri": Limit(
        0,
        170,
        'the ARN of a Lambda function, arn:aws:lambda:<region>:<account>:function:<name>, or "" for no handler',
        r"|arn:aws:lambda:[a-z0-9-]+:[0-9]{12}:function:.+",
    ),
    "destination_configuration.s3.bucket_name": Limit(
        3, 63, "3 to 63 lower-case letters, digits, dots and hyphens", r"[a-z0-9-.]+"
    ),
    "destination_configuration.cloud_watch_logs.log_group_name": Limit(
        1, 512, "the name (not the ARN) of a log group: 1 to 512 letters, digits and . - _ / #", r"[\.\-_/#A-Za-z0-9]+"
    ),
    "destination_configuration.firehose.delivery_stream_name": Limit(
        1, 64, "the name (not the ARN) of a delivery stream: 1 to 64 letters, digits and . - _", r"[a-zA-Z0-9_.-]+"
    ),
}
MAXIMUM_LOGGING_CONFIGURATIONS = 3
MAXIMUM_TAGS = 50
TAG_KEY = Limit(1, 128, "1 to 128 characters")
TAG_VALUE = Limit(0, 256, "at most 256 characters")
ARN_LENGTH = 128


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of resource, as data."""

    name: str  # in snake case, as in the API's operation names and in the modules' returns
    title: str  # in messages
    arn_type: str  # the word before the slash in an ARN
    fields: tuple[str, ...]  # what a user can set, tags aside
    created: dict[str, Any]  # what a create gives to a field that is not set (API reference, CreateRoom)
    unlisted: tuple[str, ...] = ()  # fields that List leaves out and Get answers
    assigned: tuple[str, ...] = ("arn", "id", "create_time", "update_time")  # by the service


ROOM = Kind(
    name="room",
    title="room",
    arn_type="room",
    fields=(
        "name",
        "maximum_message_length",
        "maximum_message_rate_per_second",
        "message_review_handler",
        "logging_configuration_identifiers",
    ),
    created={
        "name": "",
        "maximum_message_length": 500,
        "maximum_message_rate_per_second": 10,
        "message_review_handler": None,
        "logging_configuration_identifiers": [],
    },
    unlisted=("maximum_message_length", "maximum_message_rate_per_second"),
)
LOGGING_CONFIGURATION = Kind(
    name="logging_configuration",
    title="logging configuration",
    arn_type="logging-configuration",
    fields=("name", "destination_configuration"),
    created={"name": "", "destination_configuration": None, "state": "ACTIVE"},
)


def normalise(kind: Kind, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an API answer as the modules show it: snake case, always the same keys, ISO 8601 times, tags untouched.

    A handler without a uri is no handler, and an unset name, list or tag map is an empty one (facts, sections 4.1
    and 10). Fields that a list leaves out are None.
    """
    resource = {
        _snake_case(key): value if key == "tags" else _snake_cased(value)
        for key, value in answer.items()
        if key != "ResponseMetadata"
    }
    keys = dict.fromkeys((*kind.assigned, *kind.created))
    resource = {**keys, **resource, "name": resource.get("name") or "", "tags": resource.get("tags") or {}}
    if kind is ROOM:
        handler = resource["message_review_handler"]
        resource["message_review_handler"] = normal_handler(handler)
        resource["logging_configuration_identifiers"] = sorted(resource["logging_configuration_identifiers"] or [])
    return resource


# amazon.aws's boto3_resource_to_ansible_dict does the same, but copies deeply and takes each key apart again: more than
# ten times as slow, and a stack of 1000 rooms needs it 2000 times.
@cache
def _snake_case(key: str) -> str:
    return next(iter(camel_dict_to_snake_dict({key: None})))


def _snake_cased(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake_case(key): _snake_cased(inner) for key, inner in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def normal_handler(handler: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a review handler with both its parts, or None when it has no uri."""
    if not handler or not handler.get("uri"):
        return None
    return {"uri": handler["uri"], "fallback_result": handler.get("fallback_result") or "ALLOW"}


def request(fields: dict[str, Any]) -> dict[str, Any]:
    """Return fields in the API's form; a handler of None becomes the empty uri that removes it (UpdateRoom)."""
    wire = {
        key: {"uri": ""} if key == "message_review_handler" and not value else value for key, value in fields.items()
    }
    return snake_dict_to_camel_dict(wire)


def given_options(kind: Kind, params: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that the user set, in normal form; None alone means "not set"."""
    given = {field: params[field] for field in kind.fields if params.get(field) is not None}
    if "destination_configuration" in given:
        given["destination_configuration"] = chosen_destination(given["destination_configuration"])
    return given


def chosen_destination(destination: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a destination that are set (one, once it is valid)."""
    return {member: destination[member] for member in DESTINATIONS if destination.get(member) is not None}


DESTINATIONS = {"s3": "bucket_name", "cloud_watch_logs": "log_group_name", "firehose": "delivery_stream_name"}


def text_tags(tags: dict[Any, Any]) -> dict[str, str]:
    """Return tags with keys and values as text, as the modules of amazon.aws do (true becomes "True")."""
    return {to_text(key): to_text(value) for key, value in tags.items()}


# Validation. Each function returns the faults it finds, as texts that name the option, the value and the rule;
# `place` is put before the option's name (a list entry of a larger declaration).


def limit_fault(option: str, value: Any, limit: Limit) -> list[str]:
    """Check one value against one limit."""
    if value is None or limit.accepts(value):
        return []
    shown = (
        repr(value) if isinstance(value, int) or len(value) <= 64 else f"{value[:61]!r}... ({len(value)} characters)"
    )
    return [f"{option}: {shown} is not valid, it must be {limit.rule}"]


def arn_fault(option: str, arn: str, kind: Kind, region: str | None) -> list[str]:
    """Check that an ARN is one of this kind of resource and lies in the region of the client, when that is known."""
    expected = f"arn:aws:ivschat:<region>:<account>:{kind.arn_type}/<id>"
    parts = re.fullmatch(rf"arn:aws:ivschat:([a-z0-9-]+):[0-9]+:{kind.arn_type}/[a-zA-Z0-9-]+", arn)
    if parts is None or len(arn) > ARN_LENGTH:
        return [f"{option}: {arn!r} is not valid, it must be the ARN of a {kind.title}, {expected}"]
    if region and parts[1] != region:
        return [f"{option}: {arn!r} lies in region {parts[1]}, it must lie in the region of this task, {region}"]
    return []


def tag_faults(tags: dict[Any, Any] | None, place: str = "", as_filter: bool = False) -> list[str]:
    """Check tags: at most 50, key 1..128, value 0..256 code points (API reference), no null, no "aws:" keys.

    A filter may name the tags that AWS keeps for itself, a declaration may not.
    """
    option = "tags"
    faults = []
    if tags is not None and len(tags) > MAXIMUM_TAGS:
        faults.append(f"{place}{option}: {len(tags)} tags are too many, there must be at most {MAXIMUM_TAGS}")
    for key, value in (tags or {}).items():
        text = to_text(key)
        where = f"{place}{option}[{text[:64]!r}]"
        if text.lower().startswith("aws:") and not as_filter:
            faults.append(f'{where}: the key is not valid, it must not start with "aws:", which AWS keeps for itself')
        if not TAG_KEY.accepts(text):
            faults.append(f"{where}: the key has {len(text)} characters, it must have {TAG_KEY.rule}")
        if value is None or isinstance(value, (dict, list)):
            shown = "null" if value is None else repr(value)
            faults.append(f'{where}: {shown} is not valid, it must be a text (use "" for an empty value)')
        elif not TAG_VALUE.accepts(to_text(value)):
            faults.append(f"{where}: the value has {len(to_text(value))} characters, it must have {TAG_VALUE.rule}")
    return faults


def destination_faults(destination: dict[str, Any] | None, place: str = "") -> list[str]:
    """Check that a destination has exactly one member, with a valid name."""
    if destination is None:
        return []
    option = f"{place}destination_configuration"
    chosen = chosen_destination(destination)
    if len(chosen) != 1:
        found = " and ".join(chosen) or "none"
        return [f"{option}: {found} given, it must have exactly one of {', '.join(DESTINATIONS)}"]
    (member, inner) = next(iter(chosen.items()))
    path = f"destination_configuration.{member}.{DESTINATIONS[member]}"
    return limit_fault(f"{place}{path}", inner.get(DESTINATIONS[member]), LIMITS[path])


def handler_faults(option: str, uri: str | None, region: str | None) -> list[str]:
    """Check a handler's uri; its Lambda function must be of the room's region (user guide, message review handler)."""
    faults = limit_fault(option, uri, LIMITS["message_review_handler.uri"])
    if uri and region and not faults and uri.split(":")[3] != region:
        faults = [f"{option}: {uri!r} lies in region {uri.split(':')[3]}, it must lie in the room's region, {region}"]
    return faults


def identifier_faults(identifiers: list[str] | None, region: str | None, option: str) -> list[str]:
    """Check a room's logging configurations: at most 3, each an ARN or a name, none twice."""
    if identifiers is None:
        return []
    faults = []
    if len(identifiers) > MAXIMUM_LOGGING_CONFIGURATIONS:
        faults.append(
            f"{option}: {len(identifiers)} entries are too many, there must be at most {MAXIMUM_LOGGING_CONFIGURATIONS}"
        )
    for position, identifier in enumerate(identifiers):
        faults += identifier_fault(f"{option}[{position}]", identifier, region)
    return faults + repetition_faults(identifiers, option)


def repetition_faults(identifiers: list[str], option: str) -> list[str]:
    """Check that no entry is there twice."""
    return [
        f"{option}[{position}]: {identifier!r} is there twice, each entry must be given once"
        for position, identifier in enumerate(identifiers)
        if identifier in identifiers[:position]
    ]


def identifier_fault(option: str, identifier: str, region: str | None, kind: Kind = LOGGING_CONFIGURATION) -> list[str]:
    """Check one resource that is given by its ARN or by its name."""
    if is_arn(identifier):
        return arn_fault(option, identifier, kind, region)
    if identifier and NAME.accepts(identifier):
        return []
    return [f"{option}: {identifier!r} is not valid, it must be the ARN or the name of a {kind.title}"]


def is_arn(identifier: str) -> bool:
    """Whether a text is meant as an ARN; a name cannot contain a colon."""
    return identifier.startswith("arn:")


def faults(kind: Kind, params: dict[str, Any], region: str | None, place: str = "") -> list[str]:
    """Check every option of a declaration of this kind; return all faults."""
    found = arn_fault(f"{place}arn", params["arn"], kind, region) if params.get("arn") is not None else []
    for option in ("name", "maximum_message_length", "maximum_message_rate_per_second"):
        found += limit_fault(f"{place}{option}", params.get(option), LIMITS[option])
    handler = params.get("message_review_handler") or {}
    found += handler_faults(f"{place}message_review_handler.uri", handler.get("uri"), region)
    found += identifier_faults(
        params.get("logging_configuration_identifiers"), region, f"{place}logging_configuration_identifiers"
    )
    found += destination_faults(params.get("destination_configuration"), place)
    return found + tag_faults(params.get("tags"), place)


def filter_faults(kind: Kind, params: dict[str, Any], region: str | None) -> list[str]:
    """Check the filters that both info modules have."""
    found = limit_fault("name", params["name"], NAME)
    for position, arn in enumerate(params["arns"] or []):
        found += arn_fault(f"arns[{position}]", arn, kind, region)
    return found + tag_faults(params["tags"], as_filter=True)


def has_tags(resource: dict[str, Any], tags: dict[Any, Any] | None) -> bool:
    """Whether a resource has all these tags, with these values."""
    return text_tags(tags or {}).items() <= resource["tags"].items()
