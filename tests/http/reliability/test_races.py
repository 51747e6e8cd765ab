# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that create one name at once: one resource remains, the oldest, and every run says truly whether it changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.harness import StartedModule, start_module
from tests.support.service import API_DESTINATION, create_logging_configuration, list_logging_configurations, list_rooms

DESTINATION = {"s3": {"bucket_name": "chat-logs"}}
KINDS = {
    "room": ("ListRooms", "CreateRoom", "DeleteRoom", {"maximum_message_length": 300}),
    "logging_configuration": (
        "ListLoggingConfigurations",
        "CreateLoggingConfiguration",
        "DeleteLoggingConfiguration",
        {"destination_configuration": DESTINATION},
    ),
}


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest, clients: Callable[..., Any]) -> str:
    clients("s3").create_bucket(Bucket="chat-logs")
    return str(request.param)


def start(emulator: Emulator, kind: str, **options: Any) -> StartedModule:
    return start_module(emulator.url, f"ivschat_{kind}", name="lobby", tags={"a": "b"}, **KINDS[kind][3], **options)


def start_at_once(emulator: Emulator, kind: str, runs: int) -> list[StartedModule]:
    """Start runs none of which has seen anything of that name when it goes on to create it."""
    listing = KINDS[kind][0]
    for _run in range(runs):
        emulator.hold(listing, "after")
    processes = [start(emulator, kind) for _run in range(runs)]
    emulator.wait_held(120)
    return processes


def create(chat: Any, kind: str) -> str:
    """Create, with plain boto3, what the runs declare; its ARN."""
    if kind == "room":
        return str(chat.create_room(name="lobby", maximumMessageLength=300, tags={"a": "b"})["arn"])
    return create_logging_configuration(chat, "lobby", tags={"a": "b"})


def list_kind(chat: Any, kind: str) -> list[dict[str, Any]]:
    return list_rooms(chat) if kind == "room" else list_logging_configurations(chat)


LAGS: dict[str, dict[str, Any]] = {"no lag": {}, "list": {"list": {"reads": 3}}, "get": {"get": {"seconds": 2}}}


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("runs", [2, 8])
def test_one_remains(kind: str, runs: int, lag: str, emulator: Emulator, chat: Any) -> None:
    emulator.set(lag=LAGS[lag])
    processes = start_at_once(emulator, kind, runs)
    emulator.release()
    results = [process.result() for process in processes]
    assert not any(result.get("failed") for result in results), results
    assert len([call for call in emulator.calls(KINDS[kind][1]) if call["effect"]]) == runs, "they did not race"
    emulator.set(lag={})
    (left,) = list_kind(chat, kind)
    assert left["tags"] == {"a": "b"}
    assert [result["changed"] for result in results].count(True) == 1
    assert {result[kind]["arn"] for result in results if result["changed"]} == {left["arn"]}
    removed = {call["parameters"]["identifier"] for call in emulator.calls(KINDS[kind][2])}
    assert len(removed) == runs - 1 and left["arn"] not in removed


# How the views show one time: a list in whole seconds, and Create, Get, and List a time of their own.
TIMES = {
    "whole seconds in lists": {"list": {"unit": 1}},
    "whole seconds everywhere": {view: {"unit": 1} for view in ("write", "get", "list")},
    "three different times": {"write": {"offset": -0.4}, "get": {"offset": 0.7, "unit": 1}, "list": {"offset": 0.2}},
}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("runs", [2, 4])
def test_one_remains_whatever_times_are_shown(kind: str, runs: int, times: str, emulator: Emulator, chat: Any) -> None:
    """Nobody deletes the one that stays, and every run reports the ARN of one that exists."""
    emulator.set(times=TIMES[times])
    processes = start_at_once(emulator, kind, runs)
    emulator.release()
    results = [process.result() for process in processes]
    assert not any(result.get("failed") for result in results), results
    assert len([call for call in emulator.calls(KINDS[kind][1]) if call["effect"]]) >= runs, "they did not race"
    (left,) = list_kind(chat, kind)
    assert {result[kind]["arn"] for result in results} == {left["arn"]}
    assert [result["changed"] for result in results].count(True) == 1


def test_a_tie_that_shows_late(kind: str, emulator: Emulator, chat: Any) -> None:
    """Somebody creates the name right after the run has seen itself alone, and lists show one time for both.

    Who was first cannot be said, and the other one's run may have ended: this one removes what it created itself.
    """
    listing = KINDS[kind][0]
    emulator.set(times={"list": {"unit": 3600}})
    parameters: dict[str, Any] = {"name": "lobby", "tags": {"a": "b"}}
    parameters |= {"maximumMessageLength": 300} if kind == "room" else {"destinationConfiguration": API_DESTINATION}
    emulator.intervene(listing, f"Create{listing[4:-1]}", skip=1, **parameters)
    result = start(emulator, kind).result()
    (left,) = list_kind(chat, kind)
    assert (result.get("changed"), result[kind]["arn"]) == (False, left["arn"]), result
    (removed,) = emulator.calls(KINDS[kind][2])
    assert removed["parameters"]["identifier"] != left["arn"]


def test_what_was_there_before_stays(kind: str, emulator: Emulator, chat: Any) -> None:
    """Somebody else's resource, older than what the runs create: both give way to it, and bring it to their options."""
    processes = start_at_once(emulator, kind, 2)
    older = create(chat, kind)
    emulator.release()
    results = [process.result() for process in processes]
    assert [(result["changed"], result[kind]["arn"]) for result in results] == [(False, older)] * 2
    assert [resource["arn"] for resource in list_kind(chat, kind)] == [older]


def test_a_run_that_meets_duplicates_waits(kind: str, emulator: Emulator, chat: Any) -> None:
    """Duplicates of a moment ago may be a race that is not over: a third run looks again before it fails."""
    older, younger = create(chat, kind), create(chat, kind)
    emulator.forget_calls()
    process = start(emulator, kind)
    deadline = time.monotonic() + 60
    while len(emulator.calls(KINDS[kind][0])) < 2:
        assert time.monotonic() < deadline and process.is_running(), "the run has not looked again"
        time.sleep(0.01)
    getattr(chat, f"delete_{kind}")(identifier=younger)
    result = process.result()
    assert not result.get("failed") and (result["changed"], result[kind]["arn"]) == (False, older)
