# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from emulator.tests.helpers import plain, refused
from ivschat_emulator import Emulator


@pytest.fixture
def room(ivschat: Any) -> str:
    return str(ivschat.create_room()["arn"])


def test_token(ivschat: Any, emulator: Emulator, room: str) -> None:
    before = datetime.now(timezone.utc)
    response = plain(ivschat.create_chat_token(roomIdentifier=room, userId="\u00fcser"))
    assert set(response) == {"token", "tokenExpirationTime", "sessionExpirationTime"}
    for name, minutes in (("tokenExpirationTime", 1), ("sessionExpirationTime", 60)):
        assert timedelta(0) <= response[name] - before - timedelta(minutes=minutes) + timedelta(milliseconds=1)
        assert response[name] - before - timedelta(minutes=minutes) < timedelta(seconds=10)
    made_for = emulator.verify_token(response["token"])
    assert made_for and (made_for["roomArn"], made_for["userId"]) == (room, "\u00fcser")
    assert (made_for["capabilities"], made_for["attributes"]) == ([], {})


def test_token_with_all(ivschat: Any, emulator: Emulator, room: str) -> None:
    wanted = {"userId": "me", "capabilities": ["SEND_MESSAGE", "DELETE_MESSAGE"], "attributes": {"k": "v"}}
    tokens = [
        ivschat.create_chat_token(roomIdentifier=room, sessionDurationInMinutes=minutes, **wanted)
        for minutes in (1, 180)
    ]
    lives = [token["sessionExpirationTime"] - token["tokenExpirationTime"] for token in tokens]
    assert lives == [timedelta(0), timedelta(minutes=179)]
    made_for = emulator.verify_token(tokens[1]["token"])
    assert made_for and wanted.items() <= made_for.items()
    assert tokens[0]["token"] != tokens[1]["token"]


def test_token_that_is_not_valid(ivschat: Any, emulator: Emulator, room: str) -> None:
    assert emulator.verify_token("made-up") is None
    token = ivschat.create_chat_token(roomIdentifier=room, userId="u")["token"]
    assert emulator.verify_token(token)
    ivschat.delete_room(identifier=room)
    assert emulator.verify_token(token) is None


@pytest.mark.parametrize("operation", ["create_chat_token", "send_event"])
def test_attributes_of_one_kilobyte(ivschat: Any, room: str, operation: str) -> None:
    call = getattr(ivschat, operation)
    parameters = {"roomIdentifier": room} | ({"eventName": "e"} if operation == "send_event" else {"userId": "u"})
    call(attributes={"k\u00e9y": "\u00e9" * 510}, **parameters)  # 4 + 1020 bytes
    for attributes in ({"key": "v" * 1021, "": "x"}, {"k\u00e9y1": "\u00e9" * 510}):
        error = refused(call, attributes=attributes, **parameters)
        assert (error["code"], error["fieldList"][0]["name"]) == ("ValidationException", "attributes")


def test_messaging(ivschat: Any, room: str) -> None:
    sent = plain(ivschat.send_event(roomIdentifier=room, eventName="notice", attributes={"text": "hello"}))
    deleted = plain(ivschat.delete_message(roomIdentifier=room, id="abcdefghijkl", reason="rude"))
    for response in (sent, deleted):
        assert set(response) == {"id"}
        assert len(response["id"]) == 12
        assert response["id"].isalnum()
    assert plain(ivschat.disconnect_user(roomIdentifier=room, userId="u", reason="rude")) == {}


def test_secrets_are_not_in_the_log(ivschat: Any, emulator: Emulator, room: str) -> None:
    token = ivschat.create_chat_token(roomIdentifier=room, userId="u")["token"]
    client = emulator.client("ivschat", aws_secret_access_key="SECRETKEY", aws_session_token="SESSIONTOKEN")
    client.get_room(identifier=room)
    log = json.dumps(emulator.calls(service=None))
    assert "create" in log.lower()
    assert '"AKIAEMULATOR00000000"' in log
    for secret in (token, "SECRETKEY", "SESSIONTOKEN", "Signature"):
        assert secret not in log
