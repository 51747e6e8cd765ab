# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to the service, one function for each operation: retried, read to the last page, normalised. Private.

A create is never repeated here when its outcome is unknown (see _write).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

try:
    from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
except ImportError:  # reported by AnsibleAWSModule
    ClientError = ConnectionError = HTTPClientError = type("NoBotocore", (Exception,), {})

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from ._resources import LOGGING_CONFIGURATION, ROOM, Kind, Resource, normalise, to_api
from ._retries import (
    LAMBDA_PERMISSION,
    NOT_FOUND,
    Call,
    outcome_unknown,
    require_members,
    require_strings,
    retry_idempotent,
    retry_non_idempotent,
    unexpected_response,
)


class IvsChatErrorHandler(AWSErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[BaseException]:
        return is_boto3_error_code("ResourceNotFoundException")


def _pages(operation: Call, member: str, **parameters: Any) -> list[dict[str, Any]]:
    """Return all entries of a list operation, each once; botocore has no paginators for this service.

    Rooms are listed by their last change, newest first: one that changes while the pages are read slips to the front,
    past the pages that are still to come. So after several pages the front is read again, up to an entry that has not
    changed since, until nothing new shows. Raises AnsibleAWSError for a page token that repeats.
    """
    pages = list(_one_pass(operation, member, **parameters))
    entries = {entry["arn"]: entry for page in pages for entry in page}
    shows_new = len(pages) > 1
    while shows_new:
        shows_new = False
        for page in _one_pass(operation, member, **parameters):
            known = [entry for entry in page if entry["arn"] in entries]
            reached = any(entry.get("updateTime") == entries[entry["arn"]].get("updateTime") for entry in known)
            shows_new = shows_new or len(known) < len(page)
            entries.update((entry["arn"], entry) for entry in page)
            if reached:
                break
    return list(entries.values())


def _one_pass(operation: Call, member: str, **parameters: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages of a list operation, as they are read; raises AnsibleAWSError for a token that repeats."""
    page = retry_idempotent(operation)
    tokens: set[str] = set()
    token: dict[str, str] = {}
    while True:
        answer = page(**parameters, **token)
        require_members(answer, member)
        for entry in answer[member]:
            require_strings(entry, "arn")
        yield answer[member]
        if answer.get("nextToken") in (None, ""):
            return
        require_strings(answer, "nextToken")
        token = {"nextToken": answer["nextToken"]}
        if answer["nextToken"] in tokens:
            raise AnsibleAWSError(
                message=f"Failed to list {member}: the service returned a nextToken for the second time, so the list "
                "does not end; run the task again"
            )
        tokens.add(answer["nextToken"])


def _resource(kind: Kind, answer: dict[str, Any]) -> Resource:
    """Return an answer, or an entry of a list, in normal form.

    Raises AnsibleAWSError when it is not one of the service: of another form, or without what only the service sets.
    """
    try:
        resource = normalise(kind, answer)
    except ValueError as error:
        raise unexpected_response() from error
    require_strings(resource, *kind.server_assigned)
    return resource


@IvsChatErrorHandler.common_error_handler("list rooms")
def list_rooms(
    client: Any,
    name: str | None = None,
    message_review_handler_uri: str | None = None,
    logging_configuration_identifier: str | None = None,
) -> list[Resource]:
    """ListRooms with the service's filters; length and rate of its entries are None, because the service omits them.

    No room uses a logging configuration that does not exist.
    """
    filters = {
        "name": name,
        "messageReviewHandlerUri": message_review_handler_uri,
        "loggingConfigurationIdentifier": logging_configuration_identifier,
    }
    given = {key: value for key, value in filters.items() if value}
    try:
        return [_resource(ROOM, room) for room in _pages(client.list_rooms, "rooms", **given)]
    except is_boto3_error_code("ResourceNotFoundException"):
        if logging_configuration_identifier is None:
            raise
        return []


@IvsChatErrorHandler.common_error_handler("list rooms")
def list_rooms_until(client: Any, enough: Callable[[Resource], bool]) -> list[Resource]:
    """ListRooms from its front, the last update first, until `enough` is true of an entry, or to the end."""
    rooms = []
    for page in _one_pass(client.list_rooms, "rooms"):
        for entry in page:
            rooms.append(_resource(ROOM, entry))
            if enough(rooms[-1]):
                return rooms
    return rooms


@IvsChatErrorHandler.list_error_handler("get room")
def get_room(client: Any, arn: str) -> Resource | None:
    """GetRoom, or None when there is no such room."""
    return _resource(ROOM, retry_idempotent(client.get_room)(identifier=arn))


@IvsChatErrorHandler.common_error_handler("create room")
def create_room(client: Any, fields: Resource, tags: dict[str, str]) -> Resource:
    """CreateRoom with its tags; not repeated when the outcome is unknown."""
    call = retry_non_idempotent(client.create_room, "ConflictException", NOT_FOUND, LAMBDA_PERMISSION)
    return _resource(ROOM, call(**to_api(ROOM, fields), **_tagged(tags)))


def _tagged(tags: dict[str, str]) -> dict[str, Any]:
    """Return the parameter of a create: with tags, even an empty map, it may need the permission to tag as well."""
    return {"tags": tags} if tags else {}


@IvsChatErrorHandler.common_error_handler("update room")
def update_room(client: Any, arn: str, fields: Resource) -> Resource:
    """UpdateRoom with the fields that change; returns the whole room."""
    call = retry_idempotent(client.update_room, "ConflictException", NOT_FOUND, LAMBDA_PERMISSION)
    return _resource(ROOM, call(identifier=arn, **to_api(ROOM, fields)))


@IvsChatErrorHandler.common_error_handler("delete room")
def delete_room(client: Any, arn: str) -> bool:
    """DeleteRoom; False when there was no such room."""
    return _deleted(client.delete_room, arn)


@IvsChatErrorHandler.common_error_handler("list logging configurations")
def list_logging_configurations(client: Any, name: str | None = None) -> list[Resource]:
    """ListLoggingConfigurations; its entries are complete. The service has no filters: the name is compared here."""
    entries = _pages(client.list_logging_configurations, "loggingConfigurations")
    configurations = [_resource(LOGGING_CONFIGURATION, entry) for entry in entries]
    return [each for each in configurations if name is None or each["name"] == name]


@IvsChatErrorHandler.list_error_handler("get logging configuration")
def get_logging_configuration(client: Any, arn: str) -> Resource | None:
    """GetLoggingConfiguration, or None when there is no such logging configuration."""
    return _resource(LOGGING_CONFIGURATION, retry_idempotent(client.get_logging_configuration)(identifier=arn))


@IvsChatErrorHandler.common_error_handler("create logging configuration")
def create_logging_configuration(client: Any, fields: Resource, tags: dict[str, str]) -> Resource:
    """CreateLoggingConfiguration with its tags; not repeated when the outcome is unknown."""
    call = retry_non_idempotent(client.create_logging_configuration, "ConflictException")
    return _resource(LOGGING_CONFIGURATION, call(**to_api(LOGGING_CONFIGURATION, fields), **_tagged(tags)))


@IvsChatErrorHandler.common_error_handler("update logging configuration")
def update_logging_configuration(client: Any, arn: str, fields: Resource) -> Resource:
    """UpdateLoggingConfiguration with the fields that change; repeated while another change is in progress (409)."""
    call = retry_idempotent(client.update_logging_configuration, "ConflictException", NOT_FOUND)
    return _resource(LOGGING_CONFIGURATION, call(identifier=arn, **to_api(LOGGING_CONFIGURATION, fields)))


@IvsChatErrorHandler.common_error_handler("delete logging configuration")
def delete_logging_configuration(client: Any, arn: str) -> bool:
    """DeleteLoggingConfiguration, repeated while another change is in progress (409); False when there was none."""
    return _deleted(client.delete_logging_configuration, arn, "ConflictException")


def _deleted(operation: Call, arn: str, *causes: str) -> bool:
    """Delete; True when this call did it, also when an attempt with unknown outcome did and the next found nothing."""
    unknown = False

    def attempt() -> None:
        nonlocal unknown
        try:
            operation(identifier=arn)
        except (ClientError, ConnectionError, HTTPClientError) as error:
            unknown = unknown or outcome_unknown(error)
            raise

    try:
        retry_idempotent(attempt, *causes)()
    except is_boto3_error_code("ResourceNotFoundException"):
        return unknown
    return True


@IvsChatErrorHandler.common_error_handler("tag resource")
def tag_resource(client: Any, arn: str, tags: dict[str, str]) -> None:
    """TagResource: set these tags, keep the others."""
    retry_idempotent(client.tag_resource, NOT_FOUND)(resourceArn=arn, tags=tags)


@IvsChatErrorHandler.common_error_handler("untag resource")
def untag_resource(client: Any, arn: str, tag_keys: list[str]) -> None:
    """UntagResource: remove the tags with these keys."""
    retry_idempotent(client.untag_resource, NOT_FOUND)(resourceArn=arn, tagKeys=tag_keys)


class Operations(NamedTuple):
    """The operations of one kind of resource."""

    get: Callable[[Any, str], Resource | None]
    list: Callable[..., list[Resource]]  # of a client and, if wanted, a name
    create: Callable[[Any, Resource, dict[str, str]], Resource]
    update: Callable[[Any, str, Resource], Resource]
    delete: Callable[[Any, str], bool]


OPERATIONS = {
    ROOM: Operations(get_room, list_rooms, create_room, update_room, delete_room),
    LOGGING_CONFIGURATION: Operations(
        get_logging_configuration,
        list_logging_configurations,
        create_logging_configuration,
        update_logging_configuration,
        delete_logging_configuration,
    ),
}


def list_by_name(client: Any, kind: Kind, name: str) -> list[Resource]:
    """Return the resources with exactly this name, as a list shows them; the comparison is made again here."""
    return [resource for resource in OPERATIONS[kind].list(client, name) if resource["name"] == name]
