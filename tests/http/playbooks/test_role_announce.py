# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role aws_ivs.chat.announce in playbooks. The role live_chat is tested in tests/integration."""

from __future__ import annotations

from tests.support.playbooks import on_localhost


def test_role(playbook, chat, room_arns, sent):
    tagged = chat.create_room(name="tagged", tags={"stream": "main"})["arn"]

    def announce(ignore_errors=False, **options):
        return {
            "ansible.builtin.include_role": {"name": "aws_ivs.chat.announce"},
            "vars": {f"announce_{name}": value for name, value in options.items()},
        }

    def refused(**options):
        check = {"ansible.builtin.assert": {"that": "ansible_failed_result is defined"}}
        return {"block": [announce(**options), {"ansible.builtin.meta": "end_play"}], "rescue": [check]}

    playbook(
        on_localhost(
            announce(text="one", rooms=["lobby", room_arns["hall"]]),
            {"ansible.builtin.assert": {"that": "announce_sent.rooms | length == 2"}},
            refused(text="nobody"),
            refused(text="both", rooms=["lobby"], tags={"stream": "main"}),
            refused(text="nowhere", tags={"stream": "other"}),
            refused(rooms=["lobby"]),
            announce(text="two", tags={"stream": "main"}, event_name="notice", attributes={"level": 2}),
        )
    )
    assert [parameters for _operation, parameters in sent()] == [
        {"roomIdentifier": room_arns["lobby"], "eventName": "announcement", "attributes": {"text": "one"}},
        {"roomIdentifier": room_arns["hall"], "eventName": "announcement", "attributes": {"text": "one"}},
        {"roomIdentifier": tagged, "eventName": "notice", "attributes": {"level": "2", "text": "two"}},
    ]
