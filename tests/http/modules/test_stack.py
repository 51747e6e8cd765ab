# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ivschat_stack and ivschat_stack_info: many resources in one task, and their export."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar

import pytest
import yaml
from ansible.module_utils.common.dict_transformations import snake_dict_to_camel_dict
from ansible_collections.aws_ivs.chat.plugins.module_utils import _identity, _waits

from ivschat_emulator import Emulator
from tests.support.harness import KNOWN_AFTER_APPLY, Run, start_module, warnings_of
from tests.support.service import create_logging_configuration, operations
from tests.support.stacks import MEMBER, NONE, logging_entry, planned


def rooms_by_name(chat: Any) -> dict[str, dict[str, Any]]:
    """All rooms in full; no two may have one name."""
    listed = chat.list_rooms()["rooms"]
    found = {room["name"]: {**chat.get_room(identifier=room["arn"]), "ResponseMetadata": None} for room in listed}
    assert len(found) == len(listed)
    return found


@pytest.fixture
def declaration(emulator: Emulator, chat: Any, bucket: dict[str, Any]) -> dict[str, Any]:
    """A declaration that needs every action: there are members, a room without an owner, others' resources."""
    for name, owner in (("kept", MEMBER), ("surplus", MEMBER), ("theirs", {"ivschat-stack": "other"})):
        create_logging_configuration(chat, name, tags=owner)
    arn = chat.list_logging_configurations()["loggingConfigurations"][0]["arn"]
    for name, tags, options in (
        ("same", MEMBER, {}),
        ("drifted", {**MEMBER, "old": "1"}, {"maximumMessageLength": 7, "maximumMessageRatePerSecond": 8}),
        ("free", {"own": "1"}, {}),
        ("surplus", MEMBER, {}),
        ("theirs", {"ivschat-stack": "other"}, {"loggingConfigurationIdentifiers": [arn]}),
        ("nobodys", {}, {}),
    ):
        chat.create_room(name=name, tags=tags, **options)
    emulator.forget_calls()
    return {
        "logging_configurations": [logging_entry("created"), logging_entry("kept")],
        "rooms": [
            {"name": "same"},
            {"name": "drifted", "maximum_message_length": 9, "logging_configurations": ["kept"], "tags": {"new": "1"}},
            {"name": "created", "maximum_message_rate_per_second": 20, "logging_configurations": ["created", "kept"]},
            {"name": "free"},
        ],
        "prune": True,
        "adopt": True,
    }


ACTIONS = [
    ("create", "created"),
    ("none", "kept"),
    ("none", "same"),
    ("update", "drifted"),
    ("create", "created"),
    ("adopt", "free"),
    ("delete", "surplus"),
    ("delete", "surplus"),
]
COUNTS = {"created": 2, "updated": 1, "deleted": 2, "adopted": 1, "released": 0, "unchanged": 2}


class TestPlanAndApply:
    def test_check_mode_predicts_the_real_run_and_writes_nothing(self, stack, declaration, emulator):
        predicted = stack(check=True, diff=True, **declaration)
        assert emulator.writes() == []
        done = stack(diff=True, **declaration)
        assert planned(predicted) == ACTIONS
        assert predicted["summary"] == done["summary"] == COUNTS
        assert predicted["changed"] is done["changed"] is True
        assert predicted["plan"] == done["plan"]
        assert predicted["diff"] == done["diff"]
        assert predicted.keys() == done.keys()
        assert predicted["failures"] == done["failures"] == []
        for key in ("rooms", "logging_configurations"):
            assert [resource["name"] for resource in predicted[key]] == [resource["name"] for resource in done[key]]
            for before, after in zip(predicted[key], done[key], strict=True):
                assert before.keys() == after.keys()
                differing = {field for field, value in after.items() if before[field] != value}
                # Aside from what the service assigns: ARNs of what did not exist yet, and fields that no list shows.
                unread = {field for field, value in before.items() if value in (None, KNOWN_AFTER_APPLY)}
                assert differing <= unread | {"update_time", "logging_configuration_identifiers"}

        emulator.forget_calls()
        again = stack(diff=True, **declaration)
        assert (again["changed"], again["diff"]["before"], again["diff"]["after"]) == (False, "", "")
        assert again["summary"] == {**NONE, "unchanged": 6}
        assert emulator.writes() == []

    def test_writes_in_order_and_only_what_differs(self, stack, declaration, emulator, chat):
        before = rooms_by_name(chat)
        arns = {found["name"]: found["arn"] for found in chat.list_logging_configurations()["loggingConfigurations"]}
        emulator.forget_calls()
        stack(**declaration)
        arns |= {found["name"]: found["arn"] for found in chat.list_logging_configurations()["loggingConfigurations"]}
        writes = [(call["operation"], call["parameters"]) for call in emulator.writes()]
        drifted, free = before["drifted"]["arn"], before["free"]["arn"]
        assert writes == [
            (
                "CreateLoggingConfiguration",
                {"name": "created", "destinationConfiguration": {"s3": {"bucketName": "chat-logs"}}, "tags": MEMBER},
            ),
            (
                "UpdateRoom",
                {"identifier": drifted, "maximumMessageLength": 9, "loggingConfigurationIdentifiers": [arns["kept"]]},
            ),
            ("TagResource", {"resourceArn": drifted, "tags": {"new": "1"}}),
            ("UntagResource", {"resourceArn": drifted, "tagKeys": ["old"]}),
            (
                "CreateRoom",
                {
                    "name": "created",
                    "maximumMessageRatePerSecond": 20,
                    "loggingConfigurationIdentifiers": sorted([arns["created"], arns["kept"]]),
                    "tags": MEMBER,
                },
            ),
            ("TagResource", {"resourceArn": free, "tags": MEMBER}),
            ("DeleteRoom", {"identifier": before["surplus"]["arn"]}),
            ("DeleteLoggingConfiguration", {"identifier": arns["surplus"]}),
        ]

    def test_never_touches_what_is_no_member(self, stack, declaration, emulator, chat):
        before = rooms_by_name(chat)
        stack(**declaration)
        stack(state="absent")
        left = rooms_by_name(chat)
        assert left == {name: before[name] for name in ("theirs", "nobodys")}
        assert [
            configuration["name"] for configuration in chat.list_logging_configurations()["loggingConfigurations"]
        ] == ["theirs"]

    def test_returns_all_in_the_order_of_the_declaration(self, stack, room, bucket):
        declared = {"logging_configurations": [logging_entry("archive")], "rooms": [{"name": "b"}, {"name": "a"}]}
        created = stack(**declared)
        assert [room["name"] for room in created["rooms"]] == ["b", "a"]
        assert created["rooms"][1] == room(name="a")["room"]
        unchanged = stack(**declared)
        assert unchanged["logging_configurations"] == created["logging_configurations"]
        assert unchanged["rooms"] == [
            {**room, "maximum_message_length": None, "maximum_message_rate_per_second": None}
            for room in created["rooms"]
        ]

    def test_references_by_name_and_by_arn(self, stack, bucket, chat):
        foreign = create_logging_configuration(chat, "foreign")
        declared = {
            "logging_configurations": [logging_entry("archive")],
            "rooms": [{"name": "a", "logging_configurations": [foreign, "archive"]}],
        }
        created = stack(**declared)
        arn = created["logging_configurations"][0]["arn"]
        assert created["rooms"][0]["logging_configuration_identifiers"] == sorted([foreign, arn])
        declared["rooms"][0]["logging_configurations"] = [arn, foreign]
        assert stack(**declared)["changed"] is False
        declared["rooms"][0]["logging_configurations"] = []
        assert stack(**declared)["rooms"][0]["logging_configuration_identifiers"] == []

    def test_diff_is_one_text_with_totals(self, stack, declaration):
        assert "diff" not in stack(check=True, **declaration)
        diff = stack(check=True, diff=True, **declaration)["diff"]
        assert diff["before_header"] == "stack conference"
        assert diff["after_header"] == "Plan: 2 to create, 1 to update, 1 to adopt, 2 to delete, 2 unchanged"
        assert diff["before"].splitlines() == [
            "1 to update:",
            "  room drifted",
            "    room drifted: maximum_message_length: 7",
            "    room drifted: logging_configuration_identifiers: []",
            '    room drifted: tags.old: "1"',
            "1 to adopt:",
            "  room free",
            "2 to create:",
            "2 to delete:",
            "  room surplus",
            "  logging configuration surplus",
        ]
        assert diff["after"].splitlines() == [
            "1 to update:",
            "  room drifted",
            "    room drifted: maximum_message_length: 9",
            '    room drifted: logging_configuration_identifiers: ["kept"]',
            '    room drifted: tags.new: "1"',
            "1 to adopt:",
            "  room free",
            '    room free: tags.ivschat-stack: "conference"',
            "2 to create:",
            "  logging configuration created",
            "  room created",
            "2 to delete:",
        ]

    def test_tags(self, stack, chat):
        declared = {"rooms": [{"name": "a"}, {"name": "b", "tags": {"who": "b", "n": 1}}]}
        stack(**declared, tags={"who": "all"})
        tags = {name: room["tags"] for name, room in rooms_by_name(chat).items()}
        assert tags == {"a": {"who": "all", **MEMBER}, "b": {"who": "b", "n": "1", **MEMBER}}
        assert stack(rooms=[{"name": "a"}, {"name": "b"}])["changed"] is False  # no tags declared: left alone
        assert stack(rooms=[{"name": "a"}], tags={"more": ""}, purge_tags=False)["rooms"][0]["tags"] == {
            "who": "all",
            "more": "",
            **MEMBER,
        }
        assert stack(rooms=[{"name": "a"}], tags={})["rooms"][0]["tags"] == MEMBER

    def test_prune_leaves_a_kind_alone_that_is_not_set(self, stack, chat, bucket):
        stack(logging_configurations=[logging_entry("archive")], rooms=[{"name": "a"}])
        assert stack(prune=True)["plan"] == []
        assert planned(stack(prune=True, logging_configurations=[logging_entry("archive")])) == [("none", "archive")]
        assert planned(stack(prune=True, logging_configurations=[])) == [("delete", "archive")]
        assert planned(stack(prune=True, rooms=[])) == [("delete", "a")]

    def test_another_ownership_tag(self, stack, chat):
        chat.create_room(name="theirs", tags=MEMBER)
        result = stack(rooms=[{"name": "a"}], ownership_tag="owner", prune=True)
        assert planned(result) == [("create", "a")]
        assert rooms_by_name(chat)["a"]["tags"] == {"owner": "conference"}

    @pytest.mark.parametrize("adopted", [False, True])
    def test_the_mark_of_another_stack_is_not_purged(self, stack, chat, adopted):
        """Of a stack with the default ownership tag, whose member another stack has adopted under another tag."""
        chat.create_room(name="a", tags={**MEMBER, "old": "1", **({"owner": "conference"} if adopted else {})})
        result = stack(rooms=[{"name": "a"}], ownership_tag="owner", adopt=True, tags={"new": "1"})
        tags = {**MEMBER, "owner": "conference", "new": "1"}
        assert result["rooms"][0]["tags"] == rooms_by_name(chat)["a"]["tags"] == tags
        assert stack(rooms=[{"name": "a"}], ownership_tag="owner", tags={})["rooms"][0]["tags"] == {
            **MEMBER,
            "owner": "conference",
        }
        assert stack(rooms=[{"name": "a"}])["summary"]["unchanged"] == 1, "the first stack has its member still"


class TestRefusals:
    @pytest.mark.parametrize("check", [False, True])
    def test_all_errors_at_once_before_the_first_call(self, stack, emulator, check):
        result = stack(
            check=check,
            logging_configurations=[{"name": "a", "destination_configuration": {}}],
            rooms=[
                {"name": "a b"},
                {"name": "b", "maximum_message_rate_per_second": 101, "logging_configurations": ["c"]},
                {"name": "b"},
            ],
            calls_per_second={"tag": 0},
            region="mars-north-1",
        )
        assert result["failed"] and emulator.calls() == []
        paths = ["region", "calls_per_second.tag", "logging_configurations[0].destination_configuration"]
        paths += ["rooms[0].name", "rooms[1].maximum_message_rate_per_second", "rooms[1].logging_configurations[0]"]
        paths += ["rooms[2].name"]
        assert [error.split(":")[0] for error in result["msg"].split("; ")] == paths

    @pytest.mark.parametrize("check", [False, True])
    def test_what_is_there_and_no_member(self, stack, emulator, chat, check):
        free = chat.create_room(name="free")["arn"]
        theirs = chat.create_room(name="theirs", tags={"ivschat-stack": "other"})["arn"]
        declared = [{"name": "new"}, {"name": "free"}, {"name": "theirs"}]
        emulator.forget_calls()
        refused, adopting = (stack(check=check, rooms=declared, adopt=adopt) for adopt in (False, True))
        said = [
            f"rooms[1]: 'free' already exists and has no owner: {free}",
            f"rooms[2]: 'theirs' is a member of another stack: {theirs} of stack 'other'",
        ]
        assert [message.split(" (created")[0] for message in refused["refusals"]] == said
        assert adopting["refusals"] == said[1:] and emulator.writes() == []
        for result in (refused, adopting):  # an earlier task may delete or release what is in the way
            printed = " ".join(warnings_of(result)) if check else result["msg"]
            assert bool(result.get("failed")) is not check and all(text in printed for text in result["refusals"])
        assert planned(refused) == [("create", "new")]

    def test_a_stack_that_takes_over_what_an_earlier_task_releases(self, stack, run):
        """A rename of a stack is previewed: release, then adopt."""
        stack(rooms=[{"name": "lobby"}])
        assert stack(state="absent", release=True, check=True)["summary"]["released"] == 1
        renamed = run("ivschat_stack", name="renamed", rooms=[{"name": "lobby"}], adopt=True, check=True)
        assert not renamed.get("failed") and "is a member of another stack" in " ".join(warnings_of(renamed))
        stack(state="absent", release=True)
        real = run("ivschat_stack", name="renamed", rooms=[{"name": "lobby"}], adopt=True)
        assert real["changed"] and real["refusals"] == []

    @pytest.mark.parametrize(
        "options", [{"state": "absent"}, {"prune": True, "rooms": [], "logging_configurations": []}]
    )
    def test_removal_of_a_logging_configuration_that_another_room_uses(self, stack, emulator, chat, bucket, options):
        stack(
            logging_configurations=[logging_entry("archive")],
            rooms=[{"name": "a", "logging_configurations": ["archive"]}],
        )
        arn = chat.list_logging_configurations()["loggingConfigurations"][0]["arn"]
        user = chat.create_room(name="foreign", loggingConfigurationIdentifiers=[arn])["arn"]
        emulator.forget_calls()
        refused = stack(**options)
        assert f"because 1 room(s) use it: foreign ({user})" in refused["msg"]
        assert refused["failed"] and emulator.writes() == []


class TestFallbackResult:
    """Of a room without a review handler it has no effect, and a warning says so, as in ivschat_room."""

    SAID = "message_review_handler.fallback_result has no effect: there is no review handler, and no uri is set"
    DENY: ClassVar = {"message_review_handler": {"fallback_result": "DENY"}}

    @pytest.fixture
    def warned(self, stack):
        def agree(*rooms, **options):
            options = {"rooms": [{"name": name, **given} for name, given in zip("abc", rooms, strict=False)], **options}
            predicted = warnings_of(stack(check=True, **options))
            assert predicted == warnings_of(stack(**options))
            return predicted

        return agree

    def test_of_some_rooms(self, warned, function):
        uri = function()
        reviewed = {"message_review_handler": {"uri": uri, "fallback_result": "DENY"}}
        assert warned(self.DENY, reviewed, self.DENY) == [f"rooms[0], rooms[2]: {self.SAID}"]
        assert warned({}, self.DENY, {}) == [], "the room has a handler already"
        assert warned(self.DENY, self.DENY, {}, room_defaults={"message_review_handler": {"uri": uri}}) == []
        assert warned({"message_review_handler": {"uri": "", "fallback_result": "DENY"}}, {}, {}) == [], (
            "it is not wanted"
        )

    def test_of_the_defaults(self, warned, function):
        """Only if it has no effect in any room: that of some of them may be what the defaults are for."""
        assert warned({}, {}, room_defaults=self.DENY) == [f"room_defaults: {self.SAID}"]
        assert warned({}, self.DENY, room_defaults=self.DENY) == [f"rooms[1], room_defaults: {self.SAID}"]
        assert warned({}, {"message_review_handler": {"uri": function()}}, room_defaults=self.DENY) == []
        assert warned({}, {}, room_defaults=self.DENY) == [], "a room has a handler already"
        assert warned(state="absent", room_defaults=self.DENY, rooms=[{"name": "a", **self.DENY}]) == []


class TestCalls:
    def test_a_thousand_unchanged_rooms(self, stack, emulator, clients):
        names = [f"room-{number}" for number in range(1000)]
        chat = clients("ivschat")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: chat.create_room(name=name, tags=MEMBER)["arn"], names))
        emulator.forget_calls()
        result = stack(rooms=[{"name": name} for name in names])
        assert result["summary"] == {**NONE, "unchanged": 1000}
        assert len(result["rooms"]) == 1000
        assert Counter(operations(emulator.calls())) == {"ListRooms": 20 + 1, "ListLoggingConfigurations": 1}

    def test_get_only_for_rooms_whose_length_or_rate_is_declared(self, stack, emulator):
        fields = [{}, {"maximum_message_length": 1}, {"maximum_message_rate_per_second": 1}, {"tags": {}}]
        declared = [{"name": f"room-{number}", **given} for number, given in enumerate(fields)]
        created = stack(rooms=declared)
        emulator.forget_calls()
        assert stack(rooms=declared)["changed"] is False
        calls = emulator.calls()
        assert operations(calls) == ["ListRooms", "ListLoggingConfigurations", "GetRoom", "GetRoom"]
        assert [call["parameters"]["identifier"] for call in calls[2:]] == [
            room["arn"] for room in created["rooms"][1:3]
        ]

    def test_create_with_wait(self, stack, emulator, bucket):
        declared = {"logging_configurations": [logging_entry("archive")], "rooms": [{"name": "a"}, {"name": "b"}]}
        stack(**declared)
        lists = ["ListRooms", "ListLoggingConfigurations"]
        assert operations(emulator.calls()) == [
            *lists,
            "CreateLoggingConfiguration",
            "ListLoggingConfigurations",
            "CreateRoom",
            "CreateRoom",
            "ListRooms",
        ]
        emulator.forget_calls()
        stack(state="absent", wait=False)
        assert operations(emulator.calls()) == [*lists, "DeleteRoom", "DeleteRoom", "DeleteLoggingConfiguration"]

    @pytest.mark.parametrize("counted", ["bucket", "window"])
    def test_sixty_rooms_within_the_real_quotas(self, run, emulator, counted):
        """Where quotas are counted by the second, some of the first calls are refused, and no later one."""
        emulator.set(quotas="real", quotas_counted=counted)
        result = run("ivschat_stack", name="conference", rooms=[{"name": f"room-{n}"} for n in range(60)], wait=False)
        assert result["summary"] == {**NONE, "created": 60}
        calls = Counter((call["operation"], call["error"]) for call in emulator.calls())
        refused = calls.pop(("CreateRoom", "ThrottlingException"), 0)
        assert calls == {("ListLoggingConfigurations", None): 1, ("ListRooms", None): 1, ("CreateRoom", None): 60}
        assert refused == 0 if counted == "bucket" else 1 <= refused <= 3

    def test_calls_per_second(self, stack, emulator, bucket):
        limits = {"room": 3, "logging_configuration": 2, "tag": 4}
        declared = {
            "logging_configurations": [logging_entry(f"logs-{number}") for number in range(3)],
            "rooms": [{"name": f"room-{number}"} for number in range(5)],
            "wait": False,
        }
        stack(**declared, calls_per_second=limits)
        stack(**declared, tags={"new": "1"}, calls_per_second=limits)
        times: dict[str, list[float]] = {}
        for call in emulator.calls():
            times.setdefault(call["operation"], []).append(call["time"])
        for operation, most in (("CreateRoom", 3), ("CreateLoggingConfiguration", 2), ("TagResource", 4)):
            sent = times[operation]
            assert len(sent) > most
            # After one second of calls, each has to wait its part of a second, but for the time that it is under way.
            assert all(time - sent[0] > number / most - 0.05 for number, time in enumerate(sent[most:], 1))


@pytest.mark.usefixtures("impatient")
class TestWait:
    def test_for_the_whole_by_lists(self, stack, emulator, bucket):
        emulator.set(lag={"list": {"reads": 2}, "get": {"reads": 5}}, transitions={"reads": 2})
        declared = {
            "logging_configurations": [logging_entry(f"logs-{number}") for number in range(3)],
            "rooms": [{"name": f"room-{n}", "logging_configurations": [f"logs-{n % 3}"]} for n in range(6)],
        }
        created = stack(**declared)
        assert created["summary"] == {**NONE, "created": 9}
        assert {configuration["state"] for configuration in created["logging_configurations"]} == {"ACTIVE"}
        counts = Counter(operations(emulator.calls()))
        assert set(counts) == {"ListRooms", "ListLoggingConfigurations", "CreateRoom", "CreateLoggingConfiguration"}
        assert counts["ListRooms"] == 1 + 3  # two that lag, for all rooms together
        assert counts["ListLoggingConfigurations"] <= 1 + 2 + 2 + 1
        assert stack(**declared)["changed"] is False

        declared["rooms"] = [{**room, "logging_configurations": []} for room in declared["rooms"]]
        assert stack(**declared, tags={"new": "1"})["summary"] == {**NONE, "updated": 9}
        assert stack(**declared, tags={"new": "1"})["changed"] is False

        assert stack(state="absent")["summary"] == {**NONE, "deleted": 9}
        assert stack(state="absent")["plan"] == []
        assert not {"GetRoom", "GetLoggingConfiguration"} & set(operations(emulator.calls()))

    def test_logging_configurations_are_waited_for_even_without(self, stack, emulator, bucket):
        emulator.set(transitions={"reads": 2})
        rooms = [{"name": "a", "logging_configurations": ["archive"]}]
        created = stack(logging_configurations=[logging_entry("archive")], rooms=rooms, wait=False)
        assert created["summary"] == {**NONE, "created": 2}
        assert operations(emulator.calls())[-1] == "CreateRoom"

    def test_times_out_and_the_next_run_goes_on(self, stack, emulator, bucket):
        emulator.set(transitions={"seconds": 3600})
        declared = {
            "logging_configurations": [logging_entry("archive")],
            "rooms": [{"name": "a", "logging_configurations": ["archive"]}],
            "wait_timeout": 0,
        }
        failed = stack(**declared)
        assert failed["failed"] and "1 of 2 changes finished, 1 failed: Timed out after 0 s" in failed["msg"]
        assert "1 of 1 not as written, the first is 'archive'" in failed["msg"]
        assert [configuration["name"] for configuration in failed["logging_configurations"]] == ["archive"]
        assert "CreateRoom" not in operations(emulator.calls())
        assert stack(**declared)["failed"]  # it waits for what is under way, though there is nothing to write

    def test_one_that_fails_to_be_created_is_repaired_by_the_next_run(self, stack, emulator, bucket):
        emulator.set(transitions={"reads": 1}, failing_transitions=["CREATE"])
        declared = {
            "logging_configurations": [logging_entry("bad"), logging_entry("good")],
            "rooms": [{"name": "a", "logging_configurations": ["bad"]}, {"name": "b", "logging_configurations": []}],
        }
        failed = stack(**declared, continue_on_error=True)
        assert failed["summary"] == {**NONE, "created": 2}
        assert "ended in state CREATE_FAILED" in failed["failures"][0]["msg"]
        assert failed["failures"][1] == {
            "resource": "room",
            "name": "a",
            "arn": None,
            "action": "create",
            "msg": "rooms[0]: its logging configuration 'bad' was not created",
        }
        repaired = stack(**declared)
        assert planned(repaired) == [("update", "bad"), ("none", "good"), ("create", "a"), ("none", "b")]
        assert stack(**declared)["changed"] is False

    def test_one_that_fails_to_be_removed(self, stack, emulator, bucket):
        stack(logging_configurations=[logging_entry("bad"), logging_entry("good")])
        emulator.set(transitions={"reads": 1}, failing_transitions=["DELETE"])
        failed = stack(state="absent", wait_timeout=10)
        assert failed["summary"] == {**NONE, "deleted": 1}
        assert "ended in state DELETE_FAILED" in failed["msg"]
        assert planned(stack(state="absent")) == [("delete", failed["failures"][0]["name"])]

    def test_a_name_that_is_being_deleted_is_waited_for(self, stack, emulator, bucket, chat):
        arn = create_logging_configuration(chat, "archive")
        emulator.set(transitions={"reads": 4})
        chat.delete_logging_configuration(identifier=arn)
        emulator.forget_calls()
        created = stack(logging_configurations=[logging_entry("archive")])
        assert created["summary"] == {**NONE, "created": 1}
        assert [
            configuration["arn"] for configuration in chat.list_logging_configurations()["loggingConfigurations"]
        ] == [created["logging_configurations"][0]["arn"]]
        assert arn != created["logging_configurations"][0]["arn"]
        calls = emulator.calls()
        last_read = operations(calls).index("CreateLoggingConfiguration") - 1
        assert (calls[last_read]["operation"], calls[last_read]["error"]) == (
            "GetLoggingConfiguration",
            "ResourceNotFoundException",
        )

    def test_absent_waits_for_a_member_that_is_being_deleted(self, stack, emulator, bucket, chat):
        stack(logging_configurations=[logging_entry("archive")])
        emulator.set(transitions={"reads": 6})
        assert stack(state="absent", wait=False)["summary"] == {**NONE, "deleted": 1}
        again = stack(state="absent")
        assert (again["changed"], again["plan"]) == (False, [])
        assert chat.list_logging_configurations()["loggingConfigurations"] == []

    def test_an_old_state_that_a_list_shows_does_not_fail_a_removal(self, stack, emulator, bucket, chat):
        stack(logging_configurations=[logging_entry("archive")])
        emulator.set(failing_transitions=["DELETE"])
        assert stack(state="absent")["failed"]
        emulator.set(lag={"list": {"reads": 2}})
        assert stack(state="absent")["summary"] == {**NONE, "deleted": 1}

    def test_one_that_fails_to_be_removed_again(self, stack, emulator, bucket, monkeypatch):
        monkeypatch.setattr(_waits, "OLD_STATE_LASTS", 0.3)
        stack(logging_configurations=[logging_entry("archive")])
        for _number in range(2):
            emulator.set(failing_transitions=["DELETE"])
            assert "ended in state DELETE_FAILED" in stack(state="absent", wait_timeout=60)["msg"]

    def test_a_logging_configuration_that_nobody_uses_is_not_waited_for(self, stack, emulator, bucket):
        emulator.set(transitions={"seconds": 60})
        created = stack(logging_configurations=[logging_entry("archive")], rooms=[{"name": "a"}], wait=False)
        assert created["summary"] == {**NONE, "created": 2}


class TestOthersMeanwhile:
    def test_a_logging_configuration_that_is_deleted(self, meanwhile, emulator, chat, bucket):
        def delete() -> None:
            emulator.set(transitions={"seconds": 60})
            (listed,) = chat.list_logging_configurations()["loggingConfigurations"]
            chat.delete_logging_configuration(identifier=listed["arn"])

        options = {"logging_configurations": [logging_entry("archive")], "rooms": [{"name": "a"}]}
        failed = meanwhile("ListLoggingConfigurations", delete, skip=1, wait_timeout=10, **options)
        assert failed["failed"] and "is being deleted by somebody else" in failed["msg"]
        assert failed["changed"] is True and len(failed["plan"]) == 2

    def test_tags_of_others_are_not_waited_for(self, meanwhile, chat):
        def tag() -> None:
            (room,) = chat.list_rooms()["rooms"]
            chat.tag_resource(resourceArn=room["arn"], tags={"CreatedBy": "somebody"})

        created = meanwhile("ListRooms", tag, skip=1, wait_timeout=10, rooms=[{"name": "a"}])
        assert created.get("summary") == {**NONE, "created": 1}, created
        assert rooms_by_name(chat)["a"]["tags"] == {"CreatedBy": "somebody", **MEMBER}

    def test_one_that_is_taken_after_it_was_adopted(self, meanwhile, chat):
        arn = chat.create_room(name="a")["arn"]

        def take() -> None:
            chat.tag_resource(resourceArn=arn, tags={"ivschat-stack": "other"})

        lost = meanwhile("ListRooms", take, skip=1, wait_timeout=10, rooms=[{"name": "a"}], adopt=True)
        assert lost["failed"] and f"{arn} has become a member of the stack 'other' in the meantime" in lost["msg"]

    @pytest.mark.parametrize(("when", "skip"), [("before", 0), ("after", 1)])  # before and after Get still finds both
    def test_duplicates_of_a_race_are_looked_at_again(self, meanwhile, chat, when, skip):
        duplicates = [chat.create_room(name="a", tags=MEMBER)["arn"] for _number in range(2)]
        found = meanwhile(
            "GetRoom",
            lambda: chat.delete_room(identifier=duplicates[1]),
            when,
            skip,
            wait_timeout=10,
            rooms=[{"name": "a"}],
        )
        assert found.get("summary") == {**NONE, "unchanged": 1}, found
        assert found["rooms"][0]["arn"] == duplicates[0]


class TestReadsThatDisagree:
    def test_a_room_that_get_does_not_find_is_not_created_again(self, stack, emulator, chat, monkeypatch):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        declared = {"rooms": [{"name": "a", "maximum_message_length": 5}], "prune": True}
        emulator.set(lag={"get": {"seconds": 60}})
        arn = stack(**declared)["rooms"][0]["arn"]
        emulator.forget_calls()
        for check in (False, True):
            failed = stack(**declared, check=check)
            assert failed["failed"] and f"List shows 1 room(s) that Get does not find, such as {arn}" in failed["msg"]
        assert emulator.writes() == []

    def test_one_that_only_a_list_still_shows_is_no_duplicate(self, stack, emulator, chat):
        deleted, kept = (chat.create_room(name="a", tags=MEMBER)["arn"] for _number in range(2))
        emulator.set(lag={"list": {"seconds": 60}})
        chat.delete_room(identifier=deleted)
        found = stack(rooms=[{"name": "a"}])
        assert (found["changed"], found["rooms"][0]["arn"]) == (False, kept)


class TestPartialFailure:
    def test_stops_and_the_next_run_goes_on_from_there(self, stack, emulator, bucket):
        declared = {
            "logging_configurations": [logging_entry("archive")],
            "rooms": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
        }
        emulator.fault("CreateRoom", "AccessDeniedException", skip=1)
        failed = stack(**declared)
        assert failed["failed"] and failed["changed"]
        assert failed["msg"].startswith("2 of 4 changes finished, 1 failed: room b: ")
        assert "AccessDeniedException" in failed["msg"] and "request id" in failed["msg"]
        assert failed["summary"] == {**NONE, "created": 2}
        assert [room["name"] for room in failed["rooms"]] == ["a"]
        assert [configuration["name"] for configuration in failed["logging_configurations"]] == ["archive"]
        assert [(failure["name"], failure["action"]) for failure in failed["failures"]] == [("b", "create")]
        assert "exception" not in failed
        emulator.forget_calls()
        assert planned(stack(**declared)) == [("none", "archive"), ("none", "a"), ("create", "b"), ("create", "c")]
        assert [call["parameters"]["name"] for call in emulator.writes()] == ["b", "c"]

    def test_continue_on_error(self, stack, emulator, bucket):
        emulator.fault("CreateLoggingConfiguration", "AccessDeniedException")
        emulator.fault("CreateRoom", "ServiceQuotaExceededException")
        declared = {
            "logging_configurations": [logging_entry("bad"), logging_entry("good")],
            "rooms": [
                {"name": "a"},
                {"name": "b", "logging_configurations": ["bad"]},
                {"name": "c", "logging_configurations": ["good"]},
            ],
        }
        failed = stack(**declared, continue_on_error=True)
        assert failed["summary"] == {**NONE, "created": 2}
        assert [failure["name"] for failure in failed["failures"]] == ["bad", "a", "b"]
        assert "rooms[1]: its logging configuration 'bad' was not created" in failed["msg"]
        assert stack(**declared)["summary"] == {**NONE, "created": 3, "unchanged": 2}

    def test_a_room_goes_on_with_a_logging_configuration_whose_update_failed(self, stack, emulator, bucket, clients):
        stack(logging_configurations=[logging_entry("archive")])
        clients("s3").create_bucket(Bucket="second")
        emulator.fault("UpdateLoggingConfiguration", "AccessDeniedException")
        failed = stack(
            logging_configurations=[logging_entry("archive", "second")],
            rooms=[{"name": "a", "logging_configurations": ["archive"]}],
            continue_on_error=True,
        )
        assert failed["summary"] == {**NONE, "created": 1}
        assert [failure["name"] for failure in failed["failures"]] == ["archive"]

    def test_what_another_has_removed_meanwhile_is_no_change_of_this_run(self, stack, emulator, chat):
        created = stack(rooms=[{"name": "a"}])
        emulator.set(lag={"list": {"reads": 1}})
        chat.delete_room(identifier=created["rooms"][0]["arn"])
        result = stack(state="absent", diff=True)
        assert (planned(result), result["changed"]) == ([("delete", "a")], False)
        assert (result["diff"]["before"], result["diff"]["after"]) == ("", "")
        assert result["summary"] == {**NONE, "unchanged": 1}

    def test_what_was_written_of_one_that_failed_is_a_change(self, stack, emulator):
        stack(rooms=[{"name": "a"}])
        emulator.fault("TagResource", "AccessDeniedException")
        failed = stack(rooms=[{"name": "a", "maximum_message_length": 7, "tags": {"new": "1"}}])
        assert (failed["failed"], failed["changed"]) == (True, True)
        assert failed["summary"] == NONE
        emulator.fault("TagResource", "AccessDeniedException")
        assert stack(rooms=[{"name": "a", "tags": {"new": "1"}}])["changed"] is False

    def test_an_adopted_one_is_a_member_before_anything_else_is_changed(self, stack, emulator, chat):
        before = chat.get_room(identifier=chat.create_room(name="a", tags={"old": "1"})["arn"])
        emulator.fault("TagResource", "AccessDeniedException")
        declared = {"rooms": [{"name": "a", "maximum_message_length": 7, "tags": {"new": "1"}}], "adopt": True}
        assert stack(**declared)["failed"]
        assert rooms_by_name(chat)["a"]["maximumMessageLength"] == before["maximumMessageLength"]
        emulator.forget_calls()
        assert stack(**declared)["summary"] == {**NONE, "adopted": 1}
        assert operations(emulator.writes()) == ["TagResource", "UntagResource", "UpdateRoom"]
        assert rooms_by_name(chat)["a"]["tags"] == {"new": "1", **MEMBER}

    def test_a_name_that_does_not_become_free_fails_alone(self, stack, emulator, bucket, chat):
        arn = create_logging_configuration(chat, "archive")
        emulator.set(transitions={"seconds": 3600})
        chat.delete_logging_configuration(identifier=arn)
        failed = stack(
            logging_configurations=[logging_entry("archive")],
            rooms=[{"name": "a"}],
            continue_on_error=True,
            wait_timeout=0,
        )
        assert [(failure["resource"], failure["name"]) for failure in failed["failures"]] == [
            ("logging_configuration", "archive")
        ]
        assert failed["summary"] == {**NONE, "created": 1}

    def test_the_message_names_the_first_failures(self, stack, emulator):
        emulator.fault("CreateRoom", "AccessDeniedException", count=10)
        failed = stack(rooms=[{"name": f"room-{number}"} for number in range(10)], continue_on_error=True)
        assert len(failed["failures"]) == 10
        assert "room-4: " in failed["msg"] and "room-5: " not in failed["msg"]
        assert failed["msg"].endswith("; and 5 more, see failures")

    def test_a_stranger_that_gets_the_name_meanwhile_is_left_alone(self, emulator, chat):
        emulator.hold("CreateRoom")
        emulator.fault("CreateRoom", "InternalServerException")
        options = {"name": "conference", "rooms": [{"name": "a"}]}
        running = start_module(emulator.url, "ivschat_stack", **options)
        emulator.wait_held(30)
        # A call of its own that passes both, as the hold has been reached and the fault is taken.
        stranger = chat.create_room(name="a")
        emulator.release()
        result = running.result()
        assert (
            result["failed"]
            and f"is not a member of this stack, has been created in the meantime: {stranger['arn']}" in result["msg"]
        )
        assert rooms_by_name(chat)["a"]["tags"] == {}


class TestAbsent:
    def test_removes_all_members_once(self, stack, emulator, declaration, chat):
        declaration.pop("prune")
        stack(**declaration)
        emulator.forget_calls()
        predicted = stack(check=True, state="absent")
        assert emulator.writes() == []
        removed = stack(state="absent", **{key: declaration[key] for key in ("rooms", "logging_configurations")})
        assert predicted["plan"] == removed["plan"]
        assert removed["summary"] == {**NONE, "deleted": 8}
        assert removed["rooms"] == removed["logging_configurations"] == []
        assert operations(emulator.writes()) == ["DeleteRoom"] * 5 + ["DeleteLoggingConfiguration"] * 3
        again = stack(state="absent")
        assert (again["changed"], again["plan"]) == (False, [])


class TestExport:
    @pytest.fixture
    def info(self, run: Run) -> Run:
        return partial(run, "ivschat_stack_info")

    def test_exported_and_adopted_changes_the_ownership_tag_alone(
        self, stack, info, emulator, chat, destinations, function
    ):
        uri = function()
        for name, destination in destinations.items():
            created = {
                "destinationConfiguration": snake_dict_to_camel_dict(destination),
                "tags": {"yes": "no", "n": "1"},
            }
            chat.create_logging_configuration(name=name, **created)
        arns = [configuration["arn"] for configuration in chat.list_logging_configurations()["loggingConfigurations"]]
        chat.create_room(name="plain")
        chat.create_room(
            name="null",
            maximumMessageLength=7,
            maximumMessageRatePerSecond=8,
            messageReviewHandler={"uri": uri, "fallbackResult": "DENY"},
            loggingConfigurationIdentifiers=arns,
            tags={"emoji": "\U0001f600", "empty": ""},
        )
        before = rooms_by_name(chat)
        exported = info()
        assert exported["left_out"] == [] and exported["changed"] is False
        declared = yaml.safe_load(yaml.safe_dump(exported["stack"]))
        emulator.forget_calls()
        adopted = stack(**declared, adopt=True)
        assert {line["action"] for line in adopted["plan"]} == {"adopt"}
        assert all(line["changes"].keys() == {"tags"} for line in adopted["plan"])
        assert adopted["summary"] == {**NONE, "adopted": 5}
        assert {(call["operation"], *call["parameters"]["tags"].items()) for call in emulator.writes()} == {
            ("TagResource", *MEMBER.items())
        }
        after = {name: {**room, "tags": {**room["tags"], **MEMBER}} for name, room in before.items()}
        assert rooms_by_name(chat) == after
        again = stack(**declared)
        assert (again["changed"], {line["action"] for line in again["plan"]}) == (False, {"none"})
        assert info(name="conference")["stack"] == exported["stack"]

    def test_filters(self, info, chat, bucket):
        for name, tags in (
            ("conference-a", {**MEMBER, "stage": "test"}),
            ("conference-b", MEMBER),
            ("lobby", {"stage": "test"}),
            ("", {"stage": "test"}),
        ):
            chat.create_room(name=name, tags=tags)
        archive = create_logging_configuration(chat, "archive", tags=MEMBER)
        chat.create_room(name="logged", loggingConfigurationIdentifiers=[archive])

        def names(**options: Any) -> list[str]:
            stack = info(**options)["stack"]
            return [resource["name"] for kind in ("logging_configurations", "rooms") for resource in stack[kind]]

        assert names() == ["lobby", "logged"]
        assert names(name="conference") == ["archive", "conference-a", "conference-b"]
        assert names(name="other") == []
        assert names(tags={"stage": "test"}) == ["lobby"]
        assert names(name="conference", name_pattern="*-?", tags={"stage": "test"}) == ["conference-a"]
        assert names(name="test", ownership_tag="stage") == ["conference-a", "lobby"]
        assert [resource["reason"] for resource in info(tags={"stage": "test"})["left_out"]] == [
            "it is a member of the stack 'conference'",
            "it has no name",
        ]
        assert info(name_pattern="logged")["stack"]["rooms"][0]["logging_configurations"] == [archive]

    def test_a_room_that_get_does_not_find_is_left_out_with_the_reason(self, info, emulator, chat, monkeypatch):
        monkeypatch.setattr(_identity, "LOOK_AGAIN", 0.3)
        emulator.set(lag={"get": {"seconds": 60}})
        arn = chat.create_room(name="a")["arn"]
        exported = info()
        assert not exported.get("failed") and exported["stack"]["rooms"] == []
        reason = "List shows it and Get does not find it, because it was deleted or created moments ago"
        assert exported["left_out"] == [{"arn": arn, "reason": reason}]
        assert [room["name"] for room in info(include_details=False)["stack"]["rooms"]] == ["a"]

    @pytest.mark.parametrize(
        "options, part",
        [({"name": ""}, "name: ''"), ({"ownership_tag": "aws:x"}, "ownership_tag"), ({"tags": {"k": None}}, "tags")],
    )
    def test_bad_input(self, info, emulator, options, part):
        failed = info(**options)
        assert failed["failed"] and failed["msg"].startswith(part) and emulator.calls() == []

    def test_without_details(self, info, emulator, chat):
        chat.create_room(name="a", maximumMessageLength=7)
        emulator.forget_calls()
        exported = info(include_details=False)
        bare = {"message_review_handler": {"uri": ""}, "logging_configurations": [], "tags": {}}
        assert exported["stack"]["rooms"] == [{"name": "a", **bare}]
        assert operations(emulator.calls()) == ["ListRooms", "ListLoggingConfigurations"]
