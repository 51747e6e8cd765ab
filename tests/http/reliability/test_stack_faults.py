# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack of ten resources: a fault and a kill at every write, two runs at once; the next run converges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.http.reliability.matrix import FAULTS, assert_clean_failure
from tests.support.harness import ForkedModule, Run, fork_module
from tests.support.service import create_logging_configuration, holdings, operations
from tests.support.stacks import MEMBER, UNLIMITED, logging_entry

pytestmark = [
    pytest.mark.usefixtures("clock", "shared_clients"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),  # the threads are pytest-xdist's, and idle
]


NEW = ["new-1", "new-2", "new-3"]
DECLARATION = {
    "name": "conference",
    "logging_configurations": [
        logging_entry("new-logs"),
        logging_entry("moved", "chat-logs-2"),
        logging_entry("same"),
    ],
    "rooms": [
        *({"name": name, "maximum_message_length": 7, "logging_configurations": ["new-logs", "moved"]} for name in NEW),
        {"name": "drifted", "maximum_message_length": 9, "logging_configurations": ["new-logs"], "tags": {"new": "1"}},
        {"name": "detached", "logging_configurations": []},
        *({"name": name} for name in ("same", "free")),
    ],
    "prune": True,
    "adopt": True,
    "calls_per_second": UNLIMITED,
}
# The writes that turn the resources of `existing` into this, in order; rooms and logging configurations "surplus" go.
WRITES = [
    "CreateLoggingConfiguration",
    "UpdateLoggingConfiguration",
    *["CreateRoom"] * 3,
    *["UpdateRoom", "TagResource", "UntagResource"],
    "UpdateRoom",
    "TagResource",
    "DeleteRoom",
    "DeleteLoggingConfiguration",
]


def stored_room(name: str, used: tuple[str, ...] = (), length: int = 500, **tags: str) -> dict[str, Any]:
    return {
        "name": name,
        "maximumMessageLength": length,
        "maximumMessageRatePerSecond": 10,
        "loggingConfigurationIdentifiers": sorted(used),
        "tags": {**MEMBER, **tags},
    }


def stored_logging(name: str, bucket: str = "chat-logs") -> dict[str, Any]:
    return {
        "name": name,
        "destinationConfiguration": {"s3": {"bucketName": bucket}},
        "loggingConfigurationIdentifiers": [],
        "state": "ACTIVE",
        "tags": MEMBER,
    }


BYSTANDER = {**stored_room("bystander"), "tags": {"ivschat-stack": "other"}}
WANTED = {
    "rooms": sorted(
        [
            BYSTANDER,
            *(stored_room(name, ("new-logs", "moved"), 7) for name in NEW),
            stored_room("drifted", ("new-logs",), 9, new="1"),
            *(stored_room(name) for name in ("detached", "same", "free")),
        ],
        key=lambda room: room["name"],
    ),
    "logging": [stored_logging("moved", "chat-logs-2"), stored_logging("new-logs"), stored_logging("same")],
}


@pytest.fixture
def existing(emulator: Emulator, clients: Callable[..., Any]) -> Emulator:
    """The emulator with an older version of the stack, a room without an owner and another stack's room."""
    for bucket in ("chat-logs", "chat-logs-2"):
        clients("s3").create_bucket(Bucket=bucket)
    chat = clients()
    arns: dict[str, str] = {}
    for name in ("moved", "same", "surplus"):
        arns[name] = create_logging_configuration(chat, name, tags=MEMBER)
    used = {"loggingConfigurationIdentifiers": [arns["surplus"]]}
    for name in ("same", "surplus"):
        chat.create_room(name=name, tags=MEMBER)
    chat.create_room(name="drifted", tags={**MEMBER, "old": "1"})
    chat.create_room(name="detached", tags=MEMBER, **used)
    chat.create_room(name="free")
    chat.create_room(name="bystander", tags=BYSTANDER["tags"])
    emulator.forget_calls()
    return emulator


@pytest.fixture
def apply_stack(run: Run) -> Run:
    """apply_stack(**options): a run of the declaration, with other options where they are given."""
    return lambda **options: run("ivschat_stack", **{**DECLARATION, **options})


@pytest.fixture
def converges(apply_stack: Run, existing: Emulator, chat: Any) -> Callable[..., None]:
    """converges(wanted, lag): one more run ends well with exactly what is wanted, a further one finds nothing to do."""

    def check(wanted: dict[str, Any] | None = None, lag: int = 0) -> None:
        last = apply_stack()
        assert not last.get("failed"), last
        assert holdings(chat, lag) == (WANTED if wanted is None else wanted)
        existing.forget_calls()
        assert apply_stack()["changed"] is False
        assert existing.writes() == []

    return check


def preceding(position: int) -> int:
    """How many writes of the same operation come before the one at this position."""
    return WRITES[:position].count(WRITES[position])


def test_the_writes_are_these(apply_stack: Run, existing: Emulator, converges: Callable[..., None]) -> None:
    result = apply_stack()
    assert operations(existing.writes()) == WRITES
    assert result["summary"] == {"created": 4, "updated": 3, "deleted": 2, "adopted": 1, "released": 0, "unchanged": 2}
    assert len(DECLARATION["rooms"]) + len(DECLARATION["logging_configurations"]) == 10
    converges()


STRIKING = ("InternalServer", "reset after", "reset after, always", "AccessDenied")
at_every_write = pytest.mark.parametrize(
    "position", range(len(WRITES)), ids=lambda position: f"{position}-{WRITES[position]}"
)


@at_every_write
@pytest.mark.parametrize("fault", STRIKING)
def test_fault(fault: str, position: int, apply_stack: Run, existing: Emulator, converges: Callable[..., None]) -> None:
    struck = FAULTS[fault]
    existing.fault(WRITES[position], struck.error, struck.when, struck.count, preceding(position))
    first = apply_stack()
    assert any(call["fault"] for call in existing.calls()), "the fault has not struck"
    assert struck.ends == "either" or bool(first.get("failed")) is (struck.ends == "badly"), first
    if first.get("failed"):
        assert_clean_failure(first, struck.says or struck.error)
        finished = sum(first["summary"].values())
        assert first["msg"].startswith(f"{finished} of 12 changes finished, {len(first['failures'])} failed: ")
    existing.clear_faults()
    converges()


@pytest.mark.parametrize("continue_on_error", [False, True])
def test_all_writes_fail(
    continue_on_error: bool, apply_stack: Run, existing: Emulator, chat: Any, converges: Callable[..., None]
) -> None:
    before = holdings(chat)
    for operation in set(WRITES):
        existing.fault(operation, "AccessDeniedException", count=1000)
    failed = apply_stack(continue_on_error=continue_on_error)
    # Aside from the two unchanged: three rooms fail without a call, as their logging configuration was not created. The
    # two removals are not tried.
    assert len(failed["failures"]) == (8 if continue_on_error else 1)
    assert failed["msg"].endswith("; kept 2 member(s) that are to be removed")
    assert failed["changed"] is False and holdings(chat) == before
    existing.clear_faults()
    converges()


@pytest.mark.parametrize("name", ["list lags", "get lags", "state stays"])
def test_emulator_settings(name: str, apply_stack: Run, existing: Emulator, converges: Callable[..., None]) -> None:
    existing.set(**FAULTS[name].settings)
    first = apply_stack()
    assert not first.get("failed"), first
    if name != "get lags":  # lists show neither length nor rate, so that a Get that lags is not waited for
        existing.forget_calls()
        assert apply_stack()["changed"] is False and existing.writes() == []
    converges(lag=3)


def test_a_room_that_get_does_not_find_yet_is_not_created_again(
    apply_stack: Run, existing: Emulator, chat: Any, converges: Callable[..., None]
) -> None:
    existing.set(lag={"get": {"reads": 2}})
    chat.create_room(name="new-1", tags=MEMBER)
    assert apply_stack()["summary"] == {
        "created": 3,
        "updated": 4,
        "deleted": 2,
        "adopted": 1,
        "released": 0,
        "unchanged": 2,
    }
    existing.set(lag={})
    converges(lag=2)


# Processes, forked: they start at once, and their pauses too take no time.


@pytest.fixture
def start(existing: Emulator, client_cache: dict[str, Any]) -> Iterator[Callable[..., ForkedModule]]:
    """start(**options): a run of the declaration, with other options where they are given, in the background."""
    started: list[ForkedModule] = []

    def begin(**options: Any) -> ForkedModule:
        given = {**DECLARATION, **options}
        started.append(fork_module(existing.url, "ivschat_stack", first=client_cache.clear, **given))
        return started[-1]

    yield begin
    for module in started:
        module.clean_up()


@at_every_write
@pytest.mark.parametrize("when", ["before", "after"])
def test_kill(
    when: str, position: int, start: Callable[..., ForkedModule], existing: Emulator, converges: Callable[..., None]
) -> None:
    existing.hold(WRITES[position], when, preceding(position))
    running = start()
    existing.wait_held(30)
    running.kill()
    existing.release(drop=True)
    assert sum(call["effect"] for call in existing.writes()) == position + (when == "after")
    converges()


def at_once(
    existing: Emulator, begin: Callable[..., ForkedModule], *options: dict[str, Any], may_fail: bool = False
) -> list[dict[str, Any]]:
    """The results of runs that have all read the lists before the first of them writes."""
    for _run in options:
        existing.hold("ListRooms", "after")
    runs = [begin(**given) for given in options]
    existing.wait_held(30)
    existing.release()
    results = [run.result() for run in runs]
    assert may_fail or not any(result.get("failed") for result in results), results
    return results


class TestRaces:
    @pytest.mark.parametrize("lag", [{}, {"list": {"reads": 3}}])
    def test_one_declaration_twice(
        self, lag: Any, existing: Emulator, start: Callable[..., ForkedModule], apply_stack: Run, chat: Any
    ) -> None:
        existing.set(lag=lag)
        results = at_once(existing, start, {}, {})
        assert any(result["changed"] for result in results)
        assert apply_stack()["changed"] is False
        assert holdings(chat, lag=3) == WANTED

    def test_the_later_of_two_gives_way_and_has_changed_nothing(
        self, existing: Emulator, start: Callable[..., ForkedModule], apply_stack: Run, chat: Any
    ) -> None:
        options: dict[str, Any] = {
            "name": "twice",
            "rooms": [{"name": "a", "maximum_message_length": 5}, {"name": "b"}],
            "logging_configurations": DECLARATION["logging_configurations"][:1],
            "prune": False,
        }
        existing.set(lag={"list": {"reads": 3}})
        existing.hold("ListRooms", "after")
        later = start(**options)
        existing.wait_held(30)
        sooner = apply_stack(**options)
        existing.release()
        assert sooner["summary"]["created"] == 3
        gave_way = later.result()
        assert gave_way["changed"] is False and gave_way["summary"]["unchanged"] == 3
        for key in ("rooms", "logging_configurations"):
            assert [resource["arn"] for resource in gave_way[key]] == [resource["arn"] for resource in sooner[key]]
        assert apply_stack(**options)["changed"] is False
        held = holdings(chat, lag=3)
        assert [configuration["name"] for configuration in held["logging"]] == ["moved", "new-logs", "same", "surplus"]
        assert len([room for room in held["rooms"] if room["tags"] == {"ivschat-stack": "twice"}]) == 2

    @pytest.mark.parametrize("lag", [{}, {"list": {"reads": 3}}])
    def test_two_stacks(
        self, lag: Any, existing: Emulator, start: Callable[..., ForkedModule], apply_stack: Run, chat: Any
    ) -> None:
        """Both create a room named new-1 before they see the other's: the older one remains, the other run says so."""
        existing.set(lag=lag)
        second = {"name": "second", "logging_configurations": [], "rooms": [{"name": "lobby"}, {"name": "new-1"}]}
        results = at_once(existing, start, {}, second, may_fail=True)
        remaining = [room for room in holdings(chat, lag=3)["rooms"] if room["name"] == "new-1"]
        assert len(remaining) == 1, results
        winner = remaining[0]["tags"]["ivschat-stack"]
        won, lost = results if winner == "conference" else results[::-1]
        assert not won.get("failed"), won
        assert lost["failed"] and "another room named 'new-1', which is not a member of this stack" in lost["msg"]
        existing.forget_calls()
        assert apply_stack(**({} if winner == "conference" else second))["changed"] is False
        refused = apply_stack(**(second if winner == "conference" else {}))["msg"]
        assert "'new-1' is a member of another stack" in refused
        assert existing.writes() == []
