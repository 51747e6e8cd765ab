# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inside moto, in one process with the code under test; and the versions of moto that the emulator was tried with."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import requires, version
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from emulator.tests.chat import TIMEOUT
from emulator.tests.helpers import plain, refused
from emulator.tests.wire import REGION
from ivschat_emulator import add_to_moto
from ivschat_emulator.settings import SETTINGS

OLDEST, NEWEST = "5.1.8", "5.2.5"


def test_versions() -> None:
    """Both ends were tried, by `make moto-versions`; all other tests use the newest."""
    needed = {needs.name: needs.specifier for needs in map(Requirement, requires("ivschat-emulator") or [])}
    assert needed["moto"] == SpecifierSet(f">={OLDEST},<={NEWEST}")
    assert version("moto") in (OLDEST, NEWEST)


@pytest.fixture(autouse=True)
def emulator() -> None:
    """No server: these tests are in the process of the code under test."""
    add_to_moto()


@pytest.fixture
def ivschat() -> Iterator[Any]:
    with mock_aws():
        yield client()


def client(service: str = "ivschat", region: str = REGION, **options: Any) -> Any:
    return boto3.client(service, region_name=region, **options)


def test_life_of_a_room(ivschat: Any) -> None:
    room = plain(ivschat.create_room(name="lobby", tags={"a": "1"}))
    ivschat.update_room(identifier=room["arn"], maximumMessageLength=100)
    ivschat.tag_resource(resourceArn=room["arn"], tags={"b c": "2"})
    ivschat.untag_resource(resourceArn=room["arn"], tagKeys=["a"])
    shown = plain(ivschat.get_room(identifier=room["arn"]))
    changed = {"maximumMessageLength": 100, "tags": {"b c": "2"}, "updateTime": shown["updateTime"]}
    assert shown == {**room, **changed} and shown["updateTime"] > room["updateTime"]
    assert [found["arn"] for found in ivschat.list_rooms()["rooms"]] == [room["arn"]]
    ivschat.delete_room(identifier=room["arn"])
    assert refused(ivschat.get_room, identifier=room["arn"])["code"] == "ResourceNotFoundException"
    assert refused(ivschat.create_room, name="a b")["code"] == "ValidationException"


def test_other_services_beside_it(ivschat: Any) -> None:
    destination = {"s3": {"bucketName": "chat-logs"}}
    missing = refused(ivschat.create_logging_configuration, destinationConfiguration=destination)
    assert missing["code"] == "ResourceNotFoundException"
    client("s3").create_bucket(Bucket="chat-logs")
    assert ivschat.create_logging_configuration(destinationConfiguration=destination)["state"] == "ACTIVE"


def test_each_mock_starts_empty() -> None:
    for _mock in range(2):
        with mock_aws():
            add_to_moto()  # Once more, in the midst of a mock.
            assert client().list_rooms()["rooms"] == []
            client().create_room()
            assert len(client().list_rooms()["rooms"]) == 1


def test_regions_are_separate(ivschat: Any) -> None:
    ivschat.create_room()
    assert client(region="eu-west-1").list_rooms()["rooms"] == []


def test_region_without_the_service(ivschat: Any) -> None:
    elsewhere = client(region="sa-east-1", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(EndpointConnectionError, match="sa-east-1"):
        elsewhere.list_rooms()


def test_settings(ivschat: Any) -> None:
    SETTINGS.change({"lag": {"list": {"reads": 1}}})
    try:
        ivschat.create_room()
        assert [len(ivschat.list_rooms()["rooms"]) for _read in range(2)] == [0, 1]
    finally:
        SETTINGS.restore()


def test_presigned_url() -> None:
    with mock_aws():
        ivschat = boto3.client("ivschat", region_name="eu-west-1")
        arn = ivschat.create_room(tags={"a": "b"})["arn"]
        url = ivschat.generate_presigned_url("list_tags_for_resource", Params={"resourceArn": arn})
        assert requests.get(url, timeout=TIMEOUT).json() == {"tags": {"a": "b"}}
