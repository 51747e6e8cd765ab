# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack of ten resources: a fault at each write, a kill at each write, two runs at once; the next run converges."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.modules.harness import run_module
from tests.reliability.conftest import Run, holdings
from tests.reliability.test_fault_matrix import FAULTS, refuse_unclean

pytestmark = [
    pytest.mark.usefixtures("clock", "one_client"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),  # the threads are pytest-xdist's, and idle
]

MEMBER = {"ivschat-stack": "conference"}
FAST = {"room": 1000, "logging_configuration": 1000, "tag": 1000}


def destination(bucket: str) -> dict[str, Any]:
    return {"s3": {"bucket_name": bucket}}


NEW = ["new-1", "new-2", "new-3"]
DECLARATION = {
    "name": "conference",
    "logging_configurations": [
        {"name": "new-logs", "destination_configuration": destination("chat-logs")},
        {"name": "moved", "destination_configuration": destination("chat-logs-2")},
        {"name": "same", "destination_configuration": destination("chat-logs")},
    ],
    "rooms": [
        *({"name": name, "maximum_message_length": 7, "logging_configurations": ["new-logs", "moved"]} for name in NEW),
        {"name": "drifted", "maximum_message_length": 9, "logging_configurations": ["new-logs"], "tags": {"new": "1"}},
        {"name": "detached", "logging_configurations": []},
        *({"name": name} for name in ("same", "free")),
    ],
    "prune": True,
    "adopt": True,
    "calls_per_second": FAST,
}
# The writes that make this of `world`, in their order; the rooms and logging configurations "surplus" go.
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


def room(name: str, used: tuple[str, ...] = (), length: int = 500, **tags: str) -> dict[str, Any]:
    return {
        "name": name,
        "maximumMessageLength": length,
        "maximumMessageRatePerSecond": 10,
        "loggingConfigurationIdentifiers": sorted(used),
        "tags": {**MEMBER, **tags},
    }


def logs(name: str, bucket: str = "chat-logs") -> dict[str, Any]:
    return {
        "name": name,
        "destinationConfiguration": {"s3": {"bucketName": bucket}},
        "loggingConfigurationIdentifiers": [],
        "state": "ACTIVE",
        "tags": MEMBER,
    }


BYSTANDER = {**room("bystander"), "tags": {"ivschat-stack": "other"}}
WANTED = {
    "rooms": sorted(
        [
            BYSTANDER,
            *(room(name, ("new-logs", "moved"), 7) for name in NEW),
            room("drifted", ("new-logs",), 9, new="1"),
            *(room(name) for name in ("detached", "same", "free")),
        ],
        key=lambda each: each["name"],
    ),
    "logging": [logs("moved", "chat-logs-2"), logs("new-logs"), logs("same")],
}

Apply = Callable[[], dict[str, Any]]


@pytest.fixture
def world(emulator: Emulator, clients: Callable[..., Any]) -> Emulator:
    """What a stack was before it was declared anew, a room without an owner and another stack's; the emulator."""
    for bucket in ("chat-logs", "chat-logs-2"):
        clients("s3").create_bucket(Bucket=bucket)
    chat, arns = clients(), {}
    for name in ("moved", "same", "surplus"):
        made = {"destinationConfiguration": {"s3": {"bucketName": "chat-logs"}}, "tags": MEMBER}
        arns[name] = chat.create_logging_configuration(name=name, **made)["arn"]
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
def apply(run: Run) -> Run:
    """apply(**options): a run of the declaration, with other options where they are given."""
    return lambda **options: run("ivschat_stack", **{**DECLARATION, **options})


@pytest.fixture
def converges(apply: Run, world: Emulator, clients: Callable[..., Any]) -> Callable[..., None]:
    """converges(wanted, lag): one more run ends well with exactly what is wanted, a further one finds nothing to do."""

    def check(wanted: dict[str, Any] | None = None, lag: int = 0) -> None:
        last = apply()
        assert not last.get("failed"), last
        assert holdings(clients(), lag) == (WANTED if wanted is None else wanted)
        world.forget_calls()
        assert apply()["changed"] is False
        assert world.writes() == []

    return check


def nth(place: int) -> int:
    """How many calls of the same operation come before the write at this place."""
    return WRITES[:place].count(WRITES[place])


def test_the_writes_are_these(apply: Run, world: Emulator, converges: Callable[..., None]) -> None:
    result = apply()
    assert [call["operation"] for call in world.writes()] == WRITES
    assert result["summary"] == {"created": 4, "updated": 3, "deleted": 2, "adopted": 1, "released": 0, "unchanged": 2}
    assert len(DECLARATION["rooms"]) + len(DECLARATION["logging_configurations"]) == 10
    converges()


STRIKING = ("InternalServer", "reset after", "reset after, always", "AccessDenied")
EACH_WRITE = pytest.mark.parametrize("place", range(len(WRITES)), ids=lambda place: f"{place}-{WRITES[place]}")


@EACH_WRITE
@pytest.mark.parametrize("fault", STRIKING)
def test_fault(fault: str, place: int, apply: Run, world: Emulator, converges: Callable[..., None]) -> None:
    struck = FAULTS[fault]
    world.fault(WRITES[place], struck.error, struck.when, struck.count, nth(place))
    first = apply()
    assert any(call["fault"] for call in world.calls()), "the fault has not struck"
    assert struck.ends == "either" or bool(first.get("failed")) is (struck.ends == "badly"), first
    if first.get("failed"):
        refuse_unclean(first, struck.says or struck.error)
        finished = sum(first["summary"].values())
        assert first["msg"].startswith(f"{finished} of 12 changes finished, {len(first['failures'])} failed: ")
    world.clear_faults()
    converges()


@pytest.mark.parametrize("continue_on_error", [False, True])
def test_all_writes_fail(
    continue_on_error: bool, apply: Run, world: Emulator, clients: Callable[..., Any], converges: Callable[..., None]
) -> None:
    before = holdings(clients())
    for operation in set(WRITES):
        world.fault(operation, "AccessDeniedException", count=1000)
    failed = apply(continue_on_error=continue_on_error)
    # Aside from the two unchanged: three rooms fail without a call, as their logging configuration was not made. The
    # two removals are not tried.
    assert len(failed["failures"]) == (8 if continue_on_error else 1)
    assert failed["msg"].endswith("; kept 2 member(s) that are to be removed")
    assert failed["changed"] is False and holdings(clients()) == before
    world.clear_faults()
    converges()


@pytest.mark.parametrize("mood", ["list lags", "get lags", "state stays"])
def test_mood(mood: str, apply: Run, world: Emulator, converges: Callable[..., None]) -> None:
    world.set(**FAULTS[mood].mood)
    first = apply()
    assert not first.get("failed"), first
    if mood != "get lags":  # lists show neither length nor rate, so that a Get that lags is not waited for
        world.forget_calls()
        assert apply()["changed"] is False and world.writes() == []
    converges(lag=3)


def test_a_room_that_get_does_not_find_yet_is_not_made_again(
    apply: Run, world: Emulator, clients: Callable[..., Any], converges: Callable[..., None]
) -> None:
    world.set(lag={"get": {"reads": 2}})
    clients().create_room(name="new-1", tags=MEMBER)
    assert apply()["summary"] == {"created": 3, "updated": 4, "deleted": 2, "adopted": 1, "released": 0, "unchanged": 2}
    world.set(lag={})
    converges(lag=2)


# Processes. They are forked, so that they start at once and do not pause either.


class Running:
    """A run of the module in a process of its own, which must not share the clients (and connections) made so far."""

    def __init__(self, url: str, options: dict[str, Any], clients_so_far: dict[str, Any]) -> None:
        context = multiprocessing.get_context("fork")
        self._here, there = context.Pipe(duplex=False)

        def child() -> None:
            clients_so_far.clear()
            there.send(run_module(url, "ivschat_stack", **options))

        self.process = context.Process(target=child, daemon=True)
        self.process.start()
        there.close()

    def result(self) -> dict[str, Any]:
        assert self._here.poll(60), "the run does not end"
        found = self._here.recv()
        self.process.join()
        return dict(found)

    def kill(self) -> None:
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL


@pytest.fixture
def start(world: Emulator, _made: dict[str, Any]) -> Iterator[Callable[..., Running]]:
    """start(**options): a run of the declaration, with other options where they are given, in the background."""
    started: list[Running] = []

    def begin(**options: Any) -> Running:
        started.append(Running(world.url, {**DECLARATION, **options}, _made))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.join()


@EACH_WRITE
@pytest.mark.parametrize("when", ["before", "after"])
def test_kill(
    when: str, place: int, start: Callable[..., Running], world: Emulator, converges: Callable[..., None]
) -> None:
    world.hold(WRITES[place], when, nth(place))
    running = start()
    world.wait_held(30)
    running.kill()
    world.release(drop=True)
    assert sum(call["effect"] for call in world.writes()) == place + (when == "after")
    converges()


def at_once(
    world: Emulator, begin: Callable[..., Running], *options: dict[str, Any], may_fail: bool = False
) -> list[dict[str, Any]]:
    """The results of runs that have all read the lists before the first of them writes."""
    for _each in options:
        world.hold("ListRooms", "after")
    runs = [begin(**each) for each in options]
    world.wait_held(30)
    world.release()
    results = [each.result() for each in runs]
    assert may_fail or not any(each.get("failed") for each in results), results
    return results


class TestRaces:
    @pytest.mark.parametrize("lag", [{}, {"list": {"reads": 3}}])
    def test_one_declaration_twice(
        self, lag: Any, world: Emulator, start: Callable[..., Running], apply: Run, clients: Callable[..., Any]
    ) -> None:
        world.set(lag=lag)
        results = at_once(world, start, {}, {})
        assert any(each["changed"] for each in results)
        assert apply()["changed"] is False
        assert holdings(clients(), lag=3) == WANTED

    def test_the_later_of_two_gives_way_and_has_changed_nothing(
        self, world: Emulator, start: Callable[..., Running], apply: Run, clients: Callable[..., Any]
    ) -> None:
        options: dict[str, Any] = {
            "name": "twice",
            "rooms": [{"name": "a", "maximum_message_length": 5}, {"name": "b"}],
            "logging_configurations": DECLARATION["logging_configurations"][:1],
            "prune": False,
        }
        world.set(lag={"list": {"reads": 3}})
        world.hold("ListRooms", "after")
        later = start(**options)
        world.wait_held(30)
        sooner = apply(**options)
        world.release()
        assert sooner["summary"]["created"] == 3
        gave_way = later.result()
        assert gave_way["changed"] is False and gave_way["summary"]["unchanged"] == 3
        for key in ("rooms", "logging_configurations"):
            assert [each["arn"] for each in gave_way[key]] == [each["arn"] for each in sooner[key]]
        assert apply(**options)["changed"] is False
        held = holdings(clients(), lag=3)
        assert [each["name"] for each in held["logging"]] == ["moved", "new-logs", "same", "surplus"]
        assert len([each for each in held["rooms"] if each["tags"] == {"ivschat-stack": "twice"}]) == 2

    @pytest.mark.parametrize("lag", [{}, {"list": {"reads": 3}}])
    def test_two_stacks(
        self, lag: Any, world: Emulator, start: Callable[..., Running], clients: Callable[..., Any], apply: Run
    ) -> None:
        """Both make a room named new-1 before they see the other's: the older one remains, the other run says so."""
        world.set(lag=lag)
        second = {"name": "second", "logging_configurations": [], "rooms": [{"name": "lobby"}, {"name": "new-1"}]}
        results = at_once(world, start, {}, second, may_fail=True)
        held = [each for each in holdings(clients(), lag=3)["rooms"] if each["name"] == "new-1"]
        assert len(held) == 1, results
        winner = held[0]["tags"]["ivschat-stack"]
        won, lost = results if winner == "conference" else results[::-1]
        assert not won.get("failed"), won
        assert lost["failed"] and "another room named 'new-1', which is not a member of this stack" in lost["msg"]
        world.forget_calls()
        assert apply(**({} if winner == "conference" else second))["changed"] is False
        assert "'new-1' is a member of another stack" in apply(**(second if winner == "conference" else {}))["msg"]
        assert world.writes() == []
