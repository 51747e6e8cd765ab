# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export of a stack while others change what is exported."""

from __future__ import annotations

from ansible_collections.aws_ivs.chat.plugins.module_utils import _stack_read

from tests.modules.harness import finish, start_module


def test_a_room_that_is_deleted_meanwhile_is_left_out(emulator, clients):
    chat = clients()
    kept, gone = (chat.create_room(name=name)["arn"] for name in ("kept", "gone"))
    emulator.hold("GetRoom")
    running = start_module(emulator.url, "ivschat_stack_info")
    emulator.wait_held(30)
    chat.delete_room(identifier=gone)
    emulator.release()
    exported = finish(running)
    assert not exported.get("failed"), exported
    assert [room["name"] for room in exported["stack"]["rooms"]] == ["kept"]
    assert [entry["arn"] for entry in exported["left_out"]] == [gone]
    assert "deleted" in exported["left_out"][0]["reason"]
    looks = [call["time"] for call in emulator.calls("GetRoom") if call["parameters"]["identifier"] == gone]
    assert 1 < looks[-1] - looks[0] < _stack_read.LOOK_AGAIN + 2  # Get may lag: it is asked again for a while
    assert kept
