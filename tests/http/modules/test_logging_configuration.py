# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ivschat_logging_configuration: identity, destinations, states, rooms that use it."""

from __future__ import annotations

import time
from functools import partial

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _retries, _waits

from tests.support.environment import ARN, UNKNOWN_LOGGING
from tests.support.harness import KNOWN_AFTER_APPLY, failure_message
from tests.support.service import API_DESTINATION, create_logging_configuration, operations

TYPES = ("s3", "cloud_watch_logs", "firehose")


@pytest.fixture
def apply_logging(apply):
    """apply_logging(**options): `apply` for ivschat_logging_configuration."""
    return partial(apply, "ivschat_logging_configuration")


@pytest.fixture
def archive(chat, bucket):
    """The ARN of a logging configuration that exists."""
    return create_logging_configuration(chat, "archive")


@pytest.fixture
def in_state(chat, bucket, emulator):
    """in_state(state): the ARN of a logging configuration `archive` in a *_FAILED state."""

    def make(state):
        verb = state.removesuffix("_FAILED")
        if verb != "CREATE":
            arn = create_logging_configuration(chat, "archive")
        emulator.set(failing_transitions=[verb])
        match verb:
            case "CREATE":
                arn = create_logging_configuration(chat, "archive")
            case "UPDATE":
                chat.update_logging_configuration(identifier=arn, name="archive")
            case "DELETE":
                chat.delete_logging_configuration(identifier=arn)
        assert chat.get_logging_configuration(identifier=arn)["state"] == state
        emulator.forget_calls()
        return arn

    return make


@pytest.fixture
def existing_arns(logging_info):
    """existing_arns(): the ARNs of all logging configurations."""
    return lambda: {configuration["arn"] for configuration in logging_info()}


class TestIdentity:
    def test_none_of_that_name(self, apply_logging, bucket, existing_arns):
        created = apply_logging(name="archive", destination_configuration=bucket, tags={"CamelKey": "1"})
        shown = created["logging_configuration"]
        assert existing_arns() == {shown["arn"]} and created["detached_rooms"] == []
        assert shown["arn"] == f"{ARN}:logging-configuration/{shown['id']}"
        assert {key: shown[key] for key in shown if key not in ("arn", "id", "create_time", "update_time")} == {
            "name": "archive",
            "destination_configuration": bucket,
            "state": "ACTIVE",
            "tags": {"CamelKey": "1"},
        }

    def test_one_of_that_name(self, apply_logging, archive, chat, existing_arns):
        other = create_logging_configuration(chat, "Archive")
        assert apply_logging(name="archive", tags={"k": "v"})["logging_configuration"]["arn"] == archive
        assert apply_logging(name="archive", state="absent")["logging_configuration"] is None
        assert existing_arns() == {other}

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_many_of_that_name(self, logging, archive, chat, settled_duplicates, emulator, state, check):
        arn = create_logging_configuration(chat, "archive")
        created = chat.get_logging_configuration(identifier=arn)["createTime"]
        emulator.forget_calls()
        message = failure_message(logging(name="archive", state=state, tags={"k": "v"}, check=check))
        assert message.startswith("name: 2 logging configurations are named 'archive', so nothing was changed")
        assert archive in message and f"{arn} (created {created.isoformat()})" in message
        assert emulator.writes() == []

    def test_rename(self, apply_logging, archive, emulator):
        emulator.forget_calls()
        renamed = apply_logging(arn=archive, name="attic")["logging_configuration"]
        assert (renamed["arn"], renamed["name"]) == (archive, "attic")
        (call,) = emulator.writes()
        assert call["parameters"] == {"identifier": archive, "name": "attic"}

    def test_unknown_arn_present(self, logging, bucket, calls):
        message = failure_message(logging(arn=UNKNOWN_LOGGING, destination_configuration=bucket))
        assert message.startswith(f"arn: there is no logging configuration {UNKNOWN_LOGGING}")
        assert calls() == ["GetLoggingConfiguration"]

    def test_unknown_arn_absent(self, apply_logging):
        assert apply_logging(arn=UNKNOWN_LOGGING, state="absent")["changed"] is False

    def test_create_needs_a_destination(self, logging, calls):
        message = failure_message(logging(name="archive"))
        assert message == (
            "destination_configuration: one of s3, cloud_watch_logs, firehose is required to create the logging "
            "configuration 'archive', which does not exist yet"
        )
        assert calls() == ["ListLoggingConfigurations"]


class TestDestination:
    @pytest.mark.parametrize("first", TYPES)
    def test_type_changes_in_place(self, apply_logging, destinations, emulator, first):
        declare = partial(apply_logging, name="archive")
        arn = declare(destination_configuration=destinations[first])["logging_configuration"]["arn"]
        for other in set(TYPES) - {first}:
            result = declare(destination_configuration=destinations[other])
            assert result["logging_configuration"]["arn"] == arn
            assert result["logging_configuration"]["destination_configuration"] == destinations[other]
            assert result["diff"]["after"]["destination_configuration"] == destinations[other]
        assert operations(emulator.writes()) == ["CreateLoggingConfiguration"] + ["UpdateLoggingConfiguration"] * 2

    def test_name_of_the_same_type(self, apply_logging, archive, clients):
        clients("s3").create_bucket(Bucket="chat-logs-2")
        changed = apply_logging(name="archive", destination_configuration={"s3": {"bucket_name": "chat-logs-2"}})
        assert changed["changed"] and changed["logging_configuration"]["arn"] == archive

    def test_alias(self, apply_logging, destinations):
        inner = destinations["cloud_watch_logs"]["cloud_watch_logs"]
        created = apply_logging(name="archive", destination_configuration={"cloudwatch_logs": inner})
        assert created["logging_configuration"]["destination_configuration"] == destinations["cloud_watch_logs"]

    def test_unset_is_left_alone(self, apply_logging, archive, bucket):
        shown = apply_logging(name="archive", tags={"k": "v"})["logging_configuration"]
        assert shown["destination_configuration"] == bucket
        assert apply_logging(name="archive")["logging_configuration"] == shown
        assert apply_logging(name="archive", tags={})["logging_configuration"]["tags"] == {}

    def test_one_that_does_not_exist(self, logging, existing_arns):
        message = failure_message(logging(name="archive", destination_configuration={"s3": {"bucket_name": "nowhere"}}))
        assert "ResourceNotFoundException" in message and "nowhere" in message and existing_arns() == set()


class TestStates:
    def test_wait_for_active(self, logging, bucket, emulator):
        emulator.set(transitions={"reads": 2})
        created = logging(name="archive", destination_configuration=bucket, wait=True)
        assert created["changed"] and created["logging_configuration"]["state"] == "ACTIVE"
        again = logging(name="archive", destination_configuration=bucket, wait=True)
        assert again["changed"] is False and again["logging_configuration"] == created["logging_configuration"]

    def test_wait_when_unchanged(self, logging, bucket, emulator):
        emulator.set(transitions={"reads": 3})
        declare = partial(logging, name="archive", destination_configuration=bucket)
        declare()
        assert declare()["logging_configuration"]["state"] == "CREATING"
        waited = declare(wait=True)
        assert waited["changed"] is False and waited["logging_configuration"]["state"] == "ACTIVE"

    def test_wait_while_somebody_updates(self, logging, archive, bucket, chat, clients, emulator):
        clients("s3").create_bucket(Bucket="chat-logs-2")
        emulator.set(transitions={"reads": 3})
        chat.update_logging_configuration(identifier=archive, name="archive")
        waited = logging(name="archive", destination_configuration=bucket, wait=True)
        assert waited["changed"] is False and waited["logging_configuration"]["state"] == "ACTIVE"
        chat.update_logging_configuration(identifier=archive, name="archive")
        emulator.forget_calls()
        other = {"s3": {"bucket_name": "chat-logs-2"}}
        assert logging(name="archive", destination_configuration=other, wait=True)["changed"]
        # The update is sent once, when the service takes it.
        assert [(call["operation"], call["error"]) for call in emulator.writes()] == [
            ("UpdateLoggingConfiguration", None)
        ]

    def test_update_and_delete_wait(self, logging, archive, clients, emulator):
        clients("s3").create_bucket(Bucket="chat-logs-2")
        emulator.set(transitions={"reads": 2})
        other = {"s3": {"bucket_name": "chat-logs-2"}}
        updated = logging(name="archive", destination_configuration=other, wait=True)
        assert updated["changed"] and updated["logging_configuration"]["state"] == "ACTIVE"
        assert logging(name="archive", state="absent", wait=True)["changed"]
        emulator.forget_calls()
        assert logging(name="archive", state="absent", wait=True)["changed"] is False
        assert operations(emulator.calls()) == ["ListLoggingConfigurations"]

    @pytest.mark.parametrize(
        ("verb", "options"),
        [
            ("CREATE", {"name": "new"}),
            ("UPDATE", {"name": "archive", "destination_configuration": {"s3": {"bucket_name": "chat-logs-2"}}}),
            ("DELETE", {"name": "archive", "state": "absent"}),
        ],
    )
    def test_failure_ends_the_wait_at_once(self, logging, archive, bucket, clients, emulator, verb, options):
        clients("s3").create_bucket(Bucket="chat-logs-2")
        emulator.set(failing_transitions=[verb], transitions={"reads": 1})
        started = time.monotonic()
        message = failure_message(logging(**{"destination_configuration": bucket, **options}, wait=True))
        assert f"is in state {verb}_FAILED" in message and time.monotonic() - started < 10

    @pytest.mark.parametrize("state", ["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])
    @pytest.mark.parametrize("options", [{}, {"destination_configuration": {"s3": {"bucket_name": "chat-logs"}}}])
    def test_repair_by_update(self, apply_logging, in_state, emulator, state, options):
        arn = in_state(state)
        result = apply_logging(name="archive", **options)
        assert result["changed"] and result["logging_configuration"]["state"] == "ACTIVE"
        assert result["logging_configuration"]["arn"] == arn
        (call,) = emulator.writes()
        assert call["operation"] == "UpdateLoggingConfiguration"
        assert call["parameters"] == {"identifier": arn, "destinationConfiguration": API_DESTINATION}
        assert result["diff"]["before_header"] == f"logging configuration archive (state {state})"

    def test_repair_by_replacing(self, logging, in_state, emulator, existing_arns):
        arn = in_state("CREATE_FAILED")
        emulator.fault("UpdateLoggingConfiguration", "ValidationException")
        predicted = logging(name="archive", tags={"k": "v"}, check=True, diff=True)
        assert emulator.writes() == []
        result = logging(name="archive", tags={"k": "v"}, diff=True)
        assert operations(emulator.writes()) == [
            "UpdateLoggingConfiguration",
            "DeleteLoggingConfiguration",
            "CreateLoggingConfiguration",
        ]
        assert result["changed"] is predicted["changed"] is True and result["diff"] == predicted["diff"]
        shown = result["logging_configuration"]
        assert existing_arns() == {shown["arn"]} != {arn}
        assert (shown["name"], shown["state"], shown["tags"]) == ("archive", "ACTIVE", {"k": "v"})
        assert logging(name="archive", tags={"k": "v"})["changed"] is False

    @pytest.mark.parametrize("code", ["ConflictException", "ValidationException"])
    def test_one_that_rooms_use_is_not_replaced(self, logging, archive, emulator, chat, monkeypatch, code):
        monkeypatch.setitem(_retries.MAX_RETRIES, "ConflictException", 0)
        user = chat.create_room(name="lobby", loggingConfigurationIdentifiers=[archive])["arn"]
        emulator.set(failing_transitions=["UPDATE"])
        chat.update_logging_configuration(identifier=archive, name="archive")
        emulator.fault("UpdateLoggingConfiguration", code)
        emulator.forget_calls()
        message = failure_message(logging(name="archive"))
        assert message.startswith(
            f"The logging configuration {archive} is in state UPDATE_FAILED and the service refuses"
        )
        assert message.endswith(f"while rooms use it: {user}")
        assert operations(emulator.writes()) == ["UpdateLoggingConfiguration"]

    def test_one_is_not_lost_for_a_destination_that_is_refused(self, logging, in_state, emulator, existing_arns):
        arn = in_state("UPDATE_FAILED")
        emulator.fault("UpdateLoggingConfiguration", "ValidationException")
        other = {"s3": {"bucket_name": "other"}}
        assert "ValidationException" in failure_message(logging(name="archive", destination_configuration=other))
        assert operations(emulator.writes()) == ["UpdateLoggingConfiguration"] and existing_arns() == {arn}

    def test_a_deletion_that_fails_again_ends_the_wait(self, logging, in_state, emulator, monkeypatch):
        monkeypatch.setattr(_waits, "OLD_STATE_LASTS", 0.5)
        arn = in_state("DELETE_FAILED")
        emulator.set(failing_transitions=["DELETE"])
        message = failure_message(logging(name="archive", state="absent", wait=True, wait_timeout=60))
        assert message == (
            f"The logging configuration {arn} is in state DELETE_FAILED; run the task again; before that, the service "
            "accepted DeleteLoggingConfiguration"
        )
        assert logging(name="archive", state="absent", wait=True)["changed"]

    def test_an_old_state_that_get_shows_does_not_fail_a_deletion(self, logging, in_state, emulator):
        in_state("DELETE_FAILED")
        emulator.set(lag={"get": {"reads": 2}})
        result = logging(name="archive", state="absent", wait=True)
        assert result["changed"] and not result.get("failed")

    def test_a_failed_one_can_be_deleted(self, apply_logging, in_state, existing_arns):
        in_state("DELETE_FAILED")
        assert apply_logging(name="archive", state="absent")["changed"] and existing_arns() == set()

    def test_deleting_counts_as_absent(self, logging, archive, bucket, chat, emulator, existing_arns):
        emulator.set(transitions={"reads": 4})
        chat.delete_logging_configuration(identifier=archive)
        declare = partial(logging, name="archive", destination_configuration=bucket)
        predicted = declare(check=True)
        assert predicted["changed"] and predicted["logging_configuration"]["arn"] == KNOWN_AFTER_APPLY
        emulator.forget_calls()
        created = declare()
        assert created["changed"] and created["logging_configuration"]["arn"] != archive
        called = operations(emulator.calls())
        assert called[0] == "ListLoggingConfigurations" and called[-1] == "CreateLoggingConfiguration"
        assert set(called[1:-1]) == {"GetLoggingConfiguration"}, "it waited for the end of the old one"
        assert archive not in existing_arns()

    def test_absent_waits_for_one_that_is_deleting(self, logging, archive, chat, emulator, existing_arns):
        emulator.set(transitions={"reads": 3})
        chat.delete_logging_configuration(identifier=archive)
        result = logging(name="archive", state="absent", wait=True)
        assert result["changed"] is False and result["logging_configuration"] is None
        with pytest.raises(chat.exceptions.ResourceNotFoundException):
            chat.get_logging_configuration(identifier=archive)

    def test_deleting_by_arn(self, logging, archive, chat, emulator):
        emulator.set(transitions={"reads": 50})
        chat.delete_logging_configuration(identifier=archive)
        assert "an ARN cannot be created" in failure_message(logging(arn=archive))
        assert logging(arn=archive, state="absent")["changed"] is False

    @pytest.mark.parametrize(
        ("operation", "options"),
        [
            ("UpdateLoggingConfiguration", {"destination_configuration": {"s3": {"bucket_name": "chat-logs-2"}}}),
            ("DeleteLoggingConfiguration", {"state": "absent"}),
        ],
    )
    def test_conflict_in_mid_transition_is_retried(self, logging, archive, clients, emulator, operation, options):
        clients("s3").create_bucket(Bucket="chat-logs-2")
        emulator.fault(operation, "ConflictException")
        emulator.forget_calls()
        assert logging(name="archive", **options)["changed"]
        assert operations(emulator.writes()) == [operation] * 2

    @pytest.mark.parametrize(
        "options", [{"state": "absent"}, {"destination_configuration": {"s3": {"bucket_name": "x-2"}}}]
    )
    def test_one_in_transition_is_waited_for(self, logging, clients, bucket, emulator, options):
        clients("s3").create_bucket(Bucket="x-2")
        emulator.set(transitions={"reads": 3})
        logging(name="archive", destination_configuration=bucket)
        assert logging(name="archive", **options)["changed"]
        assert [call["error"] for call in emulator.writes()] == [None, None]


class TestInUse:
    @pytest.fixture
    def users(self, chat, archive):
        """Two rooms that use `archive`, the second one another logging configuration too; and that other one's ARN."""
        other = create_logging_configuration(chat, "other")
        rooms = [
            chat.create_room(name=name, loggingConfigurationIdentifiers=identifiers)["arn"]
            for name, identifiers in {"lobby": [archive], "hall": [other, archive], "quiet": [other]}.items()
        ]
        return rooms[:2], other

    def test_refused(self, logging, users, archive, emulator):
        emulator.forget_calls()
        message = failure_message(logging(name="archive", state="absent"))
        assert message.startswith(f"The logging configuration {archive} was not deleted, because 2 room(s) use it")
        assert "force" in message and all(arn in message for arn in users[0])
        assert emulator.writes() == []

    def test_force(self, apply_logging, users, archive, emulator, chat):
        rooms, other = users
        emulator.forget_calls()
        result = apply_logging(name="archive", state="absent", force=True)
        assert result["changed"] and sorted(result["detached_rooms"]) == sorted(rooms)
        assert operations(emulator.writes()) == ["UpdateRoom", "UpdateRoom", "DeleteLoggingConfiguration"]
        kept = [chat.get_room(identifier=arn).get("loggingConfigurationIdentifiers", []) for arn in rooms]
        assert kept == [[], [other]]

    def test_force_takes_nothing_else_off_though_lists_lag(self, logging, archive, chat, emulator):
        other = create_logging_configuration(chat, "other")
        room = chat.create_room(name="lobby", loggingConfigurationIdentifiers=[archive])["arn"]
        free = chat.create_room(name="hall", loggingConfigurationIdentifiers=[archive])["arn"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_room(identifier=room, loggingConfigurationIdentifiers=[archive, other])
        chat.update_room(identifier=free, loggingConfigurationIdentifiers=[])
        emulator.forget_calls()
        assert logging(name="archive", state="absent", force=True)["changed"]
        assert chat.get_room(identifier=room)["loggingConfigurationIdentifiers"] == [other]
        assert operations(emulator.writes()) == ["UpdateRoom", "DeleteLoggingConfiguration"]

    def test_a_list_that_does_not_know_it_any_more(self, logging, archive, emulator):
        emulator.fault("ListRooms", "ResourceNotFoundException")
        assert logging(name="archive", state="absent")["changed"]

    def test_force_when_unused(self, apply_logging, archive):
        assert apply_logging(arn=archive, state="absent", force=True)["detached_rooms"] == []

    def test_force_with_present_detaches_nothing(self, logging, users, emulator):
        emulator.forget_calls()
        assert logging(name="archive", force=True)["changed"] is False and emulator.writes() == []
