# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup aws_ivs.chat.chat_token in playbooks."""

from __future__ import annotations

import json

from tests.support.environment import UNKNOWN_ROOM
from tests.support.playbooks import on_localhost


def test_lookup(playbook, room_arns, emulator, tmp_path):
    lookup = "lookup('aws_ivs.chat.chat_token', {}, wantlist=true)"

    def task(arguments, **keywords):
        content = "{{ " + lookup.format(arguments) + " | to_json }}"
        return {"ansible.builtin.copy": {"content": content, "dest": "tokens.json"}, "register": "result", **keywords}

    def refused(arguments, said):
        condition = f"result is failed and {json.dumps(said)} in result.msg"
        return [task(arguments, ignore_errors=True), {"ansible.builtin.assert": {"that": condition}}]

    wishes = "capabilities=['SEND_MESSAGE'], session_duration=5, attributes={'n': 1}"
    playbook(
        on_localhost(
            *refused("'ada', room_name='nope'", "room_name: no room is named 'nope'"),
            *refused("'', room_name='lobby', session_duration=181", "user_id: '' is not valid"),
            *refused("'ada', room_name='lobby', session_duration=181", "session_duration: 181 is not valid"),
            *refused("'ada', room_name='lobby', region='us-east-2'", "'us-east-2' does not offer Amazon IVS Chat"),
            *refused(
                "['ada', 'bob'], room_name='lobby'", "user_id: ['ada', 'bob'] is not valid: it must be the ID of a"
            ),
            *refused("{'ada': 1}, room_name='lobby'", "user_id: {'ada': 1} is not valid"),
            *refused("true, room_name='lobby'", "user_id: True is not valid: it must be the ID of a user"),
            *refused("'ada'", "room_arn, room_name: exactly one of them is required"),
            *refused(f"'ada', room_arn='{UNKNOWN_ROOM}'", "ResourceNotFoundException"),
            task(f"'ada', 7, room_name='lobby', {wishes}"),
        )
    )
    tokens = [emulator.verify_token(token) for token in json.loads((tmp_path / "tokens.json").read_text())]
    assert [(token["userId"], token["roomArn"]) for token in tokens] == [
        ("ada", room_arns["lobby"]),
        ("7", room_arns["lobby"]),
    ]
    assert (tokens[0]["capabilities"], tokens[0]["attributes"]) == (["SEND_MESSAGE"], {"n": "1"})


def test_no_users(playbook, room_arns, emulator):
    """The options are validated as they are with users; valid ones need no call."""
    lookup = "query('aws_ivs.chat.chat_token', *users, {})"

    def given(options, condition):
        task = {"ansible.builtin.set_fact": {"tokens": "{{ " + lookup.format(options) + " }}"}}
        return [
            {**task, "register": "result", "ignore_errors": True},
            {"ansible.builtin.assert": {"that": condition}},
        ]

    def refused(options, said):
        return given(options, f"result is failed and {json.dumps(said)} in result.msg")

    emulator.forget_calls()
    playbook(
        on_localhost(
            *refused("room_name=''", "room_name: '' is not valid: it must be the name of a room"),
            *refused("room_name=omitted", "room_name: null is not valid"),
            *refused("region='us-east-1'", "room_arn, room_name: exactly one of them is required"),
            *refused("room_name='lobby', session_duration=181", "session_duration: 181 is not valid"),
            *given("room_name='lobby'", "result is success and tokens == []"),
            *given("room_name='nope'", "result is success and tokens == []"),
            vars={"users": [], "omitted": None},
        )
    )
    assert emulator.calls() == []
