# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a list a stack reads to see what it wrote, what others do meanwhile, and how it stops."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _stack_wait

from ivschat_emulator import Emulator
from tests.support.service import create_logging_configuration, operations
from tests.support.stacks import MEMBER, UNLIMITED


def counts(emulator: Emulator) -> dict[str, int]:
    return dict(Counter(operations(emulator.calls())))


class TestOneUpdatedOfMany:
    """The reads, the writes, and at most two more calls."""

    MANY = 160

    @pytest.fixture
    def many(self, emulator: Emulator, chat: Any) -> list[dict[str, Any]]:
        names = [f"room-{number:03}" for number in range(self.MANY)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: chat.create_room(name=name, tags=MEMBER)["arn"], names))
        emulator.forget_calls()
        return [{"name": name} for name in names]

    @pytest.mark.parametrize(
        ("change", "writes"),
        [
            ({"message_review_handler": "uri"}, {"UpdateRoom": 1}),
            ({"tags": {"new": "1"}}, {"TagResource": 1}),
            ({"message_review_handler": "uri", "tags": {"new": "1"}}, {"UpdateRoom": 1, "TagResource": 1}),
        ],
    )
    def test_fields_and_tags(self, stack, emulator, many, function, change, writes):
        if "message_review_handler" in change:
            change = {**change, "message_review_handler": {"uri": function()}}
        declared = {"rooms": [{**room, **(change if room["name"] == "room-007" else {})} for room in many]}
        predicted = stack(check=True, **declared)
        reads = counts(emulator)
        emulator.forget_calls()
        assert stack(**declared)["summary"]["updated"] == 1
        created = counts(emulator)
        extra = Counter(created) - Counter(reads) - Counter(writes)
        assert 1 <= sum(extra.values()) <= 2, (created, reads)
        assert predicted["estimate"]["calls"] == sum(created.values())
        emulator.forget_calls()
        assert stack(**declared)["changed"] is False and counts(emulator) == reads

    @pytest.mark.usefixtures("impatient")
    def test_a_list_that_lags_is_read_again(self, stack, emulator, many, function):
        emulator.set(lag={"list": {"reads": 2}})
        declared = {"rooms": [{**many[7], "message_review_handler": {"uri": function()}}, *many[8:]]}
        assert stack(**declared)["summary"]["updated"] == 1
        assert stack(**declared)["changed"] is False

    def test_a_released_room(self, stack, emulator, many):
        emulator.forget_calls()
        assert stack(rooms=many[1:], release=True)["summary"]["released"] == 1
        assert counts(emulator)["UntagResource"] == 1 and counts(emulator)["ListRooms"] <= 7

    def test_a_create_looks_by_name_where_the_list_has_several_pages(self, stack, emulator, many):
        predicted = stack(check=True, rooms=[*many, {"name": "new"}])
        emulator.forget_calls()
        assert stack(rooms=[*many, {"name": "new"}])["summary"]["created"] == 1
        by_name = [call for call in emulator.calls("ListRooms") if call["parameters"].get("name")]
        assert [call["parameters"]["name"] for call in by_name] == ["new"]
        assert predicted["estimate"]["calls"] == len(emulator.calls())


class TestEstimate:
    def test_calls_and_seconds_of_a_run(self, stack, emulator, bucket):
        declared = {
            "logging_configurations": [{"name": "archive", "destination_configuration": bucket}],
            "rooms": [{"name": f"room-{number}", "logging_configurations": ["archive"]} for number in range(12)],
            "calls_per_second": {"room": 5, "logging_configuration": 3, "tag": 10},
        }
        predicted = stack(check=True, **declared)
        assert len(emulator.calls()) == 2
        emulator.forget_calls()
        done = stack(**declared)
        assert done["estimate"] == predicted["estimate"]
        times = [call["time"] for call in emulator.calls()]
        assert predicted["estimate"]["calls"] == len(times) == 17
        # Five of the twelve creates at once, and seven at five a second.
        assert predicted["estimate"]["seconds"] == pytest.approx(7 / 5, abs=0.1)
        assert times[-1] - times[0] == pytest.approx(predicted["estimate"]["seconds"], abs=1)
        emulator.forget_calls()
        predicted = stack(check=True, state="absent", calls_per_second=UNLIMITED)
        emulator.forget_calls()
        stack(state="absent", calls_per_second=UNLIMITED)
        assert predicted["estimate"]["calls"] == len(emulator.calls())

    def test_reads_of_what_lists_omit_count(self, stack, emulator):
        declared = {"rooms": [{"name": f"room-{number}", "maximum_message_length": 5} for number in range(7)]}
        stack(**declared)
        emulator.forget_calls()
        predicted = stack(check=True, **declared, calls_per_second={"room": 1})
        assert predicted["estimate"]["calls"] == len(emulator.calls()) == 9
        assert predicted["estimate"]["seconds"] == pytest.approx(6, abs=0.1)

    def test_a_rate_below_one_call_a_second(self, stack, emulator, chat):
        rates = {"room": 0.5, "logging_configuration": 1000, "tag": 1000}
        rooms = [{"name": f"room-{number}"} for number in range(3)]
        predicted = stack(check=True, rooms=rooms, wait=False, calls_per_second=rates)
        emulator.forget_calls()
        stack(rooms=rooms, wait=False, calls_per_second=rates)
        times = [call["time"] for call in emulator.calls("CreateRoom")]
        assert times[2] - times[0] == pytest.approx(4.1, abs=0.4)
        assert predicted["estimate"]["seconds"] == pytest.approx(4.1, abs=0.2)


class TestNoAnswer:
    @pytest.mark.usefixtures("impatient")
    @pytest.mark.parametrize("operation", ["UpdateRoom", "CreateRoom"])
    def test_the_run_stops_whatever_continue_on_error_says(self, stack, emulator, function, operation):
        names = [f"room-{number}" for number in range(20)]
        rooms = [{"name": name} for name in names]
        if operation == "UpdateRoom":
            stack(rooms=rooms)
            uri = function()
            rooms = [{**room, "message_review_handler": {"uri": uri}} for room in rooms]
        emulator.forget_calls()
        emulator.fault("CreateRoom", "ConnectionReset", count=1000)
        emulator.fault("UpdateRoom", "ConnectionReset", count=1000)
        emulator.fault("ListRooms", "ConnectionReset", count=1000, skip=1)
        failed = stack(rooms=rooms, continue_on_error=True, prune=True)
        assert failed["failed"] and "calls got no answer" in failed["failures"][-1]["msg"]
        assert len(failed["failures"]) <= 4 and len(emulator.calls()) <= 15

    @pytest.mark.usefixtures("impatient")
    def test_a_few_that_are_lost_among_answers_do_not_stop_it(self, stack, emulator):
        emulator.fault("CreateRoom", "AccessDeniedException", skip=1)
        emulator.fault("CreateRoom", "ConnectionReset", skip=2, count=2)
        failed = stack(rooms=[{"name": f"room-{number}"} for number in range(8)], continue_on_error=True)
        assert len(failed["failures"]) == 1 and failed["summary"]["created"] == 7


class TestOthersMeanwhile:
    def test_a_room_task_was_first(self, meanwhile, run, emulator, chat):
        """The stack's room is the younger one: it goes, and the run says whose the older one is."""
        failed = meanwhile(
            "CreateRoom", lambda: run("ivschat_room", name="a", wait=False), "before", rooms=[{"name": "a"}]
        )
        (left,) = chat.list_rooms()["rooms"]
        assert left["tags"] == {}
        assert (
            failed["failed"]
            and f"not a member of this stack, has been created in the meantime: {left['arn']}" in (failed["msg"])
        )

    def test_another_stack_was_first(self, meanwhile, run, emulator, chat, bucket):
        entry = {"name": "archive", "destination_configuration": bucket}

        def other() -> None:
            run("ivschat_stack", name="other", logging_configurations=[entry], wait=False)

        failed = meanwhile("CreateLoggingConfiguration", other, "before", logging_configurations=[entry])
        (left,) = chat.list_logging_configurations()["loggingConfigurations"]
        assert failed["failed"] and left["tags"] == {"ivschat-stack": "other"}
        again = run("ivschat_stack", name="other", logging_configurations=[entry])
        assert again["changed"] is False

    def test_the_older_one_stays_and_the_younger_one_is_left_to_its_run(self, meanwhile, emulator, chat):
        theirs: list[str] = []

        def other() -> None:
            theirs.append(chat.create_room(name="a")["arn"])

        created = meanwhile("CreateRoom", other, "after", rooms=[{"name": "a"}])
        assert created.get("summary", {}).get("created") == 1, created
        assert theirs[0] in {room["arn"] for room in chat.list_rooms()["rooms"]}  # only its maker removes it

    def test_a_room_that_is_deleted_after_its_update(self, meanwhile, emulator, chat, run):
        run("ivschat_stack", name="conference", rooms=[{"name": "a"}], calls_per_second=UNLIMITED)
        (room,) = chat.list_rooms()["rooms"]
        options = {"rooms": [{"name": "a", "maximum_message_length": 7}]}
        failed = meanwhile("ListRooms", lambda: chat.delete_room(identifier=room["arn"]), "before", 1, **options)
        assert failed.get("failed") and f"Somebody else deleted {room['arn']}" in failed["msg"], failed

    def test_a_room_that_is_changed_after_its_update(self, meanwhile, emulator, chat, run, function):
        uri, other = function("one"), function("two")
        run("ivschat_stack", name="conference", rooms=[{"name": "a"}], calls_per_second=UNLIMITED)
        (room,) = chat.list_rooms()["rooms"]

        def change() -> None:
            chat.update_room(identifier=room["arn"], messageReviewHandler={"uri": other})

        options = {"rooms": [{"name": "a", "message_review_handler": {"uri": uri}}]}
        failed = meanwhile("ListRooms", change, "before", 1, **options)
        assert failed["failed"] and f"Somebody else changed {room['arn']}" in failed["msg"] and other in failed["msg"]

    def test_a_tag_that_is_changed_after_its_update(self, meanwhile, emulator, chat, run):
        run("ivschat_stack", name="conference", rooms=[{"name": "a", "tags": {"k": "1"}}], calls_per_second=UNLIMITED)
        (room,) = chat.list_rooms()["rooms"]

        def change() -> None:
            chat.tag_resource(resourceArn=room["arn"], tags={"k": "theirs"})

        failed = meanwhile("ListRooms", change, "before", 1, rooms=[{"name": "a", "tags": {"k": "2"}}])
        assert failed["failed"] and f"Somebody else changed {room['arn']}" in failed["msg"]
        assert "'k': 'theirs'" in failed["msg"]

    def test_a_member_that_is_renamed_to_a_declared_name_is_not_pruned(self, meanwhile, chat, run):
        """What was to be removed is now what is declared: it is managed, and stays."""
        run("ivschat_stack", name="conference", rooms=[{"name": "old"}, {"name": "b"}], calls_per_second=UNLIMITED)
        before = {room["name"]: room["arn"] for room in chat.list_rooms()["rooms"]}

        def rename() -> None:
            chat.update_room(identifier=before["old"], name="new")

        rooms = [{"name": "new", "tags": {"k": "1"}}, {"name": "b"}]
        done = meanwhile("CreateRoom", rename, "before", rooms=rooms, prune=True, diff=True)
        assert not done.get("failed") and done["summary"]["deleted"] == 0, done
        assert "room old" not in done["diff"]["before"] + done["diff"]["after"]
        left = {room["name"]: room for room in chat.list_rooms()["rooms"]}
        assert {name: room["arn"] for name, room in left.items()} == {"new": before["old"], "b": before["b"]}
        assert left["new"]["tags"] == {"ivschat-stack": "conference", "k": "1"}

    def test_get_does_not_show_at_once_what_was_created(self, stack, emulator, chat):
        """With times in whole seconds, the run looks at what it keeps once more."""
        emulator.set(lag={"get": {"seconds": 3}}, times={view: {"unit": 1} for view in ("write", "get", "list")})
        done = stack(rooms=[{"name": "lobby"}])
        assert done["changed"] and not done.get("failed"), done

    def test_a_replacement_does_not_give_way_to_a_resource_that_was_there_before(self, stack, emulator, chat, bucket):
        theirs = create_logging_configuration(chat, "archive", tags={"owner": "they"})
        emulator.set(failing_transitions=["CREATE"], refuse_update_of_failed=True)
        failed = create_logging_configuration(chat, "archive", tags=MEMBER)
        done = stack(logging_configurations=[{"name": "archive", "destination_configuration": bucket}])
        assert not done.get("failed"), done
        listed = {each["arn"]: each["tags"] for each in chat.list_logging_configurations()["loggingConfigurations"]}
        ours = done["logging_configurations"][0]["arn"]
        assert listed == {theirs: {"owner": "they"}, ours: MEMBER} and ours != failed

    def test_a_created_room_that_never_shows_up(self, meanwhile, emulator, chat, monkeypatch, stack):
        monkeypatch.setattr(_stack_wait, "LONGEST_LAG", 0.5)
        emulator.set(lag={"list": {"seconds": 60}, "get": {"seconds": 60}})
        failed = stack(rooms=[{"name": "a"}], wait_timeout=20)
        assert failed["failed"] and "Somebody else deleted" in failed["msg"]


def test_absent_does_not_wait_for_the_deletion_of_another_stacks_member(stack, emulator, chat, bucket):
    theirs = create_logging_configuration(chat, "theirs", tags={"ivschat-stack": "other"})
    stack(rooms=[{"name": "lobby"}])
    emulator.set(transitions={"seconds": 60})
    chat.delete_logging_configuration(identifier=theirs)
    gone = stack(state="absent", wait_timeout=3)
    assert not gone.get("failed") and gone["summary"]["deleted"] == 1, gone
    listed = chat.list_logging_configurations()["loggingConfigurations"]
    assert [(each["arn"], each["state"]) for each in listed] == [(theirs, "DELETING")]


def test_a_member_that_lists_show_late_is_deleted_all_the_same(stack, emulator, chat):
    """With state=absent no member may be left: the list after the deletions is looked through once more."""
    for number in range(2):
        chat.create_room(name=f"room-{number}", tags=MEMBER)
    emulator.set(lag={"list": {"reads": 1}})
    chat.create_room(name="late", tags=MEMBER)
    assert stack(state="absent")["summary"]["deleted"] == 3
    emulator.set(lag={})
    assert chat.list_rooms()["rooms"] == []
