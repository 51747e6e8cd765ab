# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control interface: faults, holds, lag, quotas, latency, settings and the log of calls."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from emulator.tests.helpers import listed, plain, refused
from emulator.tests.wire import ACCOUNT, ARN, MODEL, REGION, SCOPE, sample, send
from ivschat_emulator import Emulator

UNMODELLED = {"TooManyRequestsException": 429, "ExpiredTokenException": 403}
ERRORS = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in MODEL.error_shapes} | UNMODELLED


class TestFaults:
    @pytest.mark.parametrize("code", ERRORS)
    def test_error(self, ivschat: Any, emulator: Emulator, code: str) -> None:
        emulator.fault("CreateRoom", code)
        error = refused(ivschat.create_room)
        assert (error["code"], error["status"]) == (code, ERRORS[code])
        shape = next((shape for shape in MODEL.error_shapes if shape.name == code), None)
        for member in shape.required_members if shape else []:
            assert member in error
        assert error["Error"]["Message"]
        [call] = emulator.calls()
        assert (call["error"], call["status"], call["effect"]) == (code, ERRORS[code], False)
        assert call["fault"] == f"{code} before"
        assert listed(ivschat.list_rooms) == []

    def test_http_503_has_no_body(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.fault("CreateRoom", "Http503")
        error = refused(ivschat.create_room)
        assert (error["status"], error["code"]) == (503, "503")

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("error", ["InternalServerException", "Http503", "ConnectionReset", "Timeout"])
    def test_before_and_after_the_effect(self, emulator: Emulator, when: str, error: str) -> None:
        client = emulator.client("ivschat", config=Config(read_timeout=0.3))
        emulator.fault("CreateRoom", error, when=when)
        expected = {"ConnectionReset": ConnectionClosedError, "Timeout": ReadTimeoutError}.get(error, ClientError)
        with pytest.raises(expected):
            client.create_room(name="lobby")
        [call] = emulator.calls("CreateRoom")
        assert call["effect"] == (when == "after")
        assert (call["error"], call["fault"]) == (error, f"{error} {when}")
        assert len(listed(client.list_rooms)) == (when == "after")

    def test_reset_on_a_connection_in_use(self, ivschat: Any, emulator: Emulator) -> None:
        for _each in "12":
            ivschat.list_rooms()
            emulator.fault("ListRooms", "ConnectionReset")
            with pytest.raises(ConnectionClosedError):
                ivschat.list_rooms()

    def test_order_count_and_skip(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.fault("ListRooms", "ThrottlingException", count=2, skip=1)
        emulator.fault("*", "InternalServerException")
        results: list[Any] = []
        for _each in range(5):
            try:
                results.append(bool(ivschat.list_rooms()))
            except ClientError as error:
                results.append(error.response["Error"]["Code"])
        throttled = "ThrottlingException"
        assert results == [True, throttled, throttled, "InternalServerException", True]

    def test_other_operations_pass(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.fault("CreateRoom", "ThrottlingException")
        ivschat.list_rooms()
        assert len(emulator.request("GET", "ivschat/faults")["faults"]) == 1
        emulator.clear_faults()
        ivschat.create_room()

    def test_clearing_faults_ends_a_timeout(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.fault("ListRooms", "Timeout")
        with ThreadPoolExecutor() as threads:
            hanging = threads.submit(ivschat.list_rooms)
            while not emulator.calls("ListRooms"):
                time.sleep(0.01)
            time.sleep(0.1)
            assert not hanging.done()
            emulator.clear_faults()
            assert isinstance(hanging.exception(5), ConnectionClosedError)

    @pytest.mark.parametrize(
        "bad",
        [
            {"operation": "CreateRum", "error": "Timeout"},
            {"operation": "CreateRoom", "error": "NoSuchError"},
            {"operation": "CreateRoom"},
            {"operation": "CreateRoom", "error": "Timeout", "when": "later"},
            {"operation": "CreateRoom", "error": "Timeout", "count": 0},
            {"operation": "CreateRoom", "error": "Timeout", "skip": -1},
            {"operation": "CreateRoom", "error": "Timeout", "colour": "red"},
        ],
    )
    def test_bad_fault(self, emulator: Emulator, bad: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="."):
            emulator.request("POST", "ivschat/faults", bad)
        assert emulator.request("GET", "ivschat/faults") == {"faults": []}


class TestHolds:
    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("drop", [False, True])
    def test_hold(self, ivschat: Any, emulator: Emulator, when: str, drop: bool) -> None:
        emulator.hold("CreateRoom", when=when, skip=1)
        ivschat.create_room(name="first")
        assert [hold["reached"] for hold in emulator.holds()] == [False]
        with ThreadPoolExecutor() as threads:
            held = threads.submit(ivschat.create_room, name="second")
            emulator.wait_held()
            assert not held.done()
            assert emulator.calls()[-1]["status"] is None
            # Others are served meanwhile, and see the effect or not.
            assert len(listed(ivschat.list_rooms, name="second")) == (when == "after")
            ivschat.create_room(name="third")
            emulator.release(drop=drop)
            assert isinstance(held.exception(5), ConnectionClosedError) if drop else held.result(5)
        assert len(listed(ivschat.list_rooms, name="second")) == (when == "after" or not drop)
        assert emulator.holds() == []

    def test_client_that_died(self, ivschat: Any, emulator: Emulator) -> None:
        for drop, rooms in ((True, 0), (False, 1)):
            emulator.hold("CreateRoom")
            with socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2]))) as client:
                head = f"POST /CreateRoom HTTP/1.1\r\nHost: x\r\nAuthorization: {SCOPE}"
                client.sendall(f"{head}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
                emulator.wait_held()
            emulator.release(drop=drop)
            while emulator.calls("CreateRoom")[-1]["error"] is emulator.calls("CreateRoom")[-1]["status"]:
                time.sleep(0.01)
            assert len(listed(ivschat.list_rooms)) == rooms

    def test_not_reached(self, emulator: Emulator) -> None:
        emulator.hold("CreateRoom")
        with pytest.raises(TimeoutError):
            emulator.wait_held(timeout=0.05)


class TestLag:
    def test_create(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(lag={"get": {"reads": 2}, "list": {"reads": 1}})
        room = plain(ivschat.create_room(name="lobby"))
        for _each in "12":
            assert refused(ivschat.get_room, identifier=room["arn"])["code"] == "ResourceNotFoundException"
        assert plain(ivschat.get_room(identifier=room["arn"])) == room
        assert [len(ivschat.list_rooms()["rooms"]) for _each in "123"] == [0, 1, 1]

    def test_update_and_delete(self, ivschat: Any, emulator: Emulator) -> None:
        arn = ivschat.create_room(name="old")["arn"]
        emulator.set(lag={"get": {"reads": 1}})
        assert ivschat.update_room(identifier=arn, name="new")["name"] == "new"
        assert listed(ivschat.list_rooms)[0]["name"] == "new"
        assert [ivschat.get_room(identifier=arn)["name"] for _each in "123"] == ["old", "new", "new"]
        emulator.set(lag={"list": {"reads": 2}})
        ivschat.delete_room(identifier=arn)
        assert refused(ivschat.get_room, identifier=arn)["code"] == "ResourceNotFoundException"
        assert [len(ivschat.list_rooms()["rooms"]) for _each in "1234"] == [1, 1, 0, 0]

    def test_each_write_hides_its_predecessor(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(lag={"get": {"reads": 2}})
        arn = ivschat.create_room(name="one")["arn"]
        refused(ivschat.get_room, identifier=arn)
        ivschat.update_room(identifier=arn, name="two")
        refused(ivschat.get_room, identifier=arn)
        assert [ivschat.get_room(identifier=arn)["name"] for _each in "12"] == ["one", "two"]

    def test_pages_of_one_listing_count_once(self, ivschat: Any, emulator: Emulator) -> None:
        old = [ivschat.create_room()["arn"] for _each in range(3)][::-1]
        emulator.set(lag={"list": {"reads": 1}})
        new = ivschat.create_room()["arn"]
        assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=1)] == old
        assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=1)] == [new, *old]
        ivschat.delete_room(identifier=old[-1])
        assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=1)] == [new, *old]
        assert [room["arn"] for room in listed(ivschat.list_rooms, maxResults=1)] == [new, *old[:-1]]

    def test_seconds(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(lag={"get": {"seconds": 0.2}, "list": {"seconds": 0.2}})
        arn = ivschat.create_room()["arn"]
        refused(ivschat.get_room, identifier=arn)
        assert listed(ivschat.list_rooms) == []
        time.sleep(0.2)
        assert ivschat.get_room(identifier=arn)
        assert len(listed(ivschat.list_rooms)) == 1

    def test_tags(self, ivschat: Any, emulator: Emulator) -> None:
        arn = ivschat.create_room()["arn"]
        emulator.set(lag={"get": {"reads": 1}})
        ivschat.tag_resource(resourceArn=arn, tags={"a": "b"})
        assert [ivschat.list_tags_for_resource(resourceArn=arn)["tags"] for _each in "12"] == [{}, {"a": "b"}]

    @pytest.mark.parametrize(
        ("operation", "member", "parameters"),
        [
            ("update_room", "identifier", {"name": "new"}),
            ("delete_room", "identifier", {}),
            ("tag_resource", "resourceArn", {"tags": {"a": "b"}}),
            ("untag_resource", "resourceArn", {"tagKeys": ["a"]}),
            ("create_chat_token", "roomIdentifier", {"userId": "u"}),
            ("send_event", "roomIdentifier", {"eventName": "e"}),
            ("delete_message", "roomIdentifier", {"id": "a" * 12}),
            ("disconnect_user", "roomIdentifier", {"userId": "u"}),
        ],
    )
    def test_writes(
        self, ivschat: Any, emulator: Emulator, operation: str, member: str, parameters: dict[str, Any]
    ) -> None:
        emulator.set(lag={"write": {"reads": 2}})
        room = plain(ivschat.create_room())
        assert plain(ivschat.get_room(identifier=room["arn"])) == room  # Reads have a lag of their own.
        assert len(listed(ivschat.list_rooms)) == 1
        call = getattr(ivschat, operation)
        for _each in "12":
            error = refused(call, **{member: room["arn"], **parameters})
            assert (error["code"], error["resourceId"]) == ("ResourceNotFoundException", room["id"])
        call(**{member: room["arn"], **parameters})
        if operation != "delete_room":
            call(**{member: room["arn"], **parameters})  # Only a create lags.

    def test_writes_to_logging_configurations(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        room = ivschat.create_room()["arn"]
        emulator.set(lag={"write": {"reads": 5}})
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        for call, parameters in (
            (ivschat.create_room, {"loggingConfigurationIdentifiers": [arn]}),
            (ivschat.update_room, {"loggingConfigurationIdentifiers": [arn], "identifier": room}),
            (ivschat.update_logging_configuration, {"identifier": arn}),
            (ivschat.delete_logging_configuration, {"identifier": arn}),
            (ivschat.tag_resource, {"resourceArn": arn, "tags": {"a": "b"}}),
        ):
            assert refused(call, **parameters)["code"] == "ResourceNotFoundException"
        assert len(listed(ivschat.list_rooms)) == 1
        ivschat.update_room(identifier=room, loggingConfigurationIdentifiers=[arn])

    def test_with_transitions(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any]) -> None:
        emulator.set(lag={"get": {"reads": 1}}, transitions={"reads": 1})
        arn = ivschat.create_logging_configuration(destinationConfiguration=bucket)["arn"]
        refused(ivschat.get_logging_configuration, identifier=arn)
        states = [ivschat.get_logging_configuration(identifier=arn)["state"] for _each in "12"]
        assert states == ["CREATING", "ACTIVE"]


class TestQuotas:
    def burst(self, call: Callable[..., Any], number: int) -> list[str]:
        codes = []
        for _each in range(number):
            try:
                call()
                codes.append("")
            except ClientError as error:
                codes.append(error.response["Error"]["Code"])
        return codes

    def test_burst_and_refill(self, ivschat: Any, emulator: Emulator, clients: Callable[..., Any]) -> None:
        emulator.set(quotas={"ListRooms": 1})
        assert self.burst(ivschat.list_rooms, 2) == ["", "ThrottlingException"]
        error = refused(ivschat.list_rooms)
        assert (error["status"], error["limit"]) == (429, 1)
        assert self.burst(ivschat.create_room, 20) == [""] * 20
        assert self.burst(clients(region="eu-west-1").list_rooms, 1) == [""]
        time.sleep(1.1)
        assert self.burst(ivschat.list_rooms, 2) == ["", "ThrottlingException"]

    @pytest.mark.parametrize(
        ("operation", "parameters", "tps"),
        [
            ("list_rooms", {}, 5),
            ("list_logging_configurations", {}, 3),
            ("list_tags_for_resource", {"resourceArn": f"arn:aws:ivschat:{REGION}:123456789012:room/a"}, 10),
        ],
    )
    def test_real_quotas(
        self, ivschat: Any, emulator: Emulator, operation: str, parameters: dict[str, str], tps: int
    ) -> None:
        emulator.set(quotas="real")
        start = time.monotonic()
        codes = self.burst(lambda: getattr(ivschat, operation)(**parameters), 3 * tps)
        refilled = (time.monotonic() - start) * tps  # a busy machine is slow enough for some more
        assert tps <= sum(code != "ThrottlingException" for code in codes) <= tps + refilled

    @pytest.mark.parametrize(("counted", "calls"), [("bucket", 8), ("window", 5)])
    def test_how_calls_are_counted(self, ivschat: Any, emulator: Emulator, counted: str, calls: int) -> None:
        """0.65 s after five calls, a bucket has filled by three; a window still holds all five."""
        arn = ivschat.create_room()["arn"]
        for _attempt in range(20):
            emulator.set(quotas={"GetRoom": 5}, quotas_counted=counted)
            start = time.monotonic()
            codes = self.burst(lambda: ivschat.get_room(identifier=arn), 5)
            time.sleep(max(0, start + 0.65 - time.monotonic()))
            codes += self.burst(lambda: ivschat.get_room(identifier=arn), 3)
            if time.monotonic() - start < 0.8:  # else the machine was too busy to tell
                break
        assert codes.count("") == calls

    def test_a_throttled_call_has_no_effect(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(quotas={"CreateRoom": 1})
        ivschat.create_room()
        assert refused(ivschat.create_room)["code"] == "ThrottlingException"
        assert [call["effect"] for call in emulator.writes()] == [True, False]
        assert len(listed(ivschat.list_rooms)) == 1


class TestSettings:
    def test_latency_does_not_add_up(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(latency=0.3)
        start = time.monotonic()
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda _: ivschat.list_rooms(), range(4)))
        assert 0.3 <= time.monotonic() - start < 0.9

    def test_expired_credentials(self, ivschat: Any, emulator: Emulator) -> None:
        emulator.set(expired_access_keys=["AKIAEMULATOR00000000"])
        error = refused(ivschat.create_room)
        assert (error["code"], error["status"]) == ("ExpiredTokenException", 403)
        other = emulator.client("ivschat", aws_access_key_id="AKIAEMULATOR00000001")
        assert listed(other.list_rooms) == []

    @pytest.mark.parametrize(
        "bad",
        [
            {"latencies": 1},
            {"latency": -1},
            {"latency": True},
            {"quotas": "unreal"},
            {"quotas": {"CreateRum": 1}},
            {"quotas": {"CreateRoom": 0}},
            {"quotas_counted": "month"},
            {"transitions": {"reads": 1, "seconds": 1}},
            {"transitions": {"reads": 1.5}},
            {"failing_transitions": ["CREATED"]},
            {"refuse_update_of_failed": 1},
            {"lag": {"put": {"reads": 1}}},
            {"lag": {"get": 3}},
            {"page_size": 51},
            {"limits": {"tokens": 1}},
            {"expired_access_keys": "AKIA"},
            {"repeat_next_token": 1},
            {"times": {"delete": {}}},
            {"times": {"get": {"unit": 0}}},
            {"times": {"list": {"offset": "1"}}},
            {"times": {"write": {"offset": 1e9}}},
            {"times": {"list": {"round": 1}}},
            {"unset_members": {"name": "null"}},
            {"unset_members": {"tags": "empty"}},
            {"refusals": {"unknown_destination": None}},
            {"refusals": {"unknown_destination": "ConflictException"}},
            {"refusals": {"unknown_room": "ValidationException"}},
            {"tags_set_update_time": "yes"},
            {"logging_configurations_by": "name"},
            {"fallback_content": "none"},
            {"tag_characters": "all"},
            ["latency"],
        ],
    )
    def test_bad_settings(self, emulator: Emulator, bad: Any) -> None:
        before = emulator.request("GET", "ivschat/settings")
        with pytest.raises(ValueError, match=next(iter(bad)) if isinstance(bad, dict) else "object"):
            emulator.request("POST", "ivschat/settings", {"page_size": 3, **bad} if isinstance(bad, dict) else bad)
        assert emulator.request("GET", "ivschat/settings") == before

    def test_merge_and_restore(self, emulator: Emulator) -> None:
        before = emulator.request("GET", "ivschat/settings")
        emulator.set(latency=0.001, limits={"rooms": 1})
        emulator.set(page_size=7)
        changed = emulator.request("GET", "ivschat/settings")
        limits = {"rooms": 1, "logging_configurations": 10}
        assert changed == {**before, "latency": 0.001, "page_size": 7, "limits": limits}
        emulator.set(refusals={"logging_configuration_in_use": None}, unset_members={"name": "empty"})
        merged = emulator.request("GET", "ivschat/settings")
        assert merged["refusals"] == {**before["refusals"], "logging_configuration_in_use": None}
        assert merged["unset_members"] == {**before["unset_members"], "name": "empty"}
        assert emulator.request("DELETE", "ivschat/settings") == before

    def test_reset(self, ivschat: Any, emulator: Emulator, bucket: dict[str, Any], clients: Any) -> None:
        before = emulator.request("GET", "ivschat/settings")
        ivschat.create_room()
        ivschat.create_logging_configuration(destinationConfiguration=bucket)
        emulator.set(page_size=7, failing_transitions=["CREATE"])
        emulator.fault("ListRooms", "Http503")
        emulator.enforce_iam()
        emulator.hold("ListRooms")
        emulator.reset()
        assert emulator.request("GET", "ivschat/settings") == before
        assert (emulator.holds(), emulator.calls(service=None)) == ([], [])
        assert listed(ivschat.list_rooms) + listed(ivschat.list_logging_configurations) == []
        assert clients("s3").list_buckets()["Buckets"] == []

    def test_unknown_path(self, emulator: Emulator) -> None:
        for method, path in (("GET", "nothing"), ("PUT", "settings"), ("POST", "calls")):
            with pytest.raises(ValueError, match=path):
                emulator.request(method, f"ivschat/{path}", {})
        with pytest.raises(ValueError, match="JSON|Expecting"):
            emulator.request("POST", "ivschat/settings", b"{")

    def test_no_body(self, emulator: Emulator) -> None:
        assert emulator.request("POST", "ivschat/flush-logs", b"") == {"records": 0}
        with pytest.raises(ValueError, match="operation"):
            emulator.request("POST", "ivschat/faults", b"")


class TestCalls:
    def test_log(self, ivschat: Any, emulator: Emulator, clients: Callable[..., Any]) -> None:
        start = time.time()
        arn = ivschat.create_room(name="lobby", tags={"a": "\u00fc"})["arn"]
        ivschat.untag_resource(resourceArn=arn, tagKeys=["a", "b c"])
        refused(ivschat.create_room, name="a b")
        clients("logs").describe_log_groups()
        clients("sts").get_caller_identity()
        clients("s3").list_buckets()
        calls = emulator.calls(service=None)
        assert [call["number"] for call in calls] == [1, 2, 3, 4, 5, 6]
        assert all(start - 1 < call["time"] < time.time() + 1 for call in calls)
        assert [(call["service"], call["operation"], call["status"], call["error"]) for call in calls] == [
            ("ivschat", "CreateRoom", 200, None),
            ("ivschat", "UntagResource", 200, None),
            ("ivschat", "CreateRoom", 400, "ValidationException"),
            ("logs", "DescribeLogGroups", 200, None),
            ("sts", "GetCallerIdentity", 200, None),
            ("s3", None, 200, None),
        ]
        assert [call["parameters"] for call in calls] == [
            {"name": "lobby", "tags": {"a": "\u00fc"}},
            {"resourceArn": arn, "tagKeys": ["a", "b c"]},
            {"name": "a b"},
            *[None] * 3,
        ]
        assert [(call["write"], call["effect"]) for call in emulator.calls()] == [
            (True, True),
            (True, True),
            (True, False),
        ]
        assert (calls[0]["region"], calls[0]["account"]) == (REGION, "123456789012")
        assert calls[0]["access_key_id"] == "AKIAEMULATOR00000000"
        emulator.forget_calls()
        assert emulator.calls(service=None) == []

    def test_writes(self, ivschat: Any, emulator: Emulator) -> None:
        arn = ivschat.create_room()["arn"]
        emulator.forget_calls()
        ivschat.get_room(identifier=arn)
        ivschat.list_rooms()
        ivschat.list_logging_configurations()
        ivschat.list_tags_for_resource(resourceArn=arn)
        assert emulator.writes() == []
        ivschat.create_chat_token(roomIdentifier=arn, userId="u")
        ivschat.send_event(roomIdentifier=arn, eventName="e")
        ivschat.delete_room(identifier=arn)
        written = [call["operation"] for call in emulator.writes()]
        assert written == ["CreateChatToken", "SendEvent", "DeleteRoom"]

    def test_every_operation_is_a_read_or_a_write(self, emulator: Emulator) -> None:
        for name in MODEL.operation_names:
            emulator.fault(name, "AccessDeniedException")
            shape = MODEL.operation_model(name).input_shape
            parameters = {member: sample(shape.members[member]) for member in shape.required_members}
            assert send(emulator, name, parameters)[1]["code"] == "AccessDeniedException"
        writes = {call["operation"] for call in emulator.writes()}
        assert {call["operation"] for call in emulator.calls()} == set(MODEL.operation_names)
        assert set(MODEL.operation_names) - writes == {
            "GetRoom",
            "GetLoggingConfiguration",
            "ListRooms",
            "ListLoggingConfigurations",
            "ListTagsForResource",
        }


def test_unknown_operation(emulator: Emulator) -> None:
    headers = {"Authorization": SCOPE}
    deep = b"[" * 600 + b"]" * 600
    for path, body, reason in (
        ("CreateRum", b"{}", "UNKNOWN_OPERATION"),
        ("CreateRoom", b"{nonsense", "OTHER"),
        ("CreateRoom", b"[" * 100000, "OTHER"),
        ("CreateRoom", b'{"name": "\xff"}', "OTHER"),
        ("CreateRoom", b'{"tags": ' + deep + b"}", "OTHER"),
        ("CreateRoom", b'{"unknown": ' + deep + b"}", "OTHER"),
    ):
        request = urllib.request.Request(f"{emulator.url}/{path}", body, headers)
        with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request):
            pass
        with caught.value as answer:
            assert answer.code == 400
            assert answer.headers["x-amzn-ErrorType"] == "ValidationException"
            assert f'"reason": "{reason}"' in answer.read().decode()
        assert emulator.calls()[-1]["error"] == "ValidationException"


class TestCredentials:
    """Calls that are not signed in a header."""

    def test_unsigned(self, emulator: Emulator) -> None:
        unsigned = emulator.client("ivschat", config=Config(signature_version=UNSIGNED))
        for call, parameters in (
            (unsigned.create_room, {}),
            (unsigned.list_rooms, {}),
            (unsigned.list_tags_for_resource, {"resourceArn": f"{ARN}room/a"}),
        ):
            error = refused(call, **parameters)
            assert (error["code"], error["status"]) == ("MissingAuthenticationTokenException", 403)
            [logged] = emulator.calls(service=None)
            assert (logged["service"], logged["error"]) == ("ivschat", error["code"])
            assert (
                logged["operation"]
                == {
                    "create_room": "CreateRoom",
                    "list_rooms": "ListRooms",
                    "list_tags_for_resource": "ListTagsForResource",
                }[call.__name__]
            )
            assert not logged["effect"]
            emulator.forget_calls()

    def test_another_signature(self, emulator: Emulator) -> None:
        request = urllib.request.Request(f"{emulator.url}/CreateRoom", b"{}", {"Authorization": "Bearer x"})
        with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request):
            pass
        with caught.value as answer:
            assert (answer.code, answer.headers["x-amzn-ErrorType"]) == (403, "IncompleteSignatureException")

    def test_presigned(self, ivschat: Any, emulator: Emulator) -> None:
        arn = ivschat.create_room(name="lobby", tags={"a": "b"})["arn"]
        for operation, parameters, member in (
            ("list_rooms", {}, "rooms"),
            ("list_tags_for_resource", {"resourceArn": arn}, "tags"),
        ):
            method = {"list_rooms": "POST"}.get(operation, "GET")
            url = ivschat.generate_presigned_url(operation, Params=parameters)
            with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
                assert json.load(response)[member]
            call = emulator.calls(service=None)[-1]
            assert (call["service"], call["region"], call["account"]) == ("ivschat", REGION, ACCOUNT)
            assert call["access_key_id"] == "AKIAEMULATOR00000000"

    def test_other_services(self, clients: Callable[..., Any], emulator: Emulator) -> None:
        """What is presigned for S3, or asked of it without a signature, is still S3's."""
        s3 = clients("s3")
        s3.create_bucket(Bucket="tags")
        s3.put_object(Bucket="tags", Key="x", Body=b"content", ACL="public-read")
        for url in (
            s3.generate_presigned_url("get_object", Params={"Bucket": "tags", "Key": "x"}),
            f"{emulator.url}/tags/x",
        ):
            with urllib.request.urlopen(url) as response:
                assert response.read() == b"content"


def test_region_without_the_service(clients: Callable[..., Any], emulator: Emulator) -> None:
    with pytest.raises(ConnectionClosedError):
        clients(region="us-east-2").list_rooms()
    assert emulator.calls()[-1]["error"] == "ConnectionReset"


def test_a_failure_of_the_emulator_says_so(clients: Callable[..., Any], emulator: Emulator) -> None:
    error = refused(clients("logs").get_log_record, logRecordPointer="x")  # moto lacks this operation.
    assert error["status"] == 500
    assert emulator.calls(service="logs")[-1]["error"] == "EmulatorError"
    emulator.forget_calls()


def test_many_clients_at_once(emulator: Emulator) -> None:
    def work(number: int) -> str:
        client = emulator.client("ivschat")
        arn = client.create_room(name=f"room{number}")["arn"]
        for key in range(5):
            client.tag_resource(resourceArn=arn, tags={f"key{key}": "x"})
        assert len(client.get_room(identifier=arn)["tags"]) == 5
        return str(arn)

    with ThreadPoolExecutor(8) as threads:
        arns = list(threads.map(work, range(16)))
    assert {room["arn"] for room in listed(emulator.client("ivschat").list_rooms)} == set(arns)
    assert len(set(arns)) == 16


def test_process_stops_cleanly() -> None:
    with Emulator.start() as other:
        client = other.client("ivschat")
        client.create_room()  # A connection is left open.
        assert other.stop() == 0
        with pytest.raises(EndpointConnectionError):
            other.client("ivschat").list_rooms()
