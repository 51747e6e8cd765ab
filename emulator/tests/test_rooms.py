# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.helpers import listed, make_function, plain, refused
from emulator.tests.wire import ACCOUNT, REGION, SCOPE
from ivschat_emulator import Emulator

MISSING = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/abcdefghijkl"


def test_create_with_nothing(ivschat: Any) -> None:
    room = plain(ivschat.create_room())
    assert re.fullmatch(f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/[a-zA-Z0-9]{{12}}", room["arn"])
    assert room["arn"].endswith(f"/{room['id']}")
    assert room["createTime"] == room["updateTime"]
    assert {name: room[name] for name in sorted(room) if name not in ("arn", "id", "createTime", "updateTime")} == {
        "maximumMessageLength": 500,
        "maximumMessageRatePerSecond": 10,
        "tags": {},
    }
    assert plain(ivschat.get_room(identifier=room["arn"])) == room


def test_create_with_all(ivschat: Any, bucket: dict[str, Any], handler: str) -> None:
    configuration = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
    wanted = {
        "name": "lobby",
        "maximumMessageLength": 1,
        "maximumMessageRatePerSecond": 100,
        "messageReviewHandler": {"uri": handler, "fallbackResult": "DENY"},
        "tags": {"Owner": "me", "empty": "", "smile": "\U0001f600"},
        "loggingConfigurationIdentifiers": [configuration],
    }
    room = plain(ivschat.create_room(**wanted))
    assert wanted.items() <= room.items()
    assert plain(ivschat.get_room(identifier=room["arn"])) == room
    # RoomSummary in the model has neither of the two.
    summary = {key: value for key, value in room.items() if not key.startswith("maximumMessage")}
    assert plain(ivschat.list_rooms()) == {"rooms": [summary]}


def test_names_need_not_be_unique(ivschat: Any) -> None:
    assert ivschat.create_room(name="same-name")["arn"] != ivschat.create_room(name="same-name")["arn"]
    assert len(listed(ivschat.list_rooms, name="same-name")) == 2


def test_update_is_partial(ivschat: Any) -> None:
    room = plain(ivschat.create_room(name="lobby", maximumMessageLength=7, tags={"a": "b"}))
    updated = plain(ivschat.update_room(identifier=room["arn"], maximumMessageRatePerSecond=3))
    assert updated.pop("updateTime") > room.pop("updateTime")
    assert updated == {**room, "maximumMessageRatePerSecond": 3}
    ivschat.update_room(identifier=room["arn"], name="")
    assert ivschat.get_room(identifier=room["arn"])["name"] == ""


def test_update_that_changes_nothing_is_an_update(ivschat: Any) -> None:
    room = ivschat.create_room()
    assert ivschat.update_room(identifier=room["arn"])["updateTime"] > room["updateTime"]


def test_delete(ivschat: Any) -> None:
    arn = ivschat.create_room()["arn"]
    response = ivschat.delete_room(identifier=arn)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert "content-length" not in response["ResponseMetadata"]["HTTPHeaders"]
    assert refused(ivschat.get_room, identifier=arn)["code"] == "ResourceNotFoundException"
    assert refused(ivschat.delete_room, identifier=arn)["code"] == "ResourceNotFoundException"
    assert listed(ivschat.list_rooms) == []


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("get_room", {}),
        ("update_room", {"name": "new"}),
        ("delete_room", {}),
        ("create_chat_token", {"userId": "u"}),
        ("send_event", {"eventName": "e"}),
        ("delete_message", {"id": "abcdefghijkl"}),
        ("disconnect_user", {"userId": "u"}),
        ("tag_resource", {"tags": {"a": "b"}}),
        ("untag_resource", {"tagKeys": ["a"]}),
        ("list_tags_for_resource", {}),
    ],
)
def test_not_found(ivschat: Any, operation: str, parameters: dict[str, Any]) -> None:
    of_tags, in_room = "tag" in operation, "userId" in parameters or "eventName" in parameters or "id" in parameters
    name = "resourceArn" if of_tags else "roomIdentifier" if in_room else "identifier"
    error = refused(getattr(ivschat, operation), **{name: MISSING}, **parameters)
    assert (error["code"], error["status"]) == ("ResourceNotFoundException", 404)
    assert (error["resourceId"], error["resourceType"]) == ("abcdefghijkl", "ROOM")
    assert error["message"]


def test_isolation_of_regions_and_accounts(ivschat: Any, clients: Callable[..., Any], emulator: Emulator) -> None:
    arn = ivschat.create_room(name="lobby")["arn"]
    role = clients("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    keys = clients("sts").assume_role(RoleArn=role.replace(ACCOUNT, "210987654321"), RoleSessionName="other")[
        "Credentials"
    ]
    other_account = emulator.client(
        "ivschat",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    for other, account, region in (
        (clients(region="eu-west-1"), ACCOUNT, "eu-west-1"),
        (other_account, "210987654321", REGION),
    ):
        assert listed(other.list_rooms) == []
        for operation in (other.get_room, other.delete_room, other.update_room):
            assert refused(operation, identifier=arn)["code"] == "ResourceNotFoundException"
        assert refused(other.tag_resource, resourceArn=arn, tags={"a": "b"})["code"] == "ResourceNotFoundException"
        assert other.create_room()["arn"].split(":")[3:5] == [region, account]
        assert (emulator.calls()[-1]["region"], emulator.calls()[-1]["account"]) == (region, account)
    assert [room["arn"] for room in listed(ivschat.list_rooms)] == [arn]


def test_times_are_milliseconds_and_increase(ivschat: Any, emulator: Emulator) -> None:
    times = [ivschat.create_room()["createTime"] for _each in range(5)]
    assert times == sorted(set(times))
    headers = {"Authorization": SCOPE}
    with urllib.request.urlopen(urllib.request.Request(f"{emulator.url}/CreateRoom", b"{}", headers)) as response:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", json.load(response)["createTime"])
        assert response.headers["x-amzn-RequestId"]


class TestHandler:
    def refusal(self, call: Callable[..., Any], uri: str, **parameters: Any) -> None:
        error = refused(call, messageReviewHandler={"uri": uri}, **parameters)
        assert (error["code"], error["status"]) == ("ValidationException", 400)
        assert error["message"] == "Request member: uri failed to satisfy the constraints: invalid lambda permission"
        assert [field["name"] for field in error["fieldList"]] == ["messageReviewHandler.uri"]

    def test_default_and_removal(self, ivschat: Any, handler: str) -> None:
        room = ivschat.create_room(messageReviewHandler={"uri": handler})
        assert room["messageReviewHandler"] == {"uri": handler, "fallbackResult": "ALLOW"}
        ivschat.update_room(identifier=room["arn"], messageReviewHandler={"uri": "", "fallbackResult": "DENY"})
        shown = ivschat.get_room(identifier=room["arn"])["messageReviewHandler"]
        assert shown == {"uri": "", "fallbackResult": "DENY"}

    def test_handler_is_replaced_as_a_whole(self, ivschat: Any, handler: str) -> None:
        room = ivschat.create_room(messageReviewHandler={"uri": handler, "fallbackResult": "DENY"})
        updated = ivschat.update_room(identifier=room["arn"], messageReviewHandler={"uri": handler})
        assert updated["messageReviewHandler"] == {"uri": handler, "fallbackResult": "ALLOW"}

    def test_no_function(self, ivschat: Any) -> None:
        self.refusal(ivschat.create_room, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review")
        assert listed(ivschat.list_rooms) == []
        room = ivschat.create_room()["arn"]
        self.refusal(ivschat.update_room, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:review", identifier=room)
        assert "messageReviewHandler" not in ivschat.get_room(identifier=room)

    def test_no_permission(self, ivschat: Any, clients: Callable[..., Any]) -> None:
        self.refusal(ivschat.create_room, make_function(clients))

    def test_another_region_or_account(self, ivschat: Any, clients: Callable[..., Any], handler: str) -> None:
        self.refusal(clients(region="eu-west-1").create_room, handler)
        self.refusal(ivschat.create_room, handler.replace(ACCOUNT, "210987654321"))

    @pytest.mark.parametrize(
        ("permission", "good"),
        [
            ({"SourceAccount": ACCOUNT, "SourceArn": f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/*"}, True),
            ({"SourceArn": f"arn:aws:ivschat:*:{ACCOUNT}:*"}, True),
            ({"Action": "lambda:*"}, True),
            ({"SourceAccount": "210987654321"}, False),
            ({"SourceArn": f"arn:aws:ivschat:eu-west-1:{ACCOUNT}:room/*"}, False),
            ({"SourceArn": MISSING}, False),
            ({"Principal": "s3.amazonaws.com"}, False),
            ({"Action": "lambda:GetFunction"}, False),
        ],
    )
    def test_permission(
        self, ivschat: Any, clients: Callable[..., Any], permission: dict[str, str], good: bool
    ) -> None:
        function = make_function(clients)
        default = {"Action": "lambda:InvokeFunction", "Principal": "ivschat.amazonaws.com"}
        clients("lambda").add_permission(FunctionName="review", StatementId="x", **{**default, **permission})
        if good:
            ivschat.create_room(messageReviewHandler={"uri": function})
        else:
            self.refusal(ivschat.create_room, function)

    def test_permission_of_a_version(self, ivschat: Any, clients: Callable[..., Any], handler: str) -> None:
        version = clients("lambda").publish_version(FunctionName="review")["Version"]
        self.refusal(ivschat.create_room, f"{handler}:{version}")
        clients("lambda").add_permission(
            FunctionName="review",
            Qualifier=version,
            StatementId="v",
            Action="lambda:InvokeFunction",
            Principal="ivschat.amazonaws.com",
        )
        ivschat.create_room(messageReviewHandler={"uri": f"{handler}:{version}"})
        self.refusal(ivschat.create_room, f"{handler}:{version}".replace(REGION, "eu-west-1"))


class TestLoggingConfigurationsOfARoom:
    def test_list_is_replaced_and_keeps_its_order(self, ivschat: Any, bucket: dict[str, Any]) -> None:
        one, two, three = (ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"] for _n in "123")
        room = ivschat.create_room(loggingConfigurationIdentifiers=[two, one])
        assert room["loggingConfigurationIdentifiers"] == [two, one]
        updated = ivschat.update_room(identifier=room["arn"], loggingConfigurationIdentifiers=[three])
        assert updated["loggingConfigurationIdentifiers"] == [three]
        ivschat.update_room(identifier=room["arn"], loggingConfigurationIdentifiers=[])
        assert "loggingConfigurationIdentifiers" not in ivschat.get_room(identifier=room["arn"])

    def test_unknown(self, ivschat: Any) -> None:
        unknown = MISSING.replace(":room", ":logging-configuration")
        error = refused(ivschat.create_room, loggingConfigurationIdentifiers=[unknown])
        assert (error["code"], error["resourceId"]) == ("ResourceNotFoundException", "abcdefghijkl")
        room = ivschat.create_room()["arn"]
        error = refused(ivschat.update_room, identifier=room, loggingConfigurationIdentifiers=[unknown])
        assert error["code"] == "ResourceNotFoundException"
        assert len(listed(ivschat.list_rooms)) == 1

    def test_twice(self, ivschat: Any, bucket: dict[str, Any]) -> None:
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        error = refused(ivschat.create_room, loggingConfigurationIdentifiers=[arn, arn])
        assert error["code"] == "ValidationException"

    def test_not_active(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        room = ivschat.create_room()["arn"]
        emulator.set(transitions={"reads": 5})
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        error = refused(ivschat.create_room, loggingConfigurationIdentifiers=[arn])
        assert (error["code"], error["status"], error["resourceType"]) == ("ConflictException", 409, "ROOM")
        error = refused(ivschat.update_room, identifier=room, loggingConfigurationIdentifiers=[arn])
        assert error["code"] == "ValidationException"

    def test_attached_one_may_be_in_transition(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        room = ivschat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
        emulator.set(transitions={"reads": 5})
        ivschat.update_logging_configuration(identifier=arn, name="new")
        ivschat.update_room(identifier=room, loggingConfigurationIdentifiers=[arn])


def test_limit_of_rooms(ivschat: Any, emulator: Emulator, clients: Callable[..., Any]) -> None:
    emulator.set(limits={"rooms": 2})
    for _each in "12":
        ivschat.create_room()
    error = refused(ivschat.create_room)
    assert (error["code"], error["status"], error["limit"]) == ("ServiceQuotaExceededException", 402, 2)
    assert error["resourceType"] == "ROOM"
    clients(region="eu-west-1").create_room()
    ivschat.delete_room(identifier=listed(ivschat.list_rooms)[0]["arn"])
    ivschat.create_room()
