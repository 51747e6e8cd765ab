# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of docs/moderation.md, exactly as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.documents import blocks
from tests.support.environment import aws_settings
from tests.support.iam import keys_of_new_user, policy


@pytest.mark.parametrize("with_handler", [False, True])
def test_runbook(playbook, run, room_info, function, sent, emulator, with_handler):
    """Step by step, as a moderator with no other permissions than those of docs/policies/moderators.json."""
    handler = {"uri": function("review"), "fallback_result": "ALLOW"} if with_handler else None
    declared = {"name": "lobby", "maximum_message_rate_per_second": 50, "message_review_handler": handler}
    before = run("ivschat_room", **declared)["room"]
    variables = {"room": "lobby", "users": ["troll-17", "troll-18"], "messages": ["abcdefGHI123"]}
    variables |= {"rooms": ["lobby"], "text": "Paused"}
    books = {Path(block.file_name).stem: block.text for block in blocks("docs/moderation.md")}
    assert list(books) == ["freeze", "disconnect", "delete", "announce", "restore"]

    def steps(*names, **more):
        emulator.forget_calls()
        keys = keys_of_new_user(emulator, policy("moderators"))
        settings = aws_settings(emulator.url, **keys)
        playbook(*(books[name] for name in names), variables={**variables, **more}, **settings)
        emulator.enforce_iam(False)

    def now():
        (found,) = room_info()
        return {key: value for key, value in found.items() if key != "update_time"}

    unfrozen = now()
    assert unfrozen.items() <= before.items()
    steps("freeze")
    assert now() == {**unfrozen, "maximum_message_rate_per_second": 1}
    denying = {"uri": function("deny"), "fallback_result": "DENY"}
    steps("freeze", deny_function=denying["uri"])
    assert now() == {**unfrozen, "maximum_message_rate_per_second": 1, "message_review_handler": denying}
    steps("disconnect", "delete", "announce", "restore", "freeze", "restore")
    assert now() == unfrozen
    done = [operation for operation, _parameters in sent() if operation != "UpdateRoom"]
    assert done == ["DisconnectUser", "DisconnectUser", "DeleteMessage", "SendEvent"]
