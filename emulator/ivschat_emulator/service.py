# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the operations behave: the rooms, logging configurations and tokens of one account in one region.

Sources: the API reference, the Chat User Guide, and recorded responses of the real service (see README.md). Where those
are silent, a comment says "choice", and a client must not rely on it.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import hmac
import json
import random
import secrets
import string
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from botocore import xform_name

from .service_model import ServiceError, is_write, short_id, validation_exception
from .settings import SETTINGS

ROOM, LOGGING_CONFIGURATION = "room", "logging-configuration"
MAX_TAGS = 50
MAX_ATTRIBUTES_BYTES = 1024

# Actions that the caller needs besides ivschat:<Operation>: those under "" always, the others when the member is given
# (service authorization reference; Chat User Guide, chat logging).
DEPENDENT_ACTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "CreateRoom": {"tags": ("ivschat:TagResource",)},
    "CreateLoggingConfiguration": {
        "": ("logs:CreateLogDelivery",),
        "tags": ("ivschat:TagResource",),
        "cloudWatchLogs": ("logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
        "s3": ("s3:GetBucketPolicy", "s3:PutBucketPolicy"),
        "firehose": ("iam:CreateServiceLinkedRole", "firehose:TagDeliveryStream"),
    },
    "UpdateLoggingConfiguration": {"": ("logs:UpdateLogDelivery", "logs:GetLogDelivery")},
    "DeleteLoggingConfiguration": {"": ("logs:DeleteLogDelivery", "logs:GetLogDelivery")},
}
# The resources of these actions; the logs actions have none.
_DEPENDENT_RESOURCES = {
    "ivschat": "arn:aws:ivschat:{region}:{account}:{kind}/new",
    "s3": "arn:aws:s3:::{name}",
    "firehose": "arn:aws:firehose:{region}:{account}:deliverystream/{name}",
    "iam": "arn:aws:iam::{account}:role/aws-service-role/delivery.logs.amazonaws.com/AWSServiceRoleForLogDelivery",
    "logs": "*",
}

# What a member that has no value can look like in a response, by the kind of resource.
_EMPTY_MEMBERS: dict[str, dict[str, Any]] = {
    ROOM: {
        "name": "",
        "messageReviewHandler": {"uri": "", "fallbackResult": "ALLOW"},
        "loggingConfigurationIdentifiers": [],
    },
    LOGGING_CONFIGURATION: {"name": ""},
}
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_PAGE_KEY = secrets.token_bytes(16)


class OtherServices(Protocol):
    """The other services of the same account and region, as far as this service looks into them."""

    def has_bucket(self, name: str) -> bool:
        """Whether an S3 bucket of this name is in the region."""

    def has_log_group(self, name: str) -> bool:
        """Whether there is a CloudWatch Logs log group of this name."""

    def has_delivery_stream(self, name: str) -> bool:
        """Whether there is a Firehose delivery stream of this name."""

    def lambda_policy(self, function_arn: str) -> list[dict[str, Any]]:
        """The statements of a Lambda function's resource policy; an empty list when there is no such function."""


def dependent_actions(operation: str, parameters: dict[str, Any], account: str, region: str) -> list[tuple[str, str]]:
    """The (action, resource) besides ivschat:<operation> that the caller of this call must be allowed."""
    destination = parameters.get("destinationConfiguration")
    destination = destination if isinstance(destination, dict) else {}
    names = [name for named in destination.values() if isinstance(named, dict) for name in named.values()]
    about = {
        "account": account,
        "region": region,
        "kind": ROOM if operation == "CreateRoom" else LOGGING_CONFIGURATION,
        "name": next(iter(names), ""),
    }
    given = {"", *destination, *(["tags"] if parameters.get("tags") else [])}
    return [
        (action, _DEPENDENT_RESOURCES[action.partition(":")[0]].format(**about))
        for key, actions in DEPENDENT_ACTIONS.get(operation, {}).items()
        if key in given
        for action in actions
    ]


class _Clock:
    """UTC in whole milliseconds, strictly increasing in this process, so that "newest first" is a total order."""

    def __init__(self) -> None:
        self._last, self._lock = datetime.min.replace(tzinfo=timezone.utc), threading.Lock()

    def __call__(self) -> datetime:
        with self._lock:
            now = datetime.now(timezone.utc)
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            self._last = max(now, self._last + timedelta(milliseconds=1))
            return self._last


now = _Clock()


class _Countdown:
    """A period of N reads or S seconds, as the settings give it."""

    def __init__(self, period: dict[str, Any]) -> None:
        self._reads: int | None = period.get("reads")
        self._until = time.monotonic() + period.get("seconds", 0)
        self._seen = 0

    def covers_read(self, count: bool) -> bool:
        """Whether a read falls into the period; `count` False for the later pages of a listing already counted."""
        if self._reads is None:
            return time.monotonic() < self._until
        self._seen += count
        return self._seen <= self._reads

    def is_over(self) -> bool:
        """Whether the next read would be past the period."""
        return time.monotonic() >= self._until if self._reads is None else self._seen >= self._reads


@dataclass
class Resource:
    """A room or logging configuration: its current state, and older states that reads return while they lag.

    `unseen`: the period after its creation in which writes do not find it.
    """

    fields: dict[str, Any] | None = None
    transition: tuple[_Countdown, str | None] | None = None
    stale: dict[str, list[tuple[dict[str, Any] | None, _Countdown]]] = field(
        default_factory=lambda: {"get": [], "list": []}
    )
    unseen: _Countdown | None = None

    def write(self, fields: dict[str, Any] | None) -> None:
        """Set a new state (None: deleted); reads return the old one, and writes miss a new one, as `lag` says."""
        for view, period in SETTINGS["lag"].items():
            if view in self.stale:
                self.stale[view].append((self.fields, _Countdown(period)))
            elif self.fields is None:
                self.unseen = _Countdown(period)
        self.fields = fields

    def read(self, view: str, count: bool = True) -> dict[str, Any] | None:
        """The state that a Get or a List returns, if any. Each write lags for a period of its own."""
        self.stale[view] = [pair for pair in self.stale[view] if pair[1].covers_read(count)]
        if self.stale[view]:
            return self.stale[view][0][0]
        if self.transition and not self.transition[0].covers_read(count):
            self._end_transition()
        return self.fields

    def is_unseen(self) -> bool:
        """Whether it is so new that writes do not find it; each call that asks counts."""
        return self.unseen is not None and self.unseen.covers_read(True)

    def start_transition(self, name: str, fields: dict[str, Any]) -> None:
        """Write `fields` and go through CREATING, UPDATING or DELETING to the end that the settings ask for."""
        end: str | None = None if name == "DELETE" else "ACTIVE"
        if name in SETTINGS["failing_transitions"]:
            SETTINGS["failing_transitions"].remove(name)
            end = f"{name}_FAILED"
        if SETTINGS["transitions"]:
            self.write({**fields, "state": f"{name[:-1]}ING"})
            self.transition = _Countdown(SETTINGS["transitions"]), end
        else:
            self.write({**fields, "state": end} if end else None)
            self.transition = None

    def current_fields(self) -> dict[str, Any] | None:
        """The state that writes act on, even while reads return an older one."""
        if self.transition and self.transition[0].is_over():
            self._end_transition()
        return self.fields

    def is_gone(self) -> bool:
        """Deleted, and no read returns it any more."""
        return self.current_fields() is None and not any(self.stale.values())

    def _end_transition(self) -> None:
        end = self.transition[1] if self.transition else None
        self.fields = {**(self.fields or {}), "state": end} if end else None
        self.transition = None


class IvsChat:
    """The service in one account and region. A method for each operation: parameters to members of the output."""

    def __init__(self, account: str, region: str, others: OtherServices) -> None:
        self._account, self._region, self._others = account, region, others
        self._resources: dict[str, dict[str, Resource]] = {ROOM: {}, LOGGING_CONFIGURATION: {}}
        self._tokens: dict[str, dict[str, Any]] = {}

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Carry out an operation whose parameters have passed the model's checks."""
        if is_write(operation):
            _check_tags(parameters.get("tags", {}))
            _check_attributes(parameters.get("attributes", {}))
        method: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, xform_name(operation))
        return method(parameters)

    def arns_for_names(self, operation: str, parameters: dict[str, Any]) -> dict[str, str]:
        """The ARNs for parameters that name a resource; of several of one name, the one updated last."""
        arns = {}
        for member in ("identifier", "roomIdentifier", "resourceArn"):
            name = parameters.get(member)
            if not isinstance(name, str) or name.startswith("arn:"):
                continue
            kinds = [LOGGING_CONFIGURATION if "LoggingConfiguration" in operation else ROOM]
            if member == "resourceArn":
                kinds = [ROOM, LOGGING_CONFIGURATION]
            current = [item.current_fields() or {} for kind in kinds for item in self._resources[kind].values()]
            found = [fields for fields in current if fields.get("name") == name]
            if not found:
                raise _not_found(name)
            arns[member] = max(found, key=lambda fields: fields["updateTime"])["arn"]
        return arns

    # Rooms

    def create_room(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._check_limit(ROOM, "rooms")
        arn = self._new_arn(ROOM)
        room = {"maximumMessageLength": 500, "maximumMessageRatePerSecond": 10, "tags": {}}
        room |= self._room_changes(arn, parameters, attached=[], not_active="ConflictException")
        room |= {"tags": dict(parameters.get("tags", {}))}
        created = now()
        room |= {"arn": arn, "id": short_id(arn), "createTime": created, "updateTime": created}
        self._add(ROOM, arn).write(room)
        return _to_output(room, "write")

    def get_room(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._read(ROOM, parameters["identifier"])

    def update_room(self, parameters: dict[str, Any]) -> dict[str, Any]:
        resource, room = self._find(ROOM, parameters["identifier"])
        attached = room.get("loggingConfigurationIdentifiers", [])
        changes = self._room_changes(room["arn"], parameters, attached, not_active="ValidationException")
        room = {**room, **changes, "updateTime": now()}  # Choice: an update that changes nothing sets it too.
        resource.write(room)
        return _to_output(room, "write")

    def delete_room(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._find(ROOM, parameters["identifier"])[0].write(None)
        return {}

    def list_rooms(self, parameters: dict[str, Any]) -> dict[str, Any]:
        def matches(room: dict[str, Any]) -> bool:
            # Choice: filters are exact, an unknown logging configuration matches no room.
            handler = room.get("messageReviewHandler", {})
            return (
                parameters.get("name") in (None, room.get("name", ""))
                and parameters.get("messageReviewHandlerUri") in (None, handler.get("uri", ""))
                and parameters.get("loggingConfigurationIdentifier")
                in (None, *room.get("loggingConfigurationIdentifiers", []))
            )

        return self._page(ROOM, "rooms", parameters, matches)

    def _room_changes(
        self, arn: str, parameters: dict[str, Any], attached: list[str], not_active: str
    ) -> dict[str, Any]:
        limits = ("maximumMessageLength", "maximumMessageRatePerSecond")
        changes = _pick(parameters, "name", *limits, "loggingConfigurationIdentifiers")
        if "messageReviewHandler" in parameters:
            # Choice: a handler is replaced as a whole, and members not given get their defaults. The default of
            # fallbackResult is ALLOW; {"uri": ""} removes the handler (API reference, UpdateRoom).
            handler = {"uri": "", "fallbackResult": "ALLOW", **parameters["messageReviewHandler"]}
            if handler["uri"] and not self.may_invoke(handler["uri"], arn):
                raise validation_exception([("messageReviewHandler.uri", "invalid lambda permission")])
            changes["messageReviewHandler"] = handler
        wanted = changes.get("loggingConfigurationIdentifiers", [])
        if len(set(wanted)) < len(wanted):  # Choice: CloudFormation's schema says uniqueItems.
            raise validation_exception([("loggingConfigurationIdentifiers", "must not contain duplicates")])
        for identifier in wanted:
            try:
                _resource, configuration = self._find(LOGGING_CONFIGURATION, identifier)
            except ServiceError:
                raise _refusal("unknown_logging_configuration", "loggingConfigurationIdentifiers", identifier) from None
            if configuration["state"] != "ACTIVE" and identifier not in attached:
                if not_active == "ValidationException":  # The only one of the two that UpdateRoom models.
                    raise validation_exception([("loggingConfigurationIdentifiers", "must be in state ACTIVE")])
                raise _conflict(identifier, f"is in state {configuration['state']}")
        return changes

    def may_invoke(self, function_arn: str, room_arn: str) -> bool:
        """Whether the resource policy of a Lambda function permits its use as a room's review handler."""
        region, account = function_arn.split(":")[3:5]
        if (region, account) != (self._region, self._account):
            return False
        context = {"aws:sourceaccount": self._account, "aws:sourcearn": room_arn}
        policy = self._others.lambda_policy(function_arn)  # AddPermission makes statements that allow, no others
        return any(_statement_matches(statement, context) for statement in policy)

    # Logging configurations

    def create_logging_configuration(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._check_limit(LOGGING_CONFIGURATION, "logging_configurations")
        self._check_destination(parameters["destinationConfiguration"])
        arn = self._new_arn(LOGGING_CONFIGURATION)
        configuration = _pick(parameters, "name", "destinationConfiguration")
        configuration |= {"tags": dict(parameters.get("tags", {})), "arn": arn, "id": short_id(arn)}
        # A recorded response to a create has two different times (README.md).
        configuration |= {"createTime": now(), "updateTime": now()}
        self._add(LOGGING_CONFIGURATION, arn).start_transition("CREATE", configuration)
        return _to_output(
            {**configuration, "state": "ACTIVE"}, "write"
        )  # The only state that this response has in the model.

    def get_logging_configuration(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._read(LOGGING_CONFIGURATION, parameters["identifier"])

    def update_logging_configuration(self, parameters: dict[str, Any]) -> dict[str, Any]:
        resource, configuration = self._find(LOGGING_CONFIGURATION, parameters["identifier"], settled=True)
        if configuration["state"].endswith("_FAILED") and SETTINGS["refuse_update_of_failed"]:
            raise _conflict(configuration["arn"], f"is in state {configuration['state']}")
        changes = _pick(parameters, "name", "destinationConfiguration")
        if "destinationConfiguration" in changes:
            self._check_destination(changes["destinationConfiguration"])
        configuration = {**configuration, **changes, "updateTime": now()}
        resource.start_transition("UPDATE", configuration)
        return _to_output({**configuration, "state": "ACTIVE"}, "write")

    def delete_logging_configuration(self, parameters: dict[str, Any]) -> dict[str, Any]:
        resource, configuration = self._find(LOGGING_CONFIGURATION, parameters["identifier"], settled=True)
        for room in self._resources[ROOM].values():
            fields = room.current_fields() or {}
            attached = configuration["arn"] in fields.get("loggingConfigurationIdentifiers", [])
            if attached and SETTINGS["refusals"]["logging_configuration_in_use"]:
                why = f"is associated with room {fields['arn']}"
                raise _refusal("logging_configuration_in_use", "identifier", configuration["arn"], why)
        resource.start_transition("DELETE", configuration)
        return {}

    def list_logging_configurations(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._page(LOGGING_CONFIGURATION, "loggingConfigurations", parameters, lambda configuration: True)

    def _check_destination(self, destination: dict[str, Any]) -> None:
        # "must exist before creating the logging configuration" (Chat User Guide, chat logging). Choice: 404 if not.
        checks = {
            "s3": self._others.has_bucket,
            "cloudWatchLogs": self._others.has_log_group,
            "firehose": self._others.has_delivery_stream,
        }
        [(kind, named)] = destination.items()
        [name] = named.values()
        if not checks[kind](name):
            raise _refusal("unknown_destination", "destinationConfiguration", name)

    # Tags

    def tag_resource(self, parameters: dict[str, Any]) -> dict[str, Any]:
        resource, fields = self._find_by_arn(parameters["resourceArn"])
        tags = {**fields["tags"], **parameters["tags"]}
        if len(tags) > MAX_TAGS:
            raise validation_exception([("tags", f"a resource has at most {MAX_TAGS} tags")])
        resource.write(_with_tags(fields, tags))
        return {}

    def untag_resource(self, parameters: dict[str, Any]) -> dict[str, Any]:
        _check_tags(parameters["tagKeys"], "tagKeys")
        resource, fields = self._find_by_arn(parameters["resourceArn"])
        kept = {key: value for key, value in fields["tags"].items() if key not in parameters["tagKeys"]}
        resource.write(_with_tags(fields, kept))
        return {}

    def list_tags_for_resource(self, parameters: dict[str, Any]) -> dict[str, Any]:
        arn = parameters["resourceArn"]
        return self._read(_kind_of(arn), arn)

    # Messaging. What is said here reaches clients by messaging.py; in one process with moto there are none.

    def create_chat_token(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._find(ROOM, parameters["roomIdentifier"])
        created, token = now(), secrets.token_urlsafe(96)
        session = parameters.get("sessionDurationInMinutes", 60) * timedelta(seconds=SETTINGS["session_minute"])
        lifetime = timedelta(seconds=SETTINGS["token_lifetime"])
        times = {"tokenExpirationTime": created + lifetime, "sessionExpirationTime": created + session}
        self._tokens[token] = {
            "roomArn": parameters["roomIdentifier"],
            "userId": parameters["userId"],
            "capabilities": parameters.get("capabilities", []),
            "attributes": parameters.get("attributes", {}),
            **times,
        }
        return {"token": token, **times}

    def verify_token(self, token: str) -> dict[str, Any] | None:
        """What a token was created for; None when it is unknown, used, too old to connect, or its room is deleted."""
        claims = self._tokens.get(token)
        if not claims or claims["tokenExpirationTime"] < datetime.now(timezone.utc):
            return None
        return claims if self.room(claims["roomArn"]) else None

    def use_token(self, token: str) -> dict[str, Any] | None:
        """What a token was created for, once: it connects one client (Chat User Guide)."""
        claims = self.verify_token(token)
        if claims:
            del self._tokens[token]
        return claims

    def room(self, arn: str) -> dict[str, Any] | None:
        """The current state of a room; None when there is no such room."""
        resource = self._resources[ROOM].get(arn)
        return resource.current_fields() if resource else None

    def logging_configurations_of(self, room: dict[str, Any]) -> list[dict[str, Any]]:
        """The current state of a room's logging configurations."""
        arns = room.get("loggingConfigurationIdentifiers", [])
        resources = [self._resources[LOGGING_CONFIGURATION].get(arn) for arn in arns]
        return [fields for resource in resources if resource and (fields := resource.current_fields())]

    def send_event(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._find(ROOM, parameters["roomIdentifier"])
        return {"id": _new_id()}

    def delete_message(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._find(ROOM, parameters["roomIdentifier"])
        return {"id": _new_id()}  # "Operation identifier, generated by Amazon IVS Chat", not the message's.

    def disconnect_user(self, parameters: dict[str, Any]) -> dict[str, Any]:
        self._find(ROOM, parameters["roomIdentifier"])
        return {}

    # Common to the operations

    def _new_arn(self, kind: str) -> str:
        # The model's patterns know the partition "aws" only.
        return f"arn:aws:ivschat:{self._region}:{self._account}:{kind}/{_new_id()}"

    def _add(self, kind: str, arn: str) -> Resource:
        return self._resources[kind].setdefault(arn, Resource())

    def _check_limit(self, kind: str, setting: str) -> None:
        limit = SETTINGS["limits"][setting]
        if sum(resource.current_fields() is not None for resource in self._resources[kind].values()) >= limit:
            message = f"You have reached the limit of {limit} {setting.replace('_', ' ')}"
            raise ServiceError("ServiceQuotaExceededException", message, limit=limit)

    def _find(self, kind: str, arn: str, settled: bool = False) -> tuple[Resource, dict[str, Any]]:
        """The resource that a write acts on; `settled`: refuse one in transition (API reference, ConflictException)."""
        resource = self._resources[kind].get(arn)
        fields = resource.current_fields() if resource else None
        if resource is None or fields is None or resource.is_unseen():
            raise _not_found(arn)
        if settled and resource.transition:
            raise _conflict(arn, f"is in state {fields['state']}")
        return resource, fields

    def _find_by_arn(self, arn: str) -> tuple[Resource, dict[str, Any]]:
        return self._find(_kind_of(arn), arn)

    def _read(self, kind: str, arn: str) -> dict[str, Any]:
        resource = self._resources[kind].get(arn)
        fields = resource.read("get") if resource else None
        if fields is None:
            raise _not_found(arn)
        return _to_output(fields, "get")

    def _page(
        self, kind: str, member: str, parameters: dict[str, Any], matches: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """One page, sorted by _sort_key. The token marks the last item shown, sealed with the call's filters."""
        filters = {name: value for name, value in parameters.items() if name not in ("nextToken", "maxResults")}
        scope = json.dumps([self._account, self._region, kind, filters], sort_keys=True)
        token = parameters.get("nextToken", "")
        before = _open_page_token(token, scope) if token else "~"
        found = []
        for arn, resource in list(self._resources[kind].items()):
            fields = resource.read("list", count=not token)
            if fields is not None and matches(fields):
                found.append((_sort_key(kind, fields), fields))
            elif resource.is_gone():
                del self._resources[kind][arn]
        found = sorted((item for item in found if item[0] < before), key=lambda item: item[0], reverse=True)
        size = min(parameters.get("maxResults", 50), SETTINGS["page_size"])
        page: dict[str, Any] = {member: [_to_output(fields, "list") for _key, fields in found[:size]]}
        if len(found) > size:
            page["nextToken"] = _page_token(found[size - 1][0], scope)
        if token and SETTINGS["repeat_next_token"]:
            page["nextToken"] = token
        return page


def _new_id() -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=12))


def _pick(parameters: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: parameters[name] for name in names if name in parameters}


def _kind_of(arn: str) -> str:
    return arn.split(":")[5].partition("/")[0]


def _to_output(fields: dict[str, Any], view: str) -> dict[str, Any]:
    """The members of a response to a write, a Get or a List, as the settings want them shown."""
    shown = dict(fields)
    for member, empty in _EMPTY_MEMBERS[_kind_of(fields["arn"])].items():
        value = fields.get(member, empty)
        how = SETTINGS["unset_members"][member]
        if value.get("uri") if isinstance(value, dict) else value:
            continue
        if how == "absent":
            shown.pop(member, None)
        elif how == "empty":
            shown[member] = value
    how_times = SETTINGS["times"].get(view, {})
    return {**shown, **{name: _shown_time(fields[name], **how_times) for name in ("createTime", "updateTime")}}


def _shown_time(moment: datetime, offset: float = 0, unit: float = 0.001) -> datetime:
    """`moment` moved by `offset` seconds, then rounded down to whole `unit`s of seconds."""
    since = moment - _EPOCH + timedelta(seconds=offset)
    return _EPOCH + since - since % timedelta(seconds=unit)


def _sort_key(kind: str, fields: dict[str, Any]) -> str:
    """What lists are sorted by, in descending order."""
    if kind == LOGGING_CONFIGURATION and SETTINGS["logging_configurations_by"] == "arn":
        return str(fields["arn"])
    return str(fields["updateTime"].isoformat(timespec="milliseconds"))


def _with_tags(fields: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    touched = {"updateTime": now()} if SETTINGS["tags_set_update_time"] else {}
    return {**fields, "tags": tags, **touched}


def _not_found(identifier: str) -> ServiceError:
    name = short_id(identifier)
    return ServiceError("ResourceNotFoundException", f"Resource: {name} not found", resourceId=name)


def _conflict(arn: str, why: str) -> ServiceError:
    return ServiceError("ConflictException", f"Resource: {short_id(arn)} {why}", resourceId=short_id(arn))


def _refusal(case: str, member: str, identifier: str, why: str = "must exist") -> ServiceError:
    """The error that the settings want for a case in which the documents leave it open."""
    code = SETTINGS["refusals"][case]
    if code == "ResourceNotFoundException":
        return _not_found(identifier)
    return _conflict(identifier, why) if code == "ConflictException" else validation_exception([(member, why)])


def _check_tags(tags: Any, member: str = "tags") -> None:
    """Refuse what the model allows in tags, or in a list of tag keys, and AWS does not."""
    if any(key.lower().startswith("aws:") for key in tags):
        raise validation_exception([(member, "keys must not start with aws:")])
    if SETTINGS["tag_characters"] == "documented":
        texts = [*tags, *(tags.values() if isinstance(tags, dict) else ())]
        # Letters, numbers and spaces of all languages (AWS, tag naming limits).
        if not all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LNZ" for text in texts for c in text):
            raise validation_exception([(member, "must have only letters, digits, spaces and _ . : / = + - @")])


def attributes_size(attributes: dict[str, str]) -> int:
    """The size in bytes of the keys and values, in UTF-8."""
    return sum(len(text.encode()) for item in attributes.items() for text in item)


def _check_attributes(attributes: dict[str, str]) -> None:
    # "1 KB total" (API reference).
    if attributes_size(attributes) > MAX_ATTRIBUTES_BYTES:
        raise validation_exception(
            [("attributes", f"total size must be less than or equal to {MAX_ATTRIBUTES_BYTES} bytes")]
        )


def _statement_matches(statement: dict[str, Any], context: dict[str, str]) -> bool:
    """Whether a statement of a Lambda resource policy is about IVS Chat's invoking (context keys in lower case)."""

    def listed(value: Any) -> list[str]:
        return value if isinstance(value, list) else [value]

    principal = statement.get("Principal")
    services = listed(principal.get("Service", []) if isinstance(principal, dict) else principal)
    actions = listed(statement.get("Action", []))
    if not {"ivschat.amazonaws.com", "*"} & set(services):
        return False
    if not any(fnmatch.fnmatchcase("lambda:InvokeFunction", action) for action in actions):
        return False
    for keys in statement.get("Condition", {}).values():
        for key, allowed in keys.items():
            actual = context.get(key.lower(), "")
            if not any(fnmatch.fnmatchcase(actual, pattern) for pattern in listed(allowed)):
                return False
    return True


def _seal(marker: str, scope: str) -> str:
    return hmac.new(_PAGE_KEY, f"{marker}\n{scope}".encode(), hashlib.sha256).hexdigest()[:32]


def _page_token(marker: str, scope: str) -> str:
    return base64.urlsafe_b64encode(f"{_seal(marker, scope)}{marker}".encode()).decode()


def _open_page_token(token: str, scope: str) -> str:
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        text = ""
    if not (text.isascii() and hmac.compare_digest(_seal(text[32:], scope), text[:32])):
        raise validation_exception(
            [("nextToken", "must be a token that this operation returned for the same parameters")]
        )
    return text[32:]
