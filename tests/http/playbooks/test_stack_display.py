# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees of a stack in a terminal: the diff in Ansible's colors, and how far a long run is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.environment import CREDENTIALS
from tests.support.playbooks import on_localhost, play
from tests.support.service import operations
from tests.support.stacks import MEMBER

ADDED, REMOVED = "\x1b[0;32m", "\x1b[0;31m"

Task = Callable[..., dict[str, Any]]


@pytest.fixture
def task(emulator: Emulator) -> Task:
    """task(**options): a task that runs ivschat_stack for the stack `conference`."""

    def declare(keywords: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        given = {**CREDENTIALS, "name": "conference", "endpoint_url": emulator.url, **options}
        return {"aws_ivs.chat.ivschat_stack": given, "register": "result", **(keywords or {})}

    return declare


def test_twenty_updates_and_280_deletions(task: Task, chat: Any, tmp_path: Path) -> None:
    for number in range(280):
        chat.create_room(name=f"old-{number}", tags=MEMBER)
    for number in range(20):
        chat.create_room(name=f"kept-{number}", tags={**MEMBER, "stage": "test"})
    kept = [{"name": f"kept-{number}", "tags": {"stage": "live"}} for number in range(20)]
    book = on_localhost(task(rooms=[*kept, {"name": "new"}], prune=True, calls_per_second={"room": 1000}))
    finished = play(tmp_path, book, arguments=("--check", "--diff"), ANSIBLE_FORCE_COLOR="true")
    assert finished.returncode == 0, finished.stdout
    text = finished.stdout
    assert f"{ADDED}+++ after: Plan: 1 to create, 20 to update, 0 to adopt, 280 to delete, 0 unchanged" in text
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    shown = [line for line in lines if line[:1] in ("+", "-")][2:]
    assert len(shown) == 1 + 20 * 2 + 280
    start = lines.index("   room kept-0")
    assert lines[start + 1 : start + 4] == [
        '-    room kept-0: tags.stage: "test"',
        '+    room kept-0: tags.stage: "live"',
        "   room kept-1",
    ]
    assert f"{ADDED}+  room new" in text and f"{REMOVED}-  room old-279" in text
    assert text.index("20 to update:") < text.index("1 to create:") < text.index("280 to delete:")


class TestProgress:
    """Lines come every five seconds; twelve creates at one a second take more than ten."""

    ROOMS = [{"name": f"room-{number}"} for number in range(12)]
    SLOW = {"room": 1}
    LINE = re.compile(r"^ivschat_stack conference: (\d+) of 12 changes made$", re.MULTILINE)

    def test_lines_while_the_task_runs(self, task: Task, tmp_path: Path) -> None:
        book = on_localhost(task(rooms=self.ROOMS, calls_per_second=self.SLOW))
        with TemporaryDirectory() as temporary:  # Ansible makes sockets there: tmp_path may be too long a name for them
            finished = play(tmp_path, book, TMPDIR=temporary)
            left = list(Path(temporary).glob("ivschat_stack_*"))
        assert finished.returncode == 0, finished.stdout
        shown = [int(count) for count in self.LINE.findall(finished.stdout)]
        assert len(shown) >= 2 and shown == sorted(shown) and 0 < shown[0] < shown[1] <= 12
        assert left == []

    def test_no_log_leaves_the_name_out(self, task: Task, tmp_path: Path) -> None:
        book = on_localhost(task({"no_log": "{{ hidden }}"}, rooms=self.ROOMS[:8], calls_per_second=self.SLOW))
        finished = play(tmp_path, book, arguments=("-e", "hidden=true"))
        assert finished.returncode == 0, finished.stdout
        assert re.search(r"^ivschat_stack: \d+ of 8 changes made$", finished.stdout, re.MULTILINE), finished.stdout
        assert "conference" not in finished.stdout

    def test_reading_counts_too(self, task: Task, chat: Any, tmp_path: Path) -> None:
        for room in self.ROOMS:
            chat.create_room(name=room["name"], tags=MEMBER)
        declared = [{**room, "maximum_message_length": 500} for room in self.ROOMS]
        finished = play(tmp_path, on_localhost(task(rooms=declared, calls_per_second=self.SLOW)))
        assert finished.returncode == 0, finished.stdout
        assert re.search(r"^ivschat_stack conference: \d+ of 12 rooms read$", finished.stdout, re.MULTILINE)

    @pytest.mark.parametrize(
        ("keywords", "arguments"),
        [
            ({"async": 60, "poll": 2}, ()),
            ({"check_mode": True}, ()),
            ({}, ("--check",)),
        ],
        ids=["async", "check_mode", "--check"],
    )
    def test_steps_aside(
        self, task: Task, emulator: Emulator, tmp_path: Path, keywords: dict[str, Any], arguments: tuple[str, ...]
    ) -> None:
        options = {"rooms": self.ROOMS[:8], "calls_per_second": self.SLOW}
        with TemporaryDirectory() as temporary:
            finished = play(
                tmp_path,
                on_localhost(task(keywords, **options), {"ansible.builtin.debug": {"var": "result.summary.created"}}),
                arguments=arguments,
                ANSIBLE_ASYNC_DIR=str(tmp_path / "async"),
                TMPDIR=temporary,
            )
            left = list(Path(temporary).glob("ivschat_stack_*"))
        assert finished.returncode == 0, finished.stdout
        assert '"result.summary.created": "8"' in finished.stdout or '"result.summary.created": 8' in finished.stdout
        assert "changes made" not in finished.stdout
        # Nobody would read the lines of a task in the background, or remove the file that it writes them to.
        assert left == []
        assert len(emulator.writes()) == (8 if "async" in keywords else 0)

    def test_module_defaults_and_failures_reach_the_user(self, emulator: Emulator, tmp_path: Path) -> None:
        defaults = {"group/aws_ivs.chat.aws": {**CREDENTIALS, "endpoint_url": emulator.url}}
        refused = {"aws_ivs.chat.ivschat_stack": {"name": "conference", "rooms": [{"name": "a b"}]}}
        finished = play(tmp_path, on_localhost(refused, module_defaults=defaults))
        assert finished.returncode == 2 and "rooms[0].name: 'a b' is not valid" in finished.stdout
        works = {"aws_ivs.chat.ivschat_stack": {"name": "conference", "rooms": [{"name": "a"}]}}
        finished = play(tmp_path, on_localhost(works, module_defaults=defaults))
        assert finished.returncode == 0, finished.stdout
        assert operations(emulator.writes()) == ["CreateRoom"]
