# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check mode of a task that depends on an earlier one: what is not known yet, and errors that become warnings."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.environment import UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import KNOWN_AFTER_APPLY, failure_message, warnings_of
from tests.support.service import create_logging_configuration
from tests.support.stacks import MEMBER

WORD = KNOWN_AFTER_APPLY
WOULD_FAIL = "Outside check mode, this task fails unless an earlier task changes this: "
IDENTIFIERS = "logging_configuration_identifiers"

MESSAGING = {
    "ivschat_chat_token": {"user_id": "ada"},
    "ivschat_event": {"event_name": "notice"},
    "ivschat_message": {"id": "abcdefGHI123"},
    "ivschat_user": {"user_id": "ada"},
}


def messaging(*ways):
    """The messaging modules with all of these ways to specify rooms that it has."""
    return pytest.mark.parametrize(
        ("module", "way"), [(m, way) for m in MESSAGING for way in ways if m != "ivschat_chat_token" or way != "rooms"]
    )


def prediction(result, *warnings):
    """The result of check mode, which must have succeeded with exactly these warnings."""
    assert not result.get("failed"), result
    assert warnings_of(result) == list(warnings)
    return result


def would_fail(message):
    return f"{WOULD_FAIL}{message}"


class TestCreate:
    """A predicted create has the word as ARN and ID, and null times."""

    @pytest.mark.parametrize("kind", ["room", "logging_configuration"])
    def test_what_the_service_assigns(self, run, bucket, kind):
        options = {"destination_configuration": bucket} if kind == "logging_configuration" else {}
        declare = partial(run, f"ivschat_{kind}", name="one", wait=False, **options)
        predicted, real = prediction(declare(check=True))[kind], declare()[kind]
        assigned = ("arn", "id", "create_time", "update_time")
        assert [predicted[name] for name in assigned] == [WORD, WORD, None, None]
        assert {**real, **{name: predicted[name] for name in assigned}} == predicted
        assert prediction(declare(check=True))[kind] == real, "nothing is unknown once it exists"

    def test_a_logging_configuration_without_its_destination(self, logging, calls):
        declare = partial(logging, name="archive", tags={"a": "b"})
        message = failure_message(declare())
        assert message.startswith("destination_configuration: one of ")
        predicted = prediction(declare(check=True), would_fail(message))
        assert predicted["changed"] and predicted["logging_configuration"]["destination_configuration"] is None
        assert calls() == ["ListLoggingConfigurations"] * 2


class TestWord:
    """The word stands for an ARN in check mode, and is refused like any bad ARN in a real run."""

    @pytest.mark.parametrize(
        ("module", "options", "said"),
        [
            ("ivschat_room", {"arn": WORD}, f"arn: '{WORD}' is not valid: it must be the ARN of a room, "),
            ("ivschat_logging_configuration", {"arn": WORD}, f"arn: '{WORD}' is not valid: it must be the ARN of a l"),
            ("ivschat_room", {"name": "a", IDENTIFIERS: [WORD]}, f"{IDENTIFIERS}[0]: '{WORD}' is not valid: it must"),
            ("ivschat_room_info", {"arns": [WORD]}, f"arns[0]: '{WORD}' is not valid"),
            ("ivschat_logging_configuration_info", {"arns": [WORD]}, f"arns[0]: '{WORD}' is not valid"),
            (
                "ivschat_room_info",
                {"logging_configuration_identifier": WORD},
                f"logging_configuration_identifier: '{WORD}' is not valid",
            ),
            (
                "ivschat_stack",
                {"name": "s", "rooms": [{"name": "a", "logging_configurations": [WORD]}]},
                f"rooms[0].logging_configurations[0]: '{WORD}' is not valid",
            ),
            *((name, {"room_arn": WORD, **given}, f"room_arn: '{WORD}' is not") for name, given in MESSAGING.items()),
            ("ivschat_event", {"rooms": ["a", WORD], "event_name": "e"}, f"rooms[1]: '{WORD}' is not valid"),
        ],
    )
    def test_a_real_run_refuses_it(self, run, calls, module, options, said):
        assert failure_message(run(module, **options)).startswith(said)
        assert calls() == []

    def test_it_is_no_other_word(self, run, calls):
        for bad in ("(known after apply) ", "(unknown)", "known after apply"):
            assert "is not valid" in failure_message(run("ivschat_room", arn=bad, check=True))
        assert "is not valid" in failure_message(run("ivschat_room", name=WORD, check=True)), "it is no name"
        assert calls() == []

    def test_rooms_of_logging_configurations_that_earlier_tasks_create(self, room, emulator):
        declare = partial(room, name="lobby", check=True, diff=True, **{IDENTIFIERS: [WORD, WORD]})
        predicted = prediction(declare())
        assert predicted["room"][IDENTIFIERS] == predicted["diff"]["after"][IDENTIFIERS] == [WORD, WORD]
        created = room(name="lobby")["room"]
        predicted = prediction(declare())
        assert predicted["changed"] and predicted["room"] == {**created, IDENTIFIERS: [WORD, WORD]}
        assert predicted["diff"]["before"][IDENTIFIERS] == []

    def test_a_stack_that_refers_to_it(self, run):
        rooms = [{"name": "a", "logging_configurations": [WORD, WORD]}]
        predicted = prediction(run("ivschat_stack", name="s", rooms=rooms, check=True, diff=True))
        assert predicted["changed"] and predicted["rooms"][0][IDENTIFIERS] == [WORD, WORD]
        assert (predicted["rooms"][0]["arn"], predicted["rooms"][0]["id"]) == (WORD, WORD)

    @pytest.mark.parametrize("kind", ["room", "logging_configuration"])
    @pytest.mark.parametrize("state", ["present", "absent"])
    def test_a_resource_that_an_earlier_task_creates(self, run, calls, kind, state):
        title = kind.replace("_", " ")
        said = f"arn: the {title} does not exist yet, so the prediction for this task is not exact"
        predicted = prediction(run(f"ivschat_{kind}", arn=WORD, name="hall", state=state, check=True), said)
        assert predicted["changed"] is (state == "present") and calls() == []
        assert state == "absent" or (predicted[kind]["arn"], predicted[kind]["name"]) == (WORD, "hall")

    def test_info(self, run, room, calls):
        created = room(name="lobby")["room"]
        said = "{}: the {} does not exist yet, so the result of this task is not exact".format
        calls()
        predicted = prediction(run("ivschat_room_info", arns=[WORD, created["arn"]], check=True), said("arns", "room"))
        assert predicted["rooms"] == [created] and calls() == ["GetRoom"]
        predicted = run("ivschat_logging_configuration_info", arns=[WORD], check=True)
        assert prediction(predicted, said("arns", "logging configuration"))["logging_configurations"] == []
        option = "logging_configuration_identifier"
        predicted = run("ivschat_room_info", **{option: WORD}, check=True)
        assert prediction(predicted, said(option, "logging configuration"))["rooms"] == []
        assert calls() == []

    @messaging("room_arn", "rooms")
    def test_messages(self, run, calls, module, way):
        rooms = {way: [WORD, WORD] if way == "rooms" else WORD}
        predicted = prediction(run(module, check=True, **rooms, **MESSAGING[module]))
        assert predicted["changed"] and calls() == []
        found = [predicted["room_arn"]] if "room_arn" in predicted else [room["arn"] for room in predicted["rooms"]]
        assert set(found) == {WORD}


class TestUnknownNames:
    """The name of what an earlier task creates is in the result, and a warning says what the real run refuses."""

    @pytest.mark.parametrize("existing", [False, True])
    def test_logging_configurations_of_a_room(self, run, room, bucket, emulator, existing):
        archive = run("ivschat_logging_configuration", name="archive", destination_configuration=bucket)
        known = archive["logging_configuration"]["arn"]
        if existing:
            room(name="lobby")
        declare = partial(room, name="lobby", diff=True, **{IDENTIFIERS: ["new", "archive", "newer"]})
        emulator.forget_calls()
        message = failure_message(declare())
        assert message == f"{IDENTIFIERS}: no logging configuration is named 'new'; {IDENTIFIERS}: no logging " + (
            "configuration is named 'newer'"
        )
        predicted = prediction(declare(check=True), would_fail(message))
        assert predicted["changed"] and emulator.writes() == []
        assert (
            predicted["room"][IDENTIFIERS] == predicted["diff"]["after"][IDENTIFIERS] == sorted([known, "new", "newer"])
        )

    @messaging("room_name", "rooms")
    def test_rooms_of_messages(self, run, room, calls, emulator, module, way):
        created = room(name="lobby")["room"]["arn"]
        rooms = {way: ["lobby", "nope"] if way == "rooms" else "nope"}
        emulator.forget_calls()
        message = failure_message(run(module, **rooms, **MESSAGING[module]))
        assert message == f"{way}: no room is named 'nope'"
        predicted = prediction(run(module, check=True, **rooms, **MESSAGING[module]), would_fail(message))
        assert predicted["changed"] and calls() == ["ListRooms"] * 2
        if way == "rooms":
            found = [(room["room"], room["arn"], room["error"]) for room in predicted["rooms"]]
            assert found == [("lobby", created, None), ("nope", WORD, None)]
        else:
            assert predicted.get("room_arn", WORD) == WORD

    @pytest.mark.usefixtures("settled_duplicates")
    def test_an_ambiguous_name_stays_refused(self, run, chat, emulator):
        duplicates = [chat.create_room(name="lobby")["arn"] for _number in range(2)]
        emulator.forget_calls()
        for module, options in MESSAGING.items():
            assert "2 rooms are named 'lobby'" in failure_message(run(module, room_name="lobby", check=True, **options))
        message = failure_message(run("ivschat_user", rooms=["nope", "lobby"], user_id="ada", check=True))
        assert "no room is named 'nope'" in message and all(arn in message for arn in duplicates)
        assert "2 rooms are named" in failure_message(run("ivschat_room", name="lobby", check=True))
        assert emulator.writes() == []


class TestUnknownArns:
    @pytest.mark.parametrize(("kind", "arn"), [("room", UNKNOWN_ROOM), ("logging_configuration", UNKNOWN_LOGGING)])
    def test_present(self, run, calls, kind, arn):
        declare = partial(run, f"ivschat_{kind}", arn=arn, name="hall", wait=False)
        message = failure_message(declare())
        assert message.startswith(f"arn: there is no {kind.replace('_', ' ')} {arn}, and an ARN cannot be created")
        predicted = prediction(declare(check=True), would_fail(message))
        assert predicted["changed"] and (predicted[kind]["arn"], predicted[kind]["name"]) == (arn, "hall")
        assert [call for call in calls() if not call.startswith("Get")] == []

    @pytest.mark.parametrize("existing", [False, True])
    def test_logging_configurations_of_a_room(self, room, chat, bucket, calls, existing, clock):
        known = create_logging_configuration(chat, "archive")
        if existing:
            room(name="lobby")
        calls()
        declare = partial(room, name="lobby", **{IDENTIFIERS: [UNKNOWN_LOGGING, known]})
        said = would_fail(f"{IDENTIFIERS}: there is no logging configuration {UNKNOWN_LOGGING}")
        predicted = prediction(declare(check=True), said)
        assert predicted["changed"] and predicted["room"][IDENTIFIERS] == sorted([UNKNOWN_LOGGING, known])
        reads = ["ListRooms", *(["GetRoom"] if existing else [])]
        assert calls() == [*reads, "ListLoggingConfigurations"]
        assert "ResourceNotFoundException" in failure_message(declare())
        writes = ["UpdateRoom" if existing else "CreateRoom"] * 5  # it may have been created moments ago
        assert calls() == [*reads, *writes], "a real run leaves it to the service"
        prediction(room(name="lobby", state="absent", check=True, **{IDENTIFIERS: [UNKNOWN_LOGGING]}))
        assert calls() == reads

    def test_a_logging_configuration_that_is_being_deleted(self, room, chat, bucket, emulator):
        arn = create_logging_configuration(chat, "archive")
        emulator.set(transitions={"reads": 20})
        chat.delete_logging_configuration(identifier=arn)
        said = would_fail(f"{IDENTIFIERS}: there is no logging configuration {arn}")
        assert prediction(room(name="lobby", check=True, **{IDENTIFIERS: [arn]}), said)["changed"]

    def test_logging_configurations_of_a_stack(self, stack, chat, bucket, calls):
        known = create_logging_configuration(chat, "archive")
        chat.create_room(name="old", tags=MEMBER)
        rooms = [{"name": name} for name in ("old", "new", "newer")]
        rooms[1]["logging_configurations"] = [known]
        declare = partial(stack, room_defaults={"logging_configurations": [UNKNOWN_LOGGING]}, rooms=rooms)
        said = (
            f"rooms[0].logging_configurations, rooms[2].logging_configurations: there is no logging configuration "
            f"{UNKNOWN_LOGGING}"
        )
        calls()
        assert prediction(declare(check=True), would_fail(said))["changed"]
        assert calls() == ["ListRooms", "ListLoggingConfigurations"]
        assert "ResourceNotFoundException" in failure_message(declare())

    @messaging("room_arn", "rooms")
    def test_messages(self, run, emulator, module, way):
        rooms = {way: [UNKNOWN_ROOM] if way == "rooms" else UNKNOWN_ROOM}
        predicted = run(module, check=True, **rooms, **MESSAGING[module])
        prediction(predicted, would_fail(f"there is no room {UNKNOWN_ROOM}"))
        assert predicted["changed"] and emulator.writes() == []
        assert predicted.get("room_arn", UNKNOWN_ROOM) == UNKNOWN_ROOM
        assert [room["error"] for room in predicted.get("rooms", [])] == [None] * (
            way == "rooms" or "rooms" in predicted
        )
        real = run(module, **rooms, **MESSAGING[module])
        assert real["failed"] and "ResourceNotFoundException" in real["msg"]


class TestTeardown:
    @pytest.fixture
    def used(self, run, room, bucket):
        """A logging configuration that four rooms use, and their ARNs."""
        created = run("ivschat_logging_configuration", name="archive", destination_configuration=bucket)
        users = [room(name=name, **{IDENTIFIERS: ["archive"]})["room"]["arn"] for name in ("a", "b", "c", "d")]
        return created["logging_configuration"]["arn"], users

    def test_a_logging_configuration_in_use(self, logging, used, emulator):
        declare = partial(logging, name="archive", state="absent", diff=True)
        emulator.forget_calls()
        message = failure_message(declare())
        assert "because 4 room(s) use it" in message and all(arn in message for arn in used[1])
        predicted = prediction(declare(check=True), would_fail(message))
        assert predicted["changed"] and predicted["logging_configuration"] is None and emulator.writes() == []
        assert predicted["detached_rooms"] == [] and predicted["diff"]["before"]["name"] == "archive"

    def test_with_force_nothing_is_refused(self, logging, used):
        predicted = prediction(logging(name="archive", state="absent", force=True, check=True))
        assert sorted(predicted["detached_rooms"]) == sorted(used[1])


def test_check_mode_of_many_rooms_keeps_to_the_quota(run, chat, emulator):
    """A room that is specified by its ARN is looked up with GetRoom, which the service allows 5 times a second."""
    arns = [chat.create_room()["arn"] for _number in range(12)]
    emulator.set(quotas={"GetRoom": 5})
    emulator.forget_calls()
    assert prediction(run("ivschat_event", rooms=arns, event_name="e", check=True))["changed"]
    assert [call["error"] for call in emulator.calls()] == [None] * 12
