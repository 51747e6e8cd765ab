# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of docs/docsite/rst/stacks.rst, when a run fails half way. tests/http/documents runs all its blocks."""

from __future__ import annotations

import yaml

from tests.support.documents import blocks
from tests.support.playbooks import on_localhost

TITLE = "Read the declaration of the stack"


def test_renaming_a_stack_continues_after_a_failure(playbook, run, emulator, chat):
    """No member is lost if the release fails after the first of them."""
    (text,) = [block.text for block in blocks("docs/docsite/rst/stacks.rst") if block.title == TITLE]
    rooms = [{"name": "meetup-berlin"}, {"name": "meetup-oslo"}]
    run("ivschat_stack", name="meetups", rooms=rooms)
    tasks = yaml.safe_load(text)
    failing = {"block": tasks, "rescue": [{"ansible.builtin.assert": {"that": "ansible_failed_result is failed"}}]}
    emulator.fault("UntagResource", "AccessDeniedException", skip=1)
    playbook(on_localhost(failing, {"ansible.builtin.assert": {"that": "ansible_failed_task is defined"}}))
    emulator.clear_faults()
    assert sorted(map(len, tags(chat))) == [0, 1], "one is released, and the other is still a member"
    for _number in range(2):
        playbook(on_localhost(*tasks))
        assert tags(chat) == [{"ivschat-stack": "community"}] * 2


def tags(chat):
    return [room["tags"] for room in chat.list_rooms()["rooms"]]
