# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.helpers import listed, plain, refused
from emulator.tests.wire import ACCOUNT, REGION
from ivschat_emulator import Emulator

MISSING = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:logging-configuration/abcdefghijkl"


@pytest.fixture
def destinations(clients: Callable[..., Any], bucket: dict[str, Any]) -> list[dict[str, Any]]:
    """An existing destination of each type."""
    clients("logs").create_log_group(logGroupName="/aws/vendedlogs/chat")
    clients("firehose").create_delivery_stream(
        DeliveryStreamName="chat-stream",
        S3DestinationConfiguration={"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::chat-logs"},
    )
    return [
        bucket,
        {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}},
        {"firehose": {"deliveryStreamName": "chat-stream"}},
    ]


def test_life(ivschat: Any, destinations: list[dict[str, Any]]) -> None:
    for destination in destinations:
        created = plain(
            ivschat.create_logging_configuration(name="logs", destinationConfiguration=destination, tags={"a": "b"})
        )
        assert re.fullmatch(f"{MISSING[:-12]}[a-zA-Z0-9]{{12}}", created["arn"])
        assert created["arn"].endswith(created["id"])
        assert (created["name"], created["state"], created["tags"]) == ("logs", "ACTIVE", {"a": "b"})
        assert created["destinationConfiguration"] == destination
        assert created["updateTime"] > created["createTime"]
        assert plain(ivschat.get_logging_configuration(identifier=created["arn"])) == created
        assert listed(ivschat.list_logging_configurations) == [created]
        deleted = ivschat.delete_logging_configuration(identifier=created["arn"])
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
        error = refused(ivschat.get_logging_configuration, identifier=created["arn"])
        assert (error["code"], error["resourceType"]) == ("ResourceNotFoundException", "ROOM")
        assert error["resourceId"] == created["id"]
    assert listed(ivschat.list_logging_configurations) == []


def test_update(ivschat: Any, destinations: list[dict[str, Any]]) -> None:
    created = plain(ivschat.create_logging_configuration(destinationConfiguration=destinations[0], tags={"a": "b"}))
    assert "name" not in created
    every_change: list[dict[str, Any]] = [{"name": "new"}]
    every_change += [{"destinationConfiguration": destination} for destination in destinations]
    for changes in every_change:
        updated = plain(ivschat.update_logging_configuration(identifier=created["arn"], **changes))
        assert updated["updateTime"] > created["updateTime"]
        created = {**created, **changes, "updateTime": updated["updateTime"]}
        assert updated == created
        assert plain(ivschat.get_logging_configuration(identifier=created["arn"])) == created


@pytest.mark.parametrize(
    ("destination", "name"),
    [
        ({"s3": {"bucketName": "no-such"}}, "no-such"),
        ({"cloudWatchLogs": {"logGroupName": "none"}}, "none"),
        ({"firehose": {"deliveryStreamName": "none"}}, "none"),
    ],
)
def test_missing_destination(ivschat: Any, bucket: dict[str, Any], destination: dict[str, Any], name: str) -> None:
    error = refused(ivschat.create_logging_configuration, destinationConfiguration=destination)
    assert (error["code"], error["status"], error["resourceId"]) == ("ResourceNotFoundException", 404, name)
    arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
    error = refused(ivschat.update_logging_configuration, identifier=arn, destinationConfiguration=destination)
    assert error["code"] == "ResourceNotFoundException"
    assert ivschat.get_logging_configuration(identifier=arn)["destinationConfiguration"] == bucket


def test_destination_of_another_region(clients: Callable[..., Any], destinations: list[dict[str, Any]]) -> None:
    for destination in destinations:
        error = refused(clients(region="eu-west-1").create_logging_configuration, destinationConfiguration=destination)
        assert error["code"] == "ResourceNotFoundException"


def test_not_found(ivschat: Any) -> None:
    for operation in ("get", "update", "delete"):
        error = refused(getattr(ivschat, f"{operation}_logging_configuration"), identifier=MISSING)
        assert (error["code"], error["status"]) == ("ResourceNotFoundException", 404)


def test_attached_is_not_deleted(ivschat: Any, bucket: dict[str, Any]) -> None:
    arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
    rooms = [ivschat.create_room(loggingConfigurationIdentifiers=[arn])["arn"] for _each in "12"]
    error = refused(ivschat.delete_logging_configuration, identifier=arn)
    assert (error["code"], error["status"], error["resourceType"]) == ("ConflictException", 409, "ROOM")
    assert error["resourceId"] == arn.rpartition("/")[2]
    ivschat.update_room(identifier=rooms[0], loggingConfigurationIdentifiers=[])
    assert refused(ivschat.delete_logging_configuration, identifier=arn)["code"] == "ConflictException"
    ivschat.delete_room(identifier=rooms[1])
    ivschat.delete_logging_configuration(identifier=arn)


def test_limit_of_logging_configurations(ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
    for _each in range(10):
        ivschat.create_logging_configuration(destinationConfiguration=bucket)
    error = refused(ivschat.create_logging_configuration, destinationConfiguration=bucket)
    assert (error["code"], error["status"], error["limit"]) == ("ServiceQuotaExceededException", 402, 10)
    emulator.set(limits={"logging_configurations": 11})
    ivschat.create_logging_configuration(destinationConfiguration=bucket)


class TestTransitions:
    def states(self, ivschat: Any, arn: str, number: int) -> list[str]:
        return [ivschat.get_logging_configuration(identifier=arn)["state"] for _each in range(number)]

    def test_by_reads(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        emulator.set(transitions={"reads": 2})
        created = ivschat.create_logging_configuration(destinationConfiguration=bucket)
        assert created["state"] == "ACTIVE"  # All that the model lets this response say.
        arn = created["arn"]
        assert refused(ivschat.update_logging_configuration, identifier=arn)["code"] == "ConflictException"
        assert refused(ivschat.delete_logging_configuration, identifier=arn)["code"] == "ConflictException"
        assert self.states(ivschat, arn, 4) == ["CREATING", "CREATING", "ACTIVE", "ACTIVE"]
        assert ivschat.update_logging_configuration(identifier=arn, name="new")["state"] == "ACTIVE"
        assert self.states(ivschat, arn, 1) == ["UPDATING"]
        [summary] = listed(ivschat.list_logging_configurations)
        assert (summary["state"], summary["name"]) == ("UPDATING", "new")
        ivschat.delete_logging_configuration(identifier=arn)
        assert refused(ivschat.delete_logging_configuration, identifier=arn)["code"] == "ConflictException"
        assert self.states(ivschat, arn, 2) == ["DELETING", "DELETING"]
        assert refused(ivschat.get_logging_configuration, identifier=arn)["code"] == "ResourceNotFoundException"
        assert listed(ivschat.list_logging_configurations) == []

    def test_by_seconds(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        emulator.set(transitions={"seconds": 0.2})
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        states = self.states(ivschat, arn, 1)
        while states[-1] == "CREATING":
            states += self.states(ivschat, arn, 1)
        assert (states[0], states[-1]) == ("CREATING", "ACTIVE")

    @pytest.mark.parametrize("transitions", [None, {"reads": 1}])
    def test_failing(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any], transitions: Any) -> None:
        emulator.set(transitions=transitions, failing_transitions=["CREATE", "UPDATE", "DELETE"])
        skipped = 1 if transitions else 0
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        assert self.states(ivschat, arn, 1 + skipped)[skipped:] == ["CREATE_FAILED"]
        error = refused(ivschat.create_room, loggingConfigurationIdentifiers=[arn])
        assert error["code"] == "ConflictException"
        ivschat.update_logging_configuration(identifier=arn)
        assert self.states(ivschat, arn, 1 + skipped)[skipped:] == ["UPDATE_FAILED"]
        ivschat.update_logging_configuration(identifier=arn)
        assert self.states(ivschat, arn, 1 + skipped)[skipped:] == ["ACTIVE"]
        ivschat.delete_logging_configuration(identifier=arn)
        assert self.states(ivschat, arn, 1 + skipped)[skipped:] == ["DELETE_FAILED"]
        emulator.set(refuse_update_of_failed=True)
        assert refused(ivschat.update_logging_configuration, identifier=arn)["code"] == "ConflictException"
        ivschat.delete_logging_configuration(identifier=arn)
