# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else at work meanwhile, and failures half way: a task says what it did and harms nothing of others."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.harness import Run, warnings_of
from tests.support.service import API_DESTINATION, create_logging_configuration


def warned(result: dict[str, Any]) -> str:
    """All warnings as one text."""
    return " ".join(warnings_of(result))


class TestRepair:
    """A logging configuration in a *_FAILED state whose update the service refuses is replaced as the last resort."""

    @pytest.fixture
    def failed(self, bucket: Any, chat: Any, emulator: Emulator, no_pauses: None) -> str:
        emulator.set(failing_transitions=["CREATE"], refuse_update_of_failed=True)
        return create_logging_configuration(chat, "archive")

    def test_one_that_another_run_has_just_repaired_stays(
        self, failed: str, bucket: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        emulator.fault("UpdateLoggingConfiguration", "ConflictException", count=12)
        emulator.set(refuse_update_of_failed=False)
        emulator.intervene(
            "UpdateLoggingConfiguration",
            "UpdateLoggingConfiguration",
            "before",
            skip=11,
            identifier="archive",
            destinationConfiguration=API_DESTINATION,
        )
        result = logging(name="archive", destination_configuration=bucket, wait=True)
        assert result["logging_configuration"]["arn"] == failed and not result.get("failed"), result
        assert emulator.calls("DeleteLoggingConfiguration") == []
        assert [
            configuration["arn"] for configuration in chat.list_logging_configurations()["loggingConfigurations"]
        ] == [failed]

    def test_one_that_is_still_failed_is_replaced(self, failed: str, bucket: Any, logging: Run, chat: Any) -> None:
        result = logging(name="archive", destination_configuration=bucket, wait=True)
        (left,) = chat.list_logging_configurations()["loggingConfigurations"]
        assert result["changed"] and result["logging_configuration"]["arn"] == left["arn"] != failed

    def test_it_says_when_it_is_deleted(self, failed: str, bucket: Any, logging: Run, emulator: Emulator) -> None:
        emulator.fault("CreateLoggingConfiguration", "AccessDeniedException")
        result = logging(name="archive", destination_configuration=bucket)
        assert result["failed"] and result["changed"] is True
        assert f"{failed} was in state CREATE_FAILED and is gone" in result["msg"]
        assert "AccessDeniedException" in result["msg"] and "DeleteLoggingConfiguration" in result["msg"]

    @pytest.mark.parametrize("name", ["archive", None])
    def test_another_of_its_name_is_left_alone(
        self, name: str | None, bucket: Any, logging: Run, emulator: Emulator, chat: Any, no_pauses: None
    ) -> None:
        """The one that the ARN identifies is replaced, whatever is older: it was there before."""
        named = {"name": name} if name else {}
        destination = {"destinationConfiguration": API_DESTINATION}
        theirs = chat.create_logging_configuration(**named, **destination, tags={"owner": "they"})
        emulator.set(failing_transitions=["CREATE"], refuse_update_of_failed=True)
        failed = chat.create_logging_configuration(**named, **destination, tags={"owner": "we"})
        result = logging(arn=failed["arn"], destination_configuration=bucket, tags={"owner": "we"}, wait=True)
        listed = {each["arn"]: each["tags"] for each in chat.list_logging_configurations()["loggingConfigurations"]}
        ours = result["logging_configuration"]["arn"]
        assert ours not in (theirs["arn"], failed["arn"])
        assert listed == {theirs["arn"]: {"owner": "they"}, ours: {"owner": "we"}}

    @pytest.mark.parametrize("name", ["archive", None])
    def test_another_of_its_name_is_not_taken_for_what_was_created(
        self, name: str | None, bucket: Any, logging: Run, emulator: Emulator, chat: Any, clock: Any
    ) -> None:
        named = {"name": name} if name else {}
        theirs = chat.create_logging_configuration(**named, destinationConfiguration=API_DESTINATION, tags={"a": "b"})
        emulator.set(failing_transitions=["CREATE"], refuse_update_of_failed=True)
        failed = chat.create_logging_configuration(**named, destinationConfiguration=API_DESTINATION)
        emulator.fault("CreateLoggingConfiguration", "ConnectionReset", count=1000)
        result = logging(arn=failed["arn"], destination_configuration=bucket, tags={"owner": "we"}, wait=True)
        assert result["failed"] and result["changed"] and "look whether it exists all the same" in result["msg"]
        (left,) = chat.list_logging_configurations()["loggingConfigurations"]
        assert (left["arn"], left["tags"]) == (theirs["arn"], {"a": "b"})

    def test_another_run_has_just_replaced_it(
        self, failed: str, bucket: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        """Between the last look and the deletion: then there is nothing left to replace."""
        emulator.set(failing_transitions=[])
        emulator.intervene("GetLoggingConfiguration", "DeleteLoggingConfiguration", skip=1, identifier=failed)
        other = {"name": "archive", "destinationConfiguration": API_DESTINATION}
        emulator.intervene("DeleteLoggingConfiguration", "CreateLoggingConfiguration", "before", **other)
        result = logging(arn=failed, destination_configuration=bucket, wait=True)
        assert result["failed"] and "Somebody else deleted" in result["msg"], result
        assert len(chat.list_logging_configurations()["loggingConfigurations"]) == 1

    def test_a_room_that_has_let_go_does_not_prevent_it(
        self, bucket: Any, logging: Run, room: Run, emulator: Emulator, chat: Any, no_pauses: None
    ) -> None:
        emulator.set(failing_transitions=["UPDATE"], refuse_update_of_failed=True)
        failed = create_logging_configuration(chat, "archive")
        chat.create_room(name="lobby", loggingConfigurationIdentifiers=[failed])
        chat.update_logging_configuration(identifier=failed, name="archive")
        emulator.set(lag={"list": {"seconds": 60}})
        assert room(name="lobby", logging_configuration_identifiers=[])["changed"]
        result = logging(arn=failed, destination_configuration=bucket)
        assert result["changed"] and not result.get("failed"), result


class TestDeletionThatFindsNothing:
    """Get shows a room, and the deletion does not find it: that is no success."""

    @pytest.mark.parametrize(("lag", "wait"), [(["write"], False), (["get", "write"], True)], ids=str)
    def test_it_fails(
        self, lag: list[str], wait: bool, room: Run, emulator: Emulator, chat: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module, seconds in (("_write.OLD_STATE_LASTS", 0.5), ("_identity.LOOK_AGAIN", 0.5)):
            monkeypatch.setattr(f"ansible_collections.aws_ivs.chat.plugins.module_utils.{module}", seconds)
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._waits.LIST_AGREES", 3.0)
        emulator.set(lag={"write": {"seconds": 60}, **({"get": {"seconds": 2}} if "get" in lag else {})})
        chat.create_room(name="lobby")
        result = room(name="lobby", state="absent", wait=wait)
        assert result["failed"] and "the deletion does not find it, so it was not deleted" in result["msg"], result

    def test_a_list_that_may_not_be_read_after_it(self, room: Run, emulator: Emulator, chat: Any) -> None:
        created = chat.create_room(name="lobby")["arn"]
        emulator.fault("ListRooms", "AccessDeniedException", count=9)
        result = room(arn=created, state="absent", wait=True)
        assert result["changed"] and not result.get("failed"), result


class TestRenamedMeanwhile:
    """A list still shows a resource by its old name: it is not the one that the task means."""

    @pytest.mark.parametrize("options", [{"state": "absent"}, {"maximum_message_length": 7}, {}], ids=str)
    def test_a_room(self, options: dict[str, Any], room: Run, emulator: Emulator, chat: Any, clock: Any) -> None:
        created = chat.create_room(name="lobby")["arn"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_room(identifier=created, name="foyer")
        emulator.forget_calls()
        result = room(name="lobby", **options)
        assert result["failed"] and "renamed moments ago" in result["msg"] and "'foyer'" in result["msg"]
        assert emulator.writes() == []

    @pytest.mark.parametrize("tags", [{"ivschat-stack": "conference"}, {}], ids=["member", "adopted"])
    def test_a_room_of_a_stack(self, tags: dict[str, str], stack: Run, emulator: Emulator, chat: Any) -> None:
        created = chat.create_room(name="lobby", tags=tags)["arn"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_room(identifier=created, name="foyer")
        emulator.forget_calls()
        result = stack(rooms=[{"name": "lobby", "maximum_message_length": 7}], adopt=True)
        assert result["failed"] and result["msg"].startswith("rooms[0].name: List shows the room"), result
        assert emulator.writes() == []

    def test_room_info(self, room_info: Any, emulator: Emulator, chat: Any) -> None:
        created = chat.create_room(name="lobby")["arn"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_room(identifier=created, name="foyer")
        assert room_info(name="lobby") == []

    def test_a_logging_configuration_is_not_deleted(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any, clock: Any
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_logging_configuration(identifier=created, name="renamed")
        emulator.forget_calls()
        result = logging(name="archive", state="absent")
        assert result["failed"] and "renamed moments ago" in result["msg"] and emulator.writes() == []

    def test_a_list_that_catches_up(self, room: Run, emulator: Emulator, chat: Any) -> None:
        created = chat.create_room(name="lobby")["arn"]
        emulator.set(lag={"list": {"seconds": 1}})
        chat.update_room(identifier=created, name="foyer")
        assert room(name="lobby", state="absent")["changed"] is False
        assert chat.get_room(identifier=created)["name"] == "foyer"

    def test_one_renamed_away_from_a_duplicate(self, room: Run, emulator: Emulator, chat: Any) -> None:
        """An older room of the name that Get shows by another name is no reason to give way."""
        older = chat.create_room(name="lobby")["arn"]
        chat.update_room(identifier=older, name="foyer")
        emulator.intervene("CreateRoom", "UpdateRoom", "before", identifier="foyer", name="lobby")
        emulator.intervene("ListRooms", "UpdateRoom", skip=1, identifier=older, name="foyer")
        emulator.forget_calls()
        created = room(name="lobby", wait=True)
        assert created["changed"] and [call["operation"] for call in emulator.writes()] == ["CreateRoom"]
        assert {each["name"]: each["arn"] for each in chat.list_rooms()["rooms"]} == {
            "foyer": older,
            "lobby": created["room"]["arn"],
        }


class TestHalfWay:
    def test_a_forced_deletion_says_what_it_detached(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        rooms = {name: chat.create_room(name=name, loggingConfigurationIdentifiers=[created])["arn"] for name in "abc"}
        emulator.fault("UpdateRoom", "AccessDeniedException", skip=1)
        result = logging(name="archive", state="absent", force=True)
        (update, _refused) = emulator.calls("UpdateRoom")
        assert result["failed"] and result["changed"] is True
        assert result["detached_rooms"] == [update["parameters"]["identifier"]]
        assert result["detached_rooms"][0] in rooms.values() and "UpdateRoom" in result["msg"]

    def test_detached_rooms_are_those_that_were(self, bucket: Any, logging: Run, emulator: Emulator, chat: Any) -> None:
        created = create_logging_configuration(chat, "archive")
        rooms = [chat.create_room(name=n, loggingConfigurationIdentifiers=[created])["arn"] for n in "ab"]
        emulator.intervene("ListRooms", "DeleteRoom", identifier="a")
        result = logging(name="archive", state="absent", force=True)
        assert (result["changed"], result["detached_rooms"]) == (True, rooms[1:])

    def test_check_mode_names_no_room_that_has_let_go(
        self, bucket: Any, logging: Run, room: Run, emulator: Emulator, chat: Any
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        for name in "ab":
            chat.create_room(name=name, loggingConfigurationIdentifiers=[created])
        emulator.set(lag={"list": {"seconds": 60}})
        room(name="a", logging_configuration_identifiers=[])
        predicted = logging(name="archive", state="absent", force=True, check=True)
        (kept,) = [each["arn"] for each in chat.list_rooms()["rooms"] if each["name"] == "b"]
        assert predicted["detached_rooms"] == [kept]

    def test_a_room_that_uses_it_and_that_lists_show_late(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any, clock: Any
    ) -> None:
        """Without force, the refusal names the room, which the list did not show at first."""
        created = create_logging_configuration(chat, "archive")
        emulator.set(lag={"list": {"reads": 2}})
        lobby = chat.create_room(name="lobby", loggingConfigurationIdentifiers=[created])["arn"]
        result = logging(name="archive", state="absent")
        assert result["failed"] and "1 room(s) use it" in result["msg"] and lobby in result["msg"]

    def test_force_looks_until_the_room_shows_that_prevents_the_deletion(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any, clock: Any
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        first = chat.create_room(name="first", loggingConfigurationIdentifiers=[created])["arn"]
        second = chat.create_room(name="second")["arn"]
        emulator.set(lag={"list": {"reads": 3}})
        chat.update_room(identifier=second, loggingConfigurationIdentifiers=[created])
        result = logging(name="archive", state="absent", force=True)
        assert result["changed"] and not result.get("failed"), result
        assert result["detached_rooms"] == [first, second]

    def test_a_room_that_is_deleted_before_it_is_detached(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any, no_pauses: None
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        kept, _deleted = [chat.create_room(name=n, loggingConfigurationIdentifiers=[created])["arn"] for n in "ab"]
        emulator.intervene("UpdateRoom", "DeleteRoom", "before", identifier="b")
        result = logging(name="archive", state="absent", force=True)
        assert result["changed"] and not result.get("failed") and result["detached_rooms"] == [kept]
        assert [call["error"] for call in emulator.calls("UpdateRoom")] == ["ResourceNotFoundException"] * 5 + [None]

    @pytest.mark.parametrize("module", ["ivschat_room", "ivschat_logging_configuration"])
    def test_a_tag_written_and_the_untag_refused(
        self, module: str, bucket: Any, run: Run, emulator: Emulator, chat: Any
    ) -> None:
        chat.create_room(name="lobby", tags={"old": "1"})
        create_logging_configuration(chat, "lobby", tags={"old": "1"})
        emulator.fault("UntagResource", "AccessDeniedException")
        result = run(module, name="lobby", tags={"new": "1"})
        assert result["failed"] and result["changed"] is True and result["writes"] == ["TagResource"]
        assert "the service accepted TagResource" in result["msg"] and "AccessDeniedException" in result["msg"]

    def test_a_long_message_still_says_what_was_written(self, room: Run, emulator: Emulator, chat: Any) -> None:
        chat.create_room(name="lobby", tags={"old": "1"})
        fields = [{"name": "tagKeys", "message": "x" * 900}] * 10
        emulator.respond("UntagResource", 400, {"__type": "ValidationException", "fieldList": fields})
        result = room(name="lobby", tags={"new": "1"})
        assert len(result["msg"]) <= 2000 and "the service accepted TagResource" in result["msg"], result["msg"][-300:]


class TestAfterTheWrite:
    """`wait` ends at once when what was written is overwritten or deleted, and says so."""

    @pytest.fixture(autouse=True)
    def at_once(self) -> Any:
        start = time.monotonic()
        yield
        assert time.monotonic() - start < 15

    @pytest.mark.parametrize("times", [{}, {view: {"unit": 1} for view in ("write", "get", "list")}], ids=str)
    def test_a_room_is_overwritten(self, times: Any, room: Run, emulator: Emulator, chat: Any) -> None:
        chat.create_room(name="lobby")
        emulator.set(times=times)
        if times:  # another second
            emulator.set(times={"get": {"offset": 2, "unit": 1}})
        emulator.intervene("UpdateRoom", "UpdateRoom", identifier="lobby", maximumMessageLength=7)
        result = room(name="lobby", maximum_message_length=300, wait=True)
        assert result["failed"] and result["changed"] is True
        assert "Somebody else changed the room" in result["msg"] and "maximum_message_length 7" in result["msg"]

    @pytest.mark.parametrize("tags", [{"stream": "main"}, {}], ids=str)
    def test_a_tag_is_overwritten(self, tags: Any, room: Run, emulator: Emulator, chat: Any) -> None:
        """Tags change no time of an update, so a value that is neither the old nor the new one tells."""
        arn = chat.create_room(name="lobby", tags={"stream": "old", "team": "chat"})["arn"]
        action = "TagResource" if tags else "UntagResource"
        emulator.intervene(action, "TagResource", resourceArn=arn, tags={"stream": "theirs"})
        result = room(name="lobby", tags={**tags, "team": "chat"}, wait=True)
        assert result["failed"] and result["changed"] is True
        assert "Somebody else changed the room" in result["msg"] and "'stream': 'theirs'" in result["msg"]

    def test_a_room_is_deleted(self, room: Run, emulator: Emulator, chat: Any) -> None:
        chat.create_room(name="lobby")
        emulator.intervene("UpdateRoom", "DeleteRoom", identifier="lobby")
        result = room(name="lobby", maximum_message_length=300, wait=True)
        assert result["failed"] and "Somebody else deleted the room" in result["msg"]

    @pytest.mark.parametrize("action", ["UpdateLoggingConfiguration", "DeleteLoggingConfiguration"])
    def test_a_logging_configuration(
        self, action: str, destinations: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        create_logging_configuration(chat, "archive")
        others = {"destinationConfiguration": API_DESTINATION} if action.startswith("Update") else {}
        emulator.intervene("UpdateLoggingConfiguration", action, identifier="archive", **others)
        result = logging(name="archive", destination_configuration=destinations["firehose"], wait=True)
        word = "changed" if action.startswith("Update") else "deleted"
        assert result["failed"] and f"Somebody else {word} the logging configuration" in result["msg"]

    @pytest.mark.parametrize("action", ["UpdateRoom", "DeleteRoom"])
    def test_a_room_that_was_just_created(self, action: str, room: Run, emulator: Emulator, monkeypatch: Any) -> None:
        waits = "ansible_collections.aws_ivs.chat.plugins.module_utils._waits"
        monkeypatch.setattr(f"{waits}.OLD_STATE_LASTS", 0.5)
        monkeypatch.setattr(f"{waits}.LONGEST_LAG", 1.0)
        renamed = {"name": "hall"} if action == "UpdateRoom" else {}
        emulator.intervene("CreateRoom", action, identifier="lobby", **renamed)
        result = room(name="lobby", wait=True)
        assert result["failed"] and result["changed"] is True
        assert f"Somebody else {'renamed' if renamed else 'deleted'} the room" in result["msg"]

    @pytest.mark.parametrize("times", [{}, {"write": {"unit": 1}}, {"get": {"unit": 1}}], ids=str)
    def test_lag_is_no_change(self, times: Any, room: Run, emulator: Emulator, chat: Any) -> None:
        """Also where the time of the old state, in the same second as the write, is more precise than the write's."""
        created = chat.create_room(name="lobby")["arn"]
        for length in (7, 8, 9):
            emulator.set(lag={}, times=times)
            chat.update_room(identifier=created, maximumMessageLength=100 + length)
            emulator.set(lag={"get": {"reads": 3}, "list": {"reads": 3}})
            result = room(arn=created, maximum_message_length=length, wait=True)
            assert not result.get("failed") and result["room"]["maximum_message_length"] == length


class TestNamesakes:
    def test_one_being_deleted_does_not_block_an_update(
        self, destinations: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        deleted, kept = (create_logging_configuration(chat, "archive") for _number in range(2))
        emulator.set(transitions={"seconds": 60})
        chat.delete_logging_configuration(identifier=deleted)
        emulator.set(transitions=None)
        start = time.monotonic()
        result = logging(name="archive", destination_configuration=destinations["firehose"], wait=True, wait_timeout=20)
        assert (result["changed"], result["logging_configuration"]["arn"]) == (True, kept), result
        assert time.monotonic() - start < 10
        assert logging(name="archive", state="absent")["changed"]

    @pytest.mark.parametrize("check", [False, True])
    def test_a_rename_onto_a_taken_name_warns(self, check: bool, room: Run, chat: Any) -> None:
        other, mine = chat.create_room(name="hall")["arn"], chat.create_room(name="lobby")["arn"]
        result = room(arn=mine, name="hall", check=check)
        assert result["changed"] and result["room"]["name"] == "hall"
        assert other in warned(result) and mine not in warned(result) and "'hall'" in warned(result)
        assert "'free'" not in warned(room(arn=mine, name="free", check=check))

    def test_a_rename_onto_the_name_of_one_being_deleted_does_not_warn(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        deleted, mine = (create_logging_configuration(chat, name) for name in ("archive", "mine"))
        emulator.set(transitions={"seconds": 60})
        chat.delete_logging_configuration(identifier=deleted)
        emulator.set(transitions=None)
        result = logging(arn=mine, name="archive")
        assert result["changed"] and warned(result) == ""


class TestStackMember:
    TAGS = {"ivschat-stack": "live", "old": "1"}

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize("module", ["ivschat_room", "ivschat_logging_configuration"])
    def test_the_ownership_tag_stays(self, module: str, check: bool, bucket: Any, run: Run, chat: Any) -> None:
        chat.create_room(name="lobby", tags=self.TAGS)
        create_logging_configuration(chat, "lobby", tags=self.TAGS)
        key = module.removeprefix("ivschat_")
        result = run(module, name="lobby", tags={"new": "1"}, check=check)
        assert result["changed"] and result[key]["tags"] == {"ivschat-stack": "live", "new": "1"}
        assert "member of the stack 'live'" in warned(result)
        if not check:
            again = run(module, name="lobby", tags={"new": "1"})
            assert again["changed"] is False
            assert run(module, name="lobby", tags={})[key]["tags"] == {"ivschat-stack": "live"}
            assert "member of the stack 'live'" in warned(run(module, name="lobby", state="absent"))


class TestListsThatLag:
    def test_absent_of_a_room_that_lists_still_show(
        self, room: Run, emulator: Emulator, chat: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._identity.LOOK_AGAIN", 0.3)
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._waits.LIST_AGREES", 0.3)
        created = chat.create_room(name="lobby")["arn"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.delete_room(identifier=created)
        predicted = room(name="lobby", state="absent", check=True)
        assert not predicted.get("failed") and created in warned(predicted)
        result = room(name="lobby", state="absent", wait=True)
        assert (result.get("failed"), result["changed"], result["room"]) == (None, False, None)

    def test_a_logging_configuration_whose_rooms_have_let_go(
        self, bucket: Any, logging: Run, emulator: Emulator, chat: Any
    ) -> None:
        created = create_logging_configuration(chat, "archive")
        rooms = [chat.create_room(name=n, loggingConfigurationIdentifiers=[created])["arn"] for n in "abc"]
        emulator.set(lag={"list": {"seconds": 60}})
        chat.update_room(identifier=rooms[0], loggingConfigurationIdentifiers=[])
        chat.delete_room(identifier=rooms[1])
        refused = logging(name="archive", state="absent")
        assert refused["failed"] and rooms[2] in refused["msg"] and "because 1 room(s) use it" in refused["msg"]
        chat.delete_room(identifier=rooms[2])
        assert logging(name="archive", state="absent")["changed"] is True
