# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""moto's IAM enforcement, with the service's own errors."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from emulator.tests.helpers import listed, refused
from emulator.tests.wire import ACCOUNT, REGION
from ivschat_emulator import Emulator

DELIVERY = ["logs:CreateLogDelivery"]
CLOUD_WATCH = [*DELIVERY, "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups"]
S3 = [*DELIVERY, "s3:GetBucketPolicy", "s3:PutBucketPolicy"]
FIREHOSE = [*DELIVERY, "iam:CreateServiceLinkedRole", "firehose:TagDeliveryStream"]


@pytest.fixture
def user(emulator: Emulator, clients: Callable[..., Any]) -> Callable[..., Any]:
    """Makes an IAM user with these actions, switches enforcement on and returns a client of that user."""

    def make(actions: list[str], resource: Any = "*", service: str = "ivschat", more: Any = None, **keys: str) -> Any:
        emulator.enforce_iam(False)
        iam = clients("iam")
        name = f"user{len(iam.list_users()['Users'])}"
        iam.create_user(UserName=name)
        if actions:
            allowed = [(actions, resource), *([more] if more else [])]
            statements = [{"Effect": "Allow", "Action": what, "Resource": which} for what, which in allowed]
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"], **keys}
        emulator.enforce_iam()
        return emulator.client(service, **keys)

    return make


@pytest.fixture
def room(ivschat: Any) -> str:
    return str(ivschat.create_room()["arn"])


@pytest.fixture
def destinations(clients: Callable[..., Any], bucket: dict[str, Any]) -> dict[str, dict[str, Any]]:
    clients("logs").create_log_group(logGroupName="chat")
    target = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::chat-logs"}
    clients("firehose").create_delivery_stream(DeliveryStreamName="chat", S3DestinationConfiguration=target)
    return {
        "s3": bucket,
        "cloudWatchLogs": {"cloudWatchLogs": {"logGroupName": "chat"}},
        "firehose": {"firehose": {"deliveryStreamName": "chat"}},
    }


def denied(action: str, call: Callable[..., Any], **parameters: Any) -> None:
    error = refused(call, **parameters)
    assert (error["code"], error["status"]) == ("AccessDeniedException", 403)
    assert error["message"].endswith(f" is not authorized to perform: {action}")


def test_every_operation_needs_its_action(user: Callable[..., Any], room: str) -> None:
    about = {"identifier": room}
    in_room = {"roomIdentifier": room}
    of_logging = {"identifier": room.replace(":room/", ":logging-configuration/")}
    s3 = {"destinationConfiguration": {"s3": {"bucketName": "none"}}}
    calls: dict[str, tuple[str, dict[str, Any]]] = {
        "CreateRoom": ("create_room", {}),
        "GetRoom": ("get_room", about),
        "UpdateRoom": ("update_room", about),
        "ListRooms": ("list_rooms", {}),
        "CreateLoggingConfiguration": ("create_logging_configuration", s3),
        "GetLoggingConfiguration": ("get_logging_configuration", of_logging),
        "UpdateLoggingConfiguration": ("update_logging_configuration", of_logging),
        "DeleteLoggingConfiguration": ("delete_logging_configuration", of_logging),
        "ListLoggingConfigurations": ("list_logging_configurations", {}),
        "TagResource": ("tag_resource", {"resourceArn": room, "tags": {"a": "b"}}),
        "UntagResource": ("untag_resource", {"resourceArn": room, "tagKeys": ["a", "b c"]}),
        "ListTagsForResource": ("list_tags_for_resource", {"resourceArn": room}),
        "CreateChatToken": ("create_chat_token", {**in_room, "userId": "u"}),
        "SendEvent": ("send_event", {**in_room, "eventName": "e"}),
        "DeleteMessage": ("delete_message", {**in_room, "id": "abcdefghijkl"}),
        "DisconnectUser": ("disconnect_user", {**in_room, "userId": "u"}),
        "DeleteRoom": ("delete_room", about),
    }
    assert len(calls) == 17
    powerless, powerful = user([]), user([f"ivschat:{name}" for name in calls] + S3 + ["logs:*"])
    for name, (method, parameters) in calls.items():
        denied(f"ivschat:{name}", getattr(powerless, method), **parameters)
        if "LoggingConfiguration" in name and "List" not in name:
            assert refused(getattr(powerful, method), **parameters)["code"] == "ResourceNotFoundException"
        else:
            getattr(powerful, method)(**parameters)


def test_denied_call_has_no_effect(user: Callable[..., Any], emulator: Emulator, ivschat: Any) -> None:
    denied("ivschat:CreateRoom", user(["ivschat:ListRooms"]).create_room)
    [call] = [call for call in emulator.calls() if call["write"]]
    assert (call["error"], call["effect"]) == ("AccessDeniedException", False)
    emulator.enforce_iam(False)
    assert listed(ivschat.list_rooms) == []


def test_tags_on_create_need_tag_resource(user: Callable[..., Any], destinations: dict[str, Any]) -> None:
    client = user(["ivschat:CreateRoom", "ivschat:CreateLoggingConfiguration", *S3])
    client.create_room()
    client.create_room(tags={})
    denied("ivschat:TagResource", client.create_room, tags={"a": "b"})
    denied(
        "ivschat:TagResource",
        client.create_logging_configuration,
        tags={"a": "b"},
        destinationConfiguration=destinations["s3"],
    )
    user(["ivschat:CreateRoom", "ivschat:TagResource"]).create_room(tags={"a": "b"})


@pytest.mark.parametrize(("kind", "actions"), [("s3", S3), ("cloudWatchLogs", CLOUD_WATCH), ("firehose", FIREHOSE)])
def test_log_delivery(user: Callable[..., Any], destinations: dict[str, Any], kind: str, actions: list[str]) -> None:
    create = "ivschat:CreateLoggingConfiguration"
    parameters = {"destinationConfiguration": destinations[kind]}
    for action in actions:
        client = user([create, *(other for other in actions if other != action)])
        denied(action, client.create_logging_configuration, **parameters)
    arn = user([create, *actions]).create_logging_configuration(**parameters)["arn"]
    for operation in ("Update", "Delete"):
        rights = [f"ivschat:{operation}LoggingConfiguration", f"logs:{operation}LogDelivery", "logs:GetLogDelivery"]
        method = f"{operation.lower()}_logging_configuration"
        for action in rights:
            client = user([other for other in rights if other != action])
            denied(action, getattr(client, method), identifier=arn)
        getattr(user(rights), method)(identifier=arn)


def test_resources(user: Callable[..., Any], room: str) -> None:
    client = user(["ivschat:GetRoom", "ivschat:TagResource"], f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/*")
    client.get_room(identifier=room)
    client.tag_resource(resourceArn=room, tags={"a": "b"})
    client = user(["ivschat:GetRoom"], f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/other")
    denied("ivschat:GetRoom", client.get_room, identifier=room)


def test_resources_of_dependent_actions(user: Callable[..., Any], destinations: dict[str, Any]) -> None:
    def create(bucket: str, kind: str) -> Any:
        scoped = [f"arn:aws:s3:::{bucket}", f"arn:aws:ivschat:*:{ACCOUNT}:{kind}/*"]
        client = user(
            ["ivschat:CreateLoggingConfiguration", *DELIVERY], more=[[*S3[1:], "ivschat:TagResource"], scoped]
        )
        return client.create_logging_configuration

    parameters = {"destinationConfiguration": destinations["s3"], "tags": {"a": "b"}}
    create("chat-logs", "logging-configuration")(**parameters)
    denied("s3:GetBucketPolicy", create("other", "logging-configuration"), **parameters)
    denied("ivschat:TagResource", create("chat-logs", "room"), **parameters)


def test_wrong_credentials(user: Callable[..., Any], emulator: Emulator) -> None:
    wrong_secret = user(["ivschat:*"], aws_secret_access_key="wrong")
    error = refused(wrong_secret.list_rooms)
    assert (error["code"], error["status"]) == ("InvalidSignatureException", 403)
    error = refused(emulator.client("ivschat").list_rooms)
    assert (error["code"], error["status"]) == ("UnrecognizedClientException", 403)


def test_other_services_keep_their_own_errors(user: Callable[..., Any]) -> None:
    assert refused(user([], service="iam").list_users)["code"] == "AccessDenied"


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_conditions_are_not_evaluated(
    user: Callable[..., Any], emulator: Emulator, clients: Callable[..., Any], effect: str
) -> None:
    """README, limits: moto takes a statement as if it had none."""
    client = user(["ivschat:ListRooms"] if effect == "Deny" else [])
    emulator.enforce_iam(False)
    condition = {"StringEquals": {"aws:RequestedRegion": "nowhere"}}
    statement = {"Effect": effect, "Action": "ivschat:ListRooms", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    [name] = [each["UserName"] for each in clients("iam").list_users()["Users"]]
    clients("iam").put_user_policy(UserName=name, PolicyName="conditional", PolicyDocument=document)
    emulator.enforce_iam()
    if effect == "Deny":
        denied("ivschat:ListRooms", client.list_rooms)
    else:
        assert listed(client.list_rooms) == []


def test_presigned_urls(user: Callable[..., Any], room: str, emulator: Emulator, clients: Callable[..., Any]) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = clients("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "ivschat:ListTagsForResource", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    clients("iam").put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document)
    assumed = clients("sts").assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    reader = user(["ivschat:ListTagsForResource"])
    as_role = emulator.client(
        "ivschat",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )

    def status(url: str, method: str = "GET") -> tuple[int, str | None]:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
                return response.status, None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["x-amzn-ErrorType"]

    url = reader.generate_presigned_url("list_tags_for_resource", Params={"resourceArn": room})
    assert status(url) == (200, None)
    assert status(url[:-2] + ("00" if url[-2:] != "00" else "11")) == (403, "InvalidSignatureException")
    assert status(url.replace("Expires=3600", "Expires=3601")) == (403, "InvalidSignatureException")
    assert status(as_role.generate_presigned_url("list_tags_for_resource", Params={"resourceArn": room})) == (200, None)
    assert status(reader.generate_presigned_url("list_rooms"), "POST") == (403, "AccessDeniedException")
    stranger = emulator.client("ivschat")
    url = stranger.generate_presigned_url("list_tags_for_resource", Params={"resourceArn": room})
    assert status(url) == (403, "UnrecognizedClientException")
