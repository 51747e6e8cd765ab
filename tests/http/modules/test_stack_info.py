# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export of a stack while others change what is exported."""

from __future__ import annotations

from ansible_collections.aws_ivs.chat.plugins.module_utils import _identity

from tests.support.harness import start_module


def test_a_room_that_is_deleted_meanwhile_is_left_out(emulator, chat):
    kept, deleted = (chat.create_room(name=name)["arn"] for name in ("kept", "deleted"))
    emulator.hold("GetRoom")
    running = start_module(emulator.url, "ivschat_stack_info")
    emulator.wait_held(30)
    chat.delete_room(identifier=deleted)
    emulator.release()
    exported = running.result()
    assert not exported.get("failed"), exported
    assert [room["name"] for room in exported["stack"]["rooms"]] == ["kept"]
    assert [entry["arn"] for entry in exported["left_out"]] == [deleted]
    assert "deleted" in exported["left_out"][0]["reason"]
    looks = [call["time"] for call in emulator.calls("GetRoom") if call["parameters"]["identifier"] == deleted]
    assert 1 < looks[-1] - looks[0] < _identity.LOOK_AGAIN + 2  # Get may lag: it is asked again for a while
    assert kept
