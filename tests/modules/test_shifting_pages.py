# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists are sorted by the last change, so what somebody changes while pages are read slips past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.modules.conftest import Run

DESTINATION = {"s3": {"bucketName": "chat-logs"}}
LIST = "ListLoggingConfigurations"


@pytest.fixture
def oldest(bucket: Any, clients: Callable[..., Any], emulator: Emulator) -> str:
    """The ARN of the logging configuration `archive` on the last of three pages; it changes after the first is read."""
    made = [
        clients().create_logging_configuration(name=name, destinationConfiguration=DESTINATION)["arn"]
        for name in ("archive", "b", "c")
    ]
    emulator.set(page_size=1)
    emulator.intervene(LIST, "UpdateLoggingConfiguration", identifier="archive")
    emulator.forget_calls()
    return str(made[0])


def test_absent_sees_it(oldest: str, logging: Run, clients: Callable[..., Any]) -> None:
    assert logging(name="archive", state="absent")["changed"] is True
    emptied = clients().list_logging_configurations()
    assert oldest not in str(emptied)


def test_present_makes_no_second_one(oldest: str, logging: Run, bucket: Any, emulator: Emulator) -> None:
    result = logging(name="archive", destination_configuration=bucket)
    assert (result["changed"], result["logging_configuration"]["arn"]) == (False, oldest)
    # Two pages (the third has become the first), then the front until nothing new shows.
    assert len(emulator.calls(LIST)) <= 6 and emulator.writes() == []


def test_info_does_not_lose_it(run: Run, clients: Callable[..., Any], emulator: Emulator) -> None:
    for number in range(7):
        clients().create_room(name=f"room-{number}")
    emulator.set(page_size=2)
    for page, number in ((0, 0), (1, 1), (2, 2)):
        emulator.intervene("ListRooms", "UpdateRoom", identifier=f"room-{number}", skip=page)
    rooms = run("ivschat_room_info", include_details=False)["rooms"]
    assert sorted(room["name"] for room in rooms) == [f"room-{number}" for number in range(7)]


def test_several_pages_cost_one_call_more(run: Run, clients: Callable[..., Any], emulator: Emulator) -> None:
    for number in range(5):
        clients().create_room(name=f"room-{number}")
    for size, calls in ((5, 1), (3, 3), (1, 6)):
        emulator.set(page_size=size)
        emulator.forget_calls()
        assert len(run("ivschat_room_info", include_details=False)["rooms"]) == 5
        assert len(emulator.calls("ListRooms")) == calls


class TestInfo:
    def test_one_arn(self, run: Run, clients: Callable[..., Any], bucket: Any) -> None:
        room = clients().create_room(name="lobby")["arn"]
        made = clients().create_logging_configuration(name="archive", destinationConfiguration=DESTINATION)["arn"]
        assert [each["arn"] for each in run("ivschat_room_info", arn=room)["rooms"]] == [room]
        shown = run("ivschat_logging_configuration_info", arn=made)["logging_configurations"]
        assert [each["arn"] for each in shown] == [made]

    def test_a_room_that_get_finds_late(self, run: Run, clients: Callable[..., Any], emulator: Emulator) -> None:
        emulator.set(lag={"get": {"reads": 2}})
        made = clients().create_room(name="lobby")["arn"]
        assert [each["arn"] for each in run("ivschat_room_info")["rooms"]] == [made]

    def test_a_room_that_only_a_list_shows(
        self, run: Run, clients: Callable[..., Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.modules.ivschat_room_info.LOOK_AGAIN", 0.3)
        gone, kept = (clients().create_room(name=name)["arn"] for name in ("gone", "kept"))
        emulator.set(lag={"list": {"seconds": 60}})
        clients().delete_room(identifier=gone)
        assert [each["arn"] for each in run("ivschat_room_info")["rooms"]] == [kept]
