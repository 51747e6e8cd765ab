# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that act in rooms, one function for each operation, with the options of its module. Private."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.transformation import boto3_resource_to_ansible_dict

from ._api import IvsChatErrorHandler
from ._resources import text_tags
from ._retries import NOT_FOUND, require_strings, retry_idempotent, retry_non_idempotent

TOKEN_MEMBERS = ("token", "token_expiration_time", "session_expiration_time")


@IvsChatErrorHandler.common_error_handler("create chat token")
def create_chat_token(client: Any, room_arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """CreateChatToken with the options of its module: the token and its two times, ISO 8601.

    Repeated when the outcome is unknown: a token that nobody received does no harm.
    """
    answer = retry_idempotent(client.create_chat_token, NOT_FOUND)(
        roomIdentifier=room_arn,
        userId=params["user_id"],
        **_given(
            capabilities=params["capabilities"],
            sessionDurationInMinutes=params["session_duration"],
            attributes=_text_attributes(params),
        ),
    )
    require_strings(answer, "token")
    token = boto3_resource_to_ansible_dict(answer, transform_tags=False, force_tags=False)
    return {member: token.get(member) for member in TOKEN_MEMBERS}


@IvsChatErrorHandler.common_error_handler("send event")
def send_event(client: Any, room_arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """SendEvent with the options of its module: the event's ID. Not repeated when the outcome is unknown."""
    answer = retry_non_idempotent(client.send_event, NOT_FOUND)(
        roomIdentifier=room_arn, eventName=params["event_name"], **_given(attributes=_text_attributes(params))
    )
    require_strings(answer, "id")
    return {"id": answer["id"]}


@IvsChatErrorHandler.common_error_handler("delete message")
def delete_message(client: Any, room_arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """DeleteMessage with the options of its module: the operation's ID. Repeating it does no harm."""
    answer = retry_idempotent(client.delete_message, NOT_FOUND)(
        roomIdentifier=room_arn, id=params["id"], **_given(reason=params["reason"])
    )
    return {"operation_id": answer.get("id")}


@IvsChatErrorHandler.common_error_handler("disconnect user")
def disconnect_user(client: Any, room_arn: str, params: dict[str, Any]) -> dict[str, Any]:
    """DisconnectUser with the options of its module; the service returns nothing. Repeating it does no harm."""
    retry_idempotent(client.disconnect_user, NOT_FOUND)(
        roomIdentifier=room_arn, userId=params["user_id"], **_given(reason=params["reason"])
    )
    return {}


def _text_attributes(params: dict[str, Any]) -> dict[str, str] | None:
    """Return the option `attributes` with strings, as tags are (true becomes "True"); None when it is not set."""
    return None if params["attributes"] is None else text_tags(params["attributes"])


def _given(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that are set."""
    return {name: value for name, value in parameters.items() if value is not None}
