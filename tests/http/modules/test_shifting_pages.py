# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists are sorted by the last change, so what somebody changes while pages are read slips past them."""

from __future__ import annotations

from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.harness import Run
from tests.support.service import create_logging_configuration

LIST = "ListLoggingConfigurations"


@pytest.fixture
def oldest(bucket: Any, chat: Any, emulator: Emulator) -> str:
    """The ARN of the logging configuration `archive` on the last of three pages; it changes after the first is read."""
    created = [create_logging_configuration(chat, name) for name in ("archive", "b", "c")]
    emulator.set(page_size=1)
    emulator.intervene(LIST, "UpdateLoggingConfiguration", identifier="archive")
    emulator.forget_calls()
    return created[0]


def test_absent_sees_it(oldest: str, logging: Run, chat: Any) -> None:
    assert logging(name="archive", state="absent")["changed"] is True
    emptied = chat.list_logging_configurations()
    assert oldest not in str(emptied)


def test_present_creates_no_second_one(oldest: str, logging: Run, bucket: Any, emulator: Emulator) -> None:
    result = logging(name="archive", destination_configuration=bucket)
    assert (result["changed"], result["logging_configuration"]["arn"]) == (False, oldest)
    # Two pages (the third has become the first), then the front until nothing new shows.
    assert len(emulator.calls(LIST)) <= 6 and emulator.writes() == []


def test_info_does_not_lose_it(run: Run, chat: Any, emulator: Emulator) -> None:
    for number in range(7):
        chat.create_room(name=f"room-{number}")
    emulator.set(page_size=2)
    for page, number in ((0, 0), (1, 1), (2, 2)):
        emulator.intervene("ListRooms", "UpdateRoom", identifier=f"room-{number}", skip=page)
    rooms = run("ivschat_room_info", include_details=False)["rooms"]
    assert sorted(room["name"] for room in rooms) == [f"room-{number}" for number in range(7)]


def test_several_pages_cost_one_call_more(run: Run, chat: Any, emulator: Emulator) -> None:
    for number in range(5):
        chat.create_room(name=f"room-{number}")
    for size, calls in ((5, 1), (3, 3), (1, 6)):
        emulator.set(page_size=size)
        emulator.forget_calls()
        assert len(run("ivschat_room_info", include_details=False)["rooms"]) == 5
        assert len(emulator.calls("ListRooms")) == calls


class TestInfo:
    def test_one_arn(self, run: Run, chat: Any, bucket: Any) -> None:
        room = chat.create_room(name="lobby")["arn"]
        created = create_logging_configuration(chat, "archive")
        assert [found["arn"] for found in run("ivschat_room_info", arn=room)["rooms"]] == [room]
        shown = run("ivschat_logging_configuration_info", arn=created)["logging_configurations"]
        assert [found["arn"] for found in shown] == [created]

    def test_a_room_that_get_finds_late(self, run: Run, chat: Any, emulator: Emulator) -> None:
        emulator.set(lag={"get": {"reads": 2}})
        created = chat.create_room(name="lobby")["arn"]
        assert [found["arn"] for found in run("ivschat_room_info")["rooms"]] == [created]

    def test_a_room_that_only_a_list_shows(
        self, run: Run, chat: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._identity.LOOK_AGAIN", 0.3)
        deleted, kept = (chat.create_room(name=name)["arn"] for name in ("deleted", "kept"))
        emulator.set(lag={"list": {"seconds": 60}})
        chat.delete_room(identifier=deleted)
        assert [found["arn"] for found in run("ivschat_room_info")["rooms"]] == [kept]
