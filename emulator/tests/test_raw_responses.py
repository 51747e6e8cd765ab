# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Responses that a test gives word for word, and error codes outside the service's model."""

from __future__ import annotations

import http.client
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.helpers import listed, refused
from emulator.tests.wire import SCOPE
from ivschat_emulator import Emulator

PAGE = "<html>" + "x" * 100_000 + "</html>"


def post(emulator: Emulator, operation: str, connection: http.client.HTTPConnection | None = None) -> Any:
    """Status, headers and body of a call as they came over the wire."""
    connection = connection or http.client.HTTPConnection(emulator.url.partition("//")[2], timeout=10)
    connection.request("POST", f"/{operation}", "{}", {"Authorization": SCOPE})
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ({"message": None, "fieldList": [None]}, b'{"message": null, "fieldList": [null]}'),
        ({"__type": 5}, b'{"__type": 5}'),
        ({"__type": "com.amazonaws.ivschat#ConflictException:http://x/"}, None),
        (None, b"null"),
        ('{"arn": "arn:aw', b'{"arn": "arn:aw'),
        (b"\xff\x00\xe4", b"\xff\x00\xe4"),
        (PAGE, PAGE.encode()),
        ("", b""),
    ],
)
def test_the_response_is_sent_as_it_stands(emulator: Emulator, body: Any, sent: bytes | None) -> None:
    connection = http.client.HTTPConnection(emulator.url.partition("//")[2], timeout=10)
    emulator.respond("CreateRoom", 400, body)
    status, headers, content = post(emulator, "CreateRoom", connection)
    assert (status, headers) == (400, {"Content-Type": "application/json", "Content-Length": str(len(content))})
    assert content == sent if sent is not None else b"http://x/" in content
    assert post(emulator, "CreateRoom", connection)[0] == 200  # On the same connection.
    [first, second] = emulator.calls()
    assert (first["status"], first["error"], first["fault"]) == (400, "Http400", "response before")
    assert (first["effect"], second["effect"], second["fault"]) == (False, True, None)


def test_headers(emulator: Emulator) -> None:
    emulator.respond("ListRooms", 502, "bad", {"Content-Type": "text/html", "x-amzn-ErrorType": "Odd:http://x/"})
    status, headers, content = post(emulator, "ListRooms")
    assert (status, headers["Content-Type"], content) == (502, "text/html", b"bad")
    assert emulator.calls()[-1]["error"] == headers["x-amzn-ErrorType"] == "Odd:http://x/"


def test_after_the_effect_count_and_skip(ivschat: Any, emulator: Emulator) -> None:
    emulator.respond("CreateRoom", 500, {"message": None}, when="after", count=2, skip=1)
    ivschat.create_room()
    for _each in range(2):
        assert refused(ivschat.create_room)["status"] == 500
    ivschat.create_room()
    assert len(listed(ivschat.list_rooms)) == 4


def test_a_body_cut_off(emulator: Emulator) -> None:
    emulator.respond("ListRooms", 200, "{}", {"Content-Length": "2"})
    assert post(emulator, "ListRooms")[2] == b"{}"
    emulator.respond("ListRooms", 200, "{}", {"Content-Length": "40"})
    with pytest.raises(http.client.IncompleteRead) as caught:
        post(emulator, "ListRooms")
    assert (caught.value.partial, caught.value.expected) == (b"{}", 38)


def test_a_token_that_repeats(ivschat: Any, emulator: Emulator) -> None:
    emulator.respond("ListRooms", 200, {"rooms": [], "nextToken": "again"}, count=2)
    assert [ivschat.list_rooms()["nextToken"] for _each in "12"] == ["again", "again"]
    assert "nextToken" not in ivschat.list_rooms()


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottledException", 429),
        ("RequestThrottledException", 429),
        ("LimitExceededException", 429),
        ("TooManyRequestsException", 429),
        ("SlowDown", 503),
    ],
)
def test_codes_of_throttling(ivschat: Any, emulator: Emulator, code: str, status: int) -> None:
    emulator.fault("GetRoom", code)
    with pytest.raises(ClientError) as caught:
        ivschat.get_room(identifier="arn:aws:ivschat:us-east-1:123456789012:room/a")
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"error": "Timeout", "response": {}}, "either"),
        ({"response": []}, "response"),
        ({"response": {"code": 200}}, "members"),
        ({"response": {"status": 100}}, "status"),
        ({"response": {"status": 299}}, "status"),
        ({"response": {"status": "200"}}, "status"),
        ({"response": {"headers": {"a": "b\r\nc"}}}, "headers"),
        ({"response": {"headers": {"a": 1}}}, "headers"),
        ({"response": {"headers": ["a"]}}, "headers"),
        ({"response": {"body": None}}, "body"),
        ({"response": {"body": "\ud800"}}, "surrogates"),
        ({"response": {"status": 204, "body": "x"}}, "body"),
    ],
)
def test_bad_response(emulator: Emulator, fault: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        emulator.request("POST", "ivschat/faults", {"operation": "ListRooms", **fault})
    assert emulator.request("GET", "ivschat/faults") == {"faults": []}
