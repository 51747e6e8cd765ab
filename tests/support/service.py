# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests do and see with plain boto3, past the collection."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

# A destination in the service's own form.
API_DESTINATION = {"s3": {"bucketName": "chat-logs"}}


def create_logging_configuration(client: Any, name: str, **parameters: Any) -> str:
    """Create a logging configuration, for the bucket chat-logs unless `parameters` say otherwise; return its ARN."""
    given = {"name": name, "destinationConfiguration": API_DESTINATION, **parameters}
    return str(client.create_logging_configuration(**given)["arn"])


def zip_file(name: str, text: str = "") -> bytes:
    """Return a zip file of one file: the code of a Lambda function."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, text)
    return content.getvalue()


def operations(calls: Iterable[dict[str, Any]]) -> list[str]:
    """Return the operations of calls in the emulator's log."""
    return [str(call["operation"]) for call in calls]


def list_all(operation: Callable[..., Any], member: str) -> list[dict[str, Any]]:
    """Return all entries of a list operation."""
    entries: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = operation(**token)
        entries += page[member]
        if not page.get("nextToken"):
            return entries
        token = {"nextToken": page["nextToken"]}


def list_rooms(client: Any) -> list[dict[str, Any]]:
    return list_all(client.list_rooms, "rooms")


def list_logging_configurations(client: Any) -> list[dict[str, Any]]:
    return list_all(client.list_logging_configurations, "loggingConfigurations")


def user_fields(resource: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return what a user can set of a resource; ARNs of logging configurations as the names behind them."""
    left_out = ("arn", "id", "createTime", "updateTime", "ResponseMetadata")
    fields = {key: value for key, value in resource.items() if key not in left_out}
    fields["loggingConfigurationIdentifiers"] = sorted(
        names.get(arn, arn) for arn in resource.get("loggingConfigurationIdentifiers", [])
    )
    return fields


def holdings(client: Any, lag: int = 0) -> dict[str, list[dict[str, Any]]]:
    """Return all that the service holds, "rooms" and "logging", with all that a user can set, sorted by name.

    Of each read the answer after `lag` others is taken.
    """
    for _lagging in range(lag + 1):
        rooms = list_rooms(client)
        configurations = list_logging_configurations(client)
    names = {configuration["arn"]: configuration["name"] for configuration in configurations}
    for room in rooms:
        for _lagging in range(lag + 1):
            try:
                detailed = client.get_room(identifier=room["arn"])
            except client.exceptions.ResourceNotFoundException:
                detailed = room
        room.update(detailed)

    def by_name(resources: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
        fields = [user_fields(resource, names) for resource in resources]
        return sorted(fields, key=lambda resource: str(resource["name"]))

    return {"rooms": by_name(rooms, names), "logging": by_name(configurations, {})}


def create_function(
    client: Callable[[str], Any], role: str, name: str = "review", code: str = "", allowed: bool = True
) -> str:
    """Create a Lambda function that IVS Chat may invoke, if allowed; its ARN. `client`: a boto3 client by service."""
    created = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="review.handler",
        Code={"ZipFile": zip_file("review.py", code)},
    )
    if allowed:
        permission = {"Action": "lambda:InvokeFunction", "Principal": "ivschat.amazonaws.com"}
        client("lambda").add_permission(FunctionName=name, StatementId="ivschat", **permission)
    return str(created["FunctionArn"])


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
