# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do with a stack over time: rename, replace, leave out, release, adopt, meet a quota."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.harness import Run, warnings_of
from tests.support.service import create_logging_configuration, operations
from tests.support.stacks import MEMBER, NONE, UNLIMITED, logging_entry, planned


def arns(chat: Any) -> dict[str, str]:
    """The ARNs of all rooms and logging configurations, by name."""
    listed = [*chat.list_rooms()["rooms"], *chat.list_logging_configurations()["loggingConfigurations"]]
    return {resource["name"]: resource["arn"] for resource in listed}


class TestRemovalsComeLast:
    @pytest.mark.parametrize("continue_on_error", [False, True])
    @pytest.mark.parametrize("operation", ["CreateRoom", "CreateLoggingConfiguration"])
    def test_and_only_when_everything_declared_has_been_created(
        self, stack, emulator, chat, bucket, continue_on_error, operation
    ):
        stack(rooms=[{"name": "old"}], logging_configurations=[logging_entry("old-logs")])
        emulator.fault(operation, "AccessDeniedException")
        emulator.forget_calls()
        replaced = {"rooms": [{"name": "new"}], "logging_configurations": [logging_entry("new-logs")], "prune": True}
        failed = stack(**replaced, continue_on_error=continue_on_error)
        assert failed["failed"] and len(failed["failures"]) == 1
        assert not {"DeleteRoom", "DeleteLoggingConfiguration"} & set(operations(emulator.writes()))
        assert failed["msg"].endswith("; kept 2 member(s) that are to be removed")
        assert {"old", "old-logs"} <= arns(chat).keys()
        assert stack(**replaced)["summary"]["deleted"] == 2
        assert set(arns(chat)) == {"new", "new-logs"}

    def test_nor_when_what_was_created_is_not_seen(self, stack, emulator, chat):
        stack(rooms=[{"name": "old"}])
        emulator.set(lag={"list": {"seconds": 60}})
        failed = stack(rooms=[{"name": "new"}], prune=True, continue_on_error=True, wait_timeout=0)
        assert "Timed out" in failed["msg"] and "DeleteRoom" not in operations(emulator.writes())

    def test_a_room_renamed_by_hand_is_named_in_a_warning(self, stack, chat):
        (created,) = stack(rooms=[{"name": "lobby"}])["rooms"]
        chat.update_room(identifier=created["arn"], name="hall")
        options = {"rooms": [{"name": "lobby"}], "prune": True}
        for check in (True, False):
            (warning,) = warnings_of(stack(**options, check=check))
            assert f"creates the room(s) 'lobby' and deletes the room(s) 'hall' ({created['arn']})" in warning
            assert "previous_name" in warning
        assert "warnings" not in stack(**options)

    def test_deletions_alone_and_creations_alone_warn_of_nothing(self, stack):
        assert "warnings" not in stack(rooms=[{"name": "a"}], prune=True)
        assert "warnings" not in stack(rooms=[], prune=True)


class TestPreviousName:
    def test_renames_in_place_and_has_no_effect_afterwards(self, stack, emulator, chat, bucket):
        first = stack(
            rooms=[{"name": "lobby", "logging_configurations": ["archive"]}],
            logging_configurations=[logging_entry("archive")],
        )
        emulator.forget_calls()
        renamed = {
            "rooms": [{"name": "hall", "previous_name": "lobby", "logging_configurations": ["tape"]}],
            "logging_configurations": [{**logging_entry("tape"), "previous_name": "archive"}],
            "prune": True,
        }
        predicted = stack(check=True, diff=True, **renamed)
        assert planned(predicted) == [("update", "tape"), ("update", "hall")]
        done = stack(diff=True, **renamed)
        assert (done["plan"], done["diff"]) == (predicted["plan"], predicted["diff"])
        assert operations(emulator.writes()) == ["UpdateLoggingConfiguration", "UpdateRoom"]
        assert arns(chat) == {"hall": first["rooms"][0]["arn"], "tape": first["logging_configurations"][0]["arn"]}
        assert stack(**renamed)["changed"] is False

    def test_a_member_of_the_name_comes_first(self, stack, chat):
        stack(rooms=[{"name": "lobby"}, {"name": "hall"}])
        result = stack(rooms=[{"name": "hall", "previous_name": "lobby"}])
        assert planned(result) == [("none", "hall")]
        assert [resource["name"] for resource in result["undeclared"]] == ["lobby"]

    def test_only_members_are_renamed(self, stack, chat):
        chat.create_room(name="lobby")
        assert planned(stack(rooms=[{"name": "hall", "previous_name": "lobby"}])) == [("create", "hall")]

    def test_onto_a_taken_name_warns_and_names_the_other(self, stack, chat):
        (created,) = stack(rooms=[{"name": "lobby"}])["rooms"]
        other = chat.create_room(name="hall")["arn"]
        result = stack(rooms=[{"name": "hall", "previous_name": "lobby"}])
        assert (
            f"{created['arn']} is renamed to 'hall', a name that another room has too: {other}"
            in warnings_of(result)[0]
        )
        assert result["rooms"][0]["arn"] == created["arn"] and result["changed"]
        assert "warnings" not in stack(rooms=[{"name": "hall", "previous_name": "lobby"}])

    def test_two_members_of_the_previous_name_are_refused(self, stack, emulator, chat):
        for _number in range(2):
            chat.create_room(name="lobby", tags=MEMBER)
        refused = stack(rooms=[{"name": "hall", "previous_name": "lobby"}], prune=True)
        assert "rooms[0]: 2 members of this stack are named 'lobby'" in refused["msg"]
        assert refused["undeclared"] == refused["plan"] == []

    @pytest.mark.parametrize(
        ("rooms", "message"),
        [
            ([{"name": "a", "previous_name": ""}], "rooms[0].previous_name: '' is not valid"),
            ([{"name": "a", "previous_name": "b c"}], "rooms[0].previous_name: 'b c' is not valid"),
            ([{"name": "a", "previous_name": "a"}], "rooms[0].previous_name: 'a' is the name of rooms[0]"),
            (
                [{"name": "a", "previous_name": "b"}, {"name": "b"}],
                "rooms[0].previous_name: 'b' is the name of rooms[1]",
            ),
            (
                [{"name": "a", "previous_name": "c"}, {"name": "b", "previous_name": "c"}],
                "rooms[1].previous_name: 'c' is a duplicate of the previous_name of rooms[0]",
            ),
        ],
    )
    def test_bad_input(self, stack, emulator, rooms, message):
        refused = stack(rooms=rooms)
        assert refused["failed"] and refused["msg"].startswith(message) and emulator.calls() == []


class TestRoomDefaults:
    def test_fill_in_what_rooms_leave_out(self, stack, chat, bucket, function):
        uri = function()
        declared = {
            "logging_configurations": [logging_entry("archive")],
            "room_defaults": {
                "maximum_message_length": 100,
                "maximum_message_rate_per_second": 20,
                "message_review_handler": {"uri": uri, "fallback_result": "DENY"},
                "logging_configurations": ["archive"],
                "tags": {"team": "chat", "stage": "live"},
            },
            "rooms": [
                {"name": "plain"},
                {
                    "name": "own",
                    "maximum_message_length": 7,
                    "message_review_handler": {"fallback_result": "ALLOW"},
                    "logging_configurations": [],
                    "tags": {"stage": "test"},
                },
                {"name": "free", "message_review_handler": {"uri": ""}},
            ],
            "tags": {"team": "all", "cost": "1"},
        }
        assert not stack(**declared).get("failed")
        found = {name: chat.get_room(identifier=arn) for name, arn in arns(chat).items() if ":room/" in arn}
        plain, own, free = (found[name] for name in ("plain", "own", "free"))
        assert (plain["maximumMessageLength"], own["maximumMessageLength"]) == (100, 7)
        assert (plain["maximumMessageRatePerSecond"], own["maximumMessageRatePerSecond"]) == (20, 20)
        assert plain["messageReviewHandler"] == {"uri": uri, "fallbackResult": "DENY"}
        assert own["messageReviewHandler"] == {"uri": uri, "fallbackResult": "ALLOW"}
        assert not free.get("messageReviewHandler", {}).get("uri")
        assert plain["loggingConfigurationIdentifiers"] == [arns(chat)["archive"]]
        assert not own.get("loggingConfigurationIdentifiers")
        assert plain["tags"] == {"team": "chat", "stage": "live", "cost": "1", **MEMBER}
        assert own["tags"] == {"team": "chat", "stage": "test", "cost": "1", **MEMBER}
        assert stack(**declared)["changed"] is False

    def test_are_validated_as_a_room_is(self, stack, emulator):
        refused = stack(
            room_defaults={
                "maximum_message_length": 501,
                "logging_configurations": ["unknown"],
                "message_review_handler": {"uri": "x"},
                "tags": {"ivschat-stack": "x"},
            },
            rooms=[{"name": "a", "tags": {str(number): "" for number in range(48)}}],
        )
        starts = ["maximum_message_length: 501", "message_review_handler.uri", "logging_configurations[0]", "tags"]
        for start in starts:
            assert f"room_defaults.{start}" in refused["msg"]
        assert emulator.calls() == []
        many = stack(
            room_defaults={"tags": {"more": ""}},
            rooms=[{"name": "a", "tags": {str(number): "" for number in range(49)}}],
        )
        assert many["msg"].startswith("rooms[0].tags: 51 tags are too many")

    def test_have_no_effect_on_logging_configurations(self, stack, chat, bucket):
        created = stack(logging_configurations=[logging_entry("archive")], room_defaults={"tags": {"team": "chat"}})
        assert created["logging_configurations"][0]["tags"] == MEMBER


class TestUndeclared:
    def test_members_that_are_left_are_returned_and_named(self, stack, chat, bucket):
        stack(rooms=[{"name": "a"}, {"name": "b"}], logging_configurations=[logging_entry("archive")])
        result = stack(rooms=[{"name": "a"}], logging_configurations=[])
        found = arns(chat)
        assert result["undeclared"] == [
            {"resource": "room", "name": "b", "arn": found["b"]},
            {"resource": "logging_configuration", "name": "archive", "arn": found["archive"]},
        ]
        (warning,) = warnings_of(result)
        assert "has 2 member(s) that are not declared: room b, logging configuration archive" in warning
        assert warning.endswith("and keep them")
        pruned = stack(rooms=[{"name": "a"}], logging_configurations=[], prune=True)
        assert pruned["undeclared"] == result["undeclared"] and "warnings" not in pruned
        assert stack(rooms=[{"name": "a"}])["undeclared"] == []

    def test_an_omitted_kind_is_left_by_prune_and_the_warning_says_so(self, stack, chat, bucket):
        stack(rooms=[{"name": "a"}], logging_configurations=[logging_entry("archive")])
        (warning,) = warnings_of(stack(rooms=[{"name": "a"}]))
        assert warning.endswith(
            "(both leave logging_configurations unchanged unless you set the option, to [] for none)"
        )
        assert stack(rooms=[{"name": "a"}], prune=True)["changed"] is False and "archive" in arns(chat)


class TestRelease:
    def test_takes_the_tag_off_and_leaves_the_rest(self, stack, emulator, chat, bucket):
        stack(
            rooms=[{"name": "a"}, {"name": "b", "maximum_message_length": 7}],
            logging_configurations=[logging_entry("archive")],
            tags={"own": "1"},
        )
        before = chat.get_room(identifier=arns(chat)["b"])
        emulator.forget_calls()
        options = {"rooms": [{"name": "a"}], "release": True}
        predicted = stack(check=True, diff=True, **options)
        assert operations(emulator.writes()) == []
        done = stack(diff=True, **options)
        assert operations(emulator.writes()) == ["UntagResource"]
        assert planned(done) == [("none", "a"), ("release", "b")]
        assert done["summary"] == {**NONE, "released": 1, "unchanged": 1}
        for key in ("plan", "summary", "diff", "undeclared"):
            assert predicted[key] == done[key]
        assert done["diff"]["before"] == "1 to release:\n  room b\n" and done["diff"]["after"] == "1 to release:\n"
        assert "1 to release" in done["diff"]["after_header"]
        assert [room["name"] for room in done["rooms"]] == ["a"]
        after = chat.get_room(identifier=before["arn"])
        assert after["tags"] == {"own": "1"} and after["maximumMessageLength"] == 7
        assert stack(**options)["changed"] is False

    def test_with_absent_releases_all_and_another_stack_adopts(self, stack, run, emulator, chat, bucket):
        declared = {
            "rooms": [{"name": "a", "logging_configurations": ["archive"]}],
            "logging_configurations": [logging_entry("archive")],
        }
        stack(**declared)
        before = arns(chat)
        emulator.forget_calls()
        assert stack(state="absent", release=True)["summary"] == {**NONE, "released": 2}
        assert set(operations(emulator.writes())) == {"UntagResource"}
        again = stack(state="absent", release=True)
        assert (again["changed"], again["plan"]) == (False, [])
        taken = run("ivschat_stack", name="congress", adopt=True, calls_per_second=UNLIMITED, **declared)
        assert taken["summary"] == {**NONE, "adopted": 2}
        assert arns(chat) == before

    def test_does_not_repair_what_it_releases(self, stack, emulator, chat, bucket):
        emulator.set(failing_transitions=["CREATE"])
        stack(logging_configurations=[logging_entry("archive")])
        emulator.forget_calls()
        assert stack(state="absent", release=True)["summary"] == {**NONE, "released": 1}
        assert operations(emulator.writes()) == ["UntagResource"]

    def test_comes_last(self, stack, emulator):
        stack(rooms=[{"name": "old"}])
        emulator.fault("CreateRoom", "AccessDeniedException")
        assert stack(rooms=[{"name": "new"}], release=True, continue_on_error=True)["failed"]
        assert "UntagResource" not in operations(emulator.writes())

    def test_not_together_with_prune(self, stack, emulator):
        refused = stack(rooms=[], prune=True, release=True)
        assert refused["msg"].startswith("release: true is not valid together with prune") and emulator.calls() == []


class TestRefusals:
    @pytest.mark.parametrize("check", [False, True])
    def test_the_plan_of_the_others_stands_beside_them(self, stack, emulator, chat, check):
        stack(rooms=[{"name": "drifted", "tags": {"old": "1"}}, {"name": "surplus"}])
        for _number in range(2):
            chat.create_room(name="twice", tags=MEMBER)
        chat.create_room(name="free")
        emulator.forget_calls()
        refused = stack(
            rooms=[{"name": "free"}, {"name": "drifted", "tags": {}}, {"name": "twice"}, {"name": "new"}],
            prune=True,
            check=check,
            diff=True,
        )
        assert refused["failed"] and refused.get("changed", False) is False and emulator.writes() == []
        assert len(refused["refusals"]) == 2 and refused["msg"] == "; ".join(refused["refusals"])
        assert "rooms[0]: 'free' already exists" in refused["msg"] and "rooms[2]: 2 members" in refused["msg"]
        assert planned(refused) == [("update", "drifted"), ("create", "new"), ("delete", "surplus")]
        assert refused["diff"]["after_header"].startswith("Plan: 1 to create, 1 to update, 0 to adopt, 1 to delete")

    def test_a_message_of_many_refusals_is_cut(self, stack, chat):
        for number in range(40):
            chat.create_room(name=f"free-{number}")
        refused = stack(rooms=[{"name": f"free-{number}"} for number in range(40)])
        assert len(refused["msg"]) < 2000 and refused["msg"].endswith("; 40 refusals in all, see refusals")
        assert len(refused["refusals"]) == 40

    def test_of_rooms_that_use_what_is_deleted_is_a_warning_in_check_mode(self, stack, emulator, chat, bucket):
        arn = create_logging_configuration(chat, "archive", tags=MEMBER)
        user = chat.create_room(name="foreign", loggingConfigurationIdentifiers=[arn])["arn"]
        predicted = stack(check=True, state="absent")
        assert planned(predicted) == [("delete", "archive")]
        assert any(f"because 1 room(s) use it: foreign ({user})" in warning for warning in warnings_of(predicted))
        refused = stack(state="absent")
        assert refused["failed"] and planned(refused) == [("delete", "archive")]

    def test_a_room_that_only_the_list_still_shows_with_it_does_not_refuse_it(self, stack, emulator, chat, bucket):
        arn = create_logging_configuration(chat, "archive", tags=MEMBER)
        users = [
            chat.create_room(name=name, loggingConfigurationIdentifiers=[arn])["arn"] for name in ("freed", "deleted")
        ]
        emulator.set(lag={"list": {"reads": 2}})
        chat.update_room(identifier=users[0], loggingConfigurationIdentifiers=[])
        chat.delete_room(identifier=users[1])
        assert stack(state="absent")["summary"] == {**NONE, "deleted": 1}


class TestQuota:
    """Ten logging configurations are the quota of an account and region."""

    @pytest.fixture
    def ten(self, stack: Run, bucket: Any, emulator: Any) -> list[dict[str, Any]]:
        declared = [logging_entry(f"logs-{number}") for number in range(10)]
        assert not stack(logging_configurations=declared).get("failed")
        emulator.forget_calls()
        return declared

    @pytest.mark.parametrize("transitions", [None, {"reads": 2}])
    def test_one_replaced_by_another(self, stack, emulator, chat, ten, transitions):
        emulator.set(transitions=transitions)
        options = {"logging_configurations": [*ten[1:], logging_entry("new")], "prune": True}
        replaced = stack(**options)
        assert replaced.get("summary") == {**NONE, "created": 1, "deleted": 1, "unchanged": 9}, replaced
        assert set(arns(chat)) == {*(entry["name"] for entry in ten[1:]), "new"}
        assert stack(**options)["changed"] is False

    def test_only_as_many_as_needed_go_first(self, stack, emulator, ten):
        rooms = [{"name": "a", "logging_configurations": ["new"]}]
        stack(logging_configurations=[*ten[4:], logging_entry("new")], rooms=rooms, prune=True)
        assert operations(emulator.writes()) == [
            "CreateLoggingConfiguration",
            "DeleteLoggingConfiguration",
            "CreateLoggingConfiguration",
            "CreateRoom",
            *["DeleteLoggingConfiguration"] * 3,
        ]

    def test_not_those_that_rooms_use(self, stack, emulator, chat, ten):
        used = arns(chat)["logs-0"]
        chat.create_room(name="member", tags=MEMBER, loggingConfigurationIdentifiers=[used])
        options = {"logging_configurations": [*ten[1:], logging_entry("new")], "prune": True}
        failed = stack(**options, rooms=[{"name": "member", "logging_configurations": ["new"]}])
        assert failed["failed"] and "DeleteLoggingConfiguration" not in operations(emulator.writes())
        assert "rooms use what is to be deleted, logs-0" in failed["msg"]

    def test_not_when_something_has_failed(self, stack, emulator, ten):
        emulator.fault("UpdateLoggingConfiguration", "AccessDeniedException")
        moved = {"name": "logs-1", "destination_configuration": {"s3": {"bucket_name": "other"}}}
        options = {"logging_configurations": [moved, *ten[2:], logging_entry("new")], "prune": True}
        failed = stack(**options, continue_on_error=True)
        assert len(failed["failures"]) == 2 and "DeleteLoggingConfiguration" not in operations(emulator.writes())

    def test_without_prune_it_is_refused_by_the_service(self, stack, ten):
        failed = stack(logging_configurations=[*ten[1:], logging_entry("new")])
        assert failed["failed"] and "ServiceQuotaExceededException" in failed["msg"]

    def test_one_renamed_in_place(self, stack, emulator, chat, ten):
        before = arns(chat)["logs-0"]
        options = {
            "logging_configurations": [*ten[1:], {**logging_entry("new"), "previous_name": "logs-0"}],
            "prune": True,
        }
        assert stack(**options)["summary"] == {**NONE, "updated": 1, "unchanged": 9}
        assert operations(emulator.writes()) == ["UpdateLoggingConfiguration"] and arns(chat)["new"] == before
