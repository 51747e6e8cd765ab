# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The _info modules: every filter, and the same values as the main modules."""

from __future__ import annotations

import pytest

from tests.support.environment import UNKNOWN_LOGGING, UNKNOWN_ROOM
from tests.support.harness import failure_message, warnings_of
from tests.support.service import API_DESTINATION, create_logging_configuration


def test_nothing_there(room_info, logging_info):
    assert room_info() == [] and logging_info() == []
    assert room_info(name="lobby", tags={"k": "v"}) == []
    assert logging_info(name="archive", tags={"k": "v"}) == []
    assert room_info(arns=[UNKNOWN_ROOM]) == [] and logging_info(arns=[UNKNOWN_LOGGING]) == []


@pytest.mark.parametrize("module", ["ivschat_room_info", "ivschat_logging_configuration_info"])
def test_check_mode_is_no_different(run, room, logging, bucket, module):
    room(name="lobby")
    logging(name="archive", destination_configuration=bucket)
    result = run(module)
    assert result == run(module, check=True) and any(
        result[key] for key in ("rooms", "logging_configurations") if key in result
    )


class TestRooms:
    @pytest.fixture
    def resources(self, chat, bucket, function, room):
        """Rooms by a nick name, as ivschat_room returns them; with the function and the logging configuration."""
        archive = create_logging_configuration(chat, "archive")
        uri = function()
        arn = chat.create_room(name="lobby", tags={"Stream": "main"})["arn"]
        created = {
            "full": room(
                name="lobby",
                maximum_message_length=7,
                maximum_message_rate_per_second=3,
                message_review_handler={"uri": uri, "fallback_result": "DENY"},
                logging_configuration_identifiers=[archive],
                tags={"Stream": "main", "n": 1},
                arn=arn,
            ),
            "logged": room(name="hall", logging_configuration_identifiers=[archive], tags={"Stream": "side"}),
            "bare": room(arn=chat.create_room()["arn"]),
            "same name": room(arn=chat.create_room(name="lobby")["arn"]),
        }
        return {nick: result["room"] for nick, result in created.items()}, uri, archive

    # The resources take longer to create than a question to ask, so one test asks them all.
    FILTERS = [
        ({}, ["full", "logged", "bare", "same name"]),
        ({"name": "lobby"}, ["full", "same name"]),
        ({"name": "Lobby"}, []),
        ({"name": ""}, ["bare"]),
        ({"message_review_handler_uri": "URI"}, ["full"]),
        ({"message_review_handler_uri": ""}, ["logged", "bare", "same name"]),
        ({"logging_configuration_identifier": "ARCHIVE"}, ["full", "logged"]),
        ({"logging_configuration_identifier": "archive"}, ["full", "logged"]),
        ({"logging_configuration_identifier": UNKNOWN_LOGGING}, []),
        ({"tags": {"Stream": "main"}}, ["full"]),
        ({"tags": {"n": 1}}, ["full"]),
        ({"tags": {"stream": "main"}}, []),
        ({"tags": {}}, ["full", "logged", "bare", "same name"]),
        ({"name": "lobby", "message_review_handler_uri": ""}, ["same name"]),
        ({"name": "lobby", "tags": {"Stream": "side"}}, []),
        ({"logging_configuration_identifier": "archive", "name": "hall"}, ["logged"]),
        ({"arns": []}, []),
        ({"arns": [UNKNOWN_ROOM, "same name", "bare", "same name"]}, ["same name", "bare"]),
        ({"arns": ["full", "logged"], "name": "hall"}, ["logged"]),
        ({"arns": ["full", "same name"], "message_review_handler_uri": "URI"}, ["full"]),
        ({"arns": ["full", "same name"], "tags": {"Stream": "main"}}, ["full"]),
    ]

    def test_filters(self, room_info, resources, emulator):
        rooms, uri, archive = resources
        values = {"URI": uri, "ARCHIVE": archive, **{nick: room["arn"] for nick, room in rooms.items()}}
        unknown = dict.fromkeys(("maximum_message_length", "maximum_message_rate_per_second"))

        def in_order(found):
            return sorted(found, key=lambda room: room["arn"])

        for declared, expected in self.FILTERS:
            options = {
                key: [values.get(entry, entry) for entry in value] if key == "arns" else values.get(str(value), value)
                for key, value in declared.items()
            }
            whole = [rooms[nick] for nick in expected]
            assert in_order(room_info(**options)) == in_order(whole), declared
            emulator.forget_calls()
            bare = room_info(**options, include_details=False)
            assert in_order(bare) == in_order({**room, **unknown} for room in whole), declared
            assert emulator.calls("GetRoom") == []

    def test_filters_of_the_service_are_used(self, room_info, resources, emulator):
        _rooms, uri, archive = resources
        emulator.forget_calls()
        filters = {"name": "lobby", "message_review_handler_uri": uri, "logging_configuration_identifier": archive}
        room_info(**filters)
        sent = {"name": "lobby", "messageReviewHandlerUri": uri, "loggingConfigurationIdentifier": archive}
        assert [call["parameters"] for call in emulator.calls("ListRooms")] == [sent]
        assert len(emulator.calls("GetRoom")) == 1, "for the one that matches"

    @pytest.mark.parametrize("check", [False, True])
    def test_unknown_name_of_a_logging_configuration(self, run, resources, check):
        result = run("ivschat_room_info", logging_configuration_identifier="nope", check=check)
        assert result["rooms"] == [] and warnings_of(result) == []

    @pytest.mark.usefixtures("settled_duplicates")
    def test_a_name_that_many_logging_configurations_have(self, run, resources, chat):
        create_logging_configuration(chat, "archive")
        message = failure_message(run("ivschat_room_info", logging_configuration_identifier="archive"))
        assert message.startswith("logging_configuration_identifier: 2 logging configurations are named 'archive'; ")

    def test_a_logging_configuration_that_is_neither_an_arn_nor_a_name(self, run, calls):
        for bad in ("", "a b"):
            message = failure_message(run("ivschat_room_info", logging_configuration_identifier=bad))
            assert message.startswith(f"logging_configuration_identifier: {bad!r} is not valid: it must be the ARN or")
        assert calls() == []

    def test_a_room_that_is_deleted_while_we_look(self, room_info, resources, emulator, monkeypatch):
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._identity.LOOK_AGAIN", 0)
        emulator.fault("GetRoom", "ResourceNotFoundException")
        assert len(room_info()) == 3

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_pages(self, room_info, chat, emulator, size):
        created = {chat.create_room(name="lobby")["arn"] for _number in range(4)}
        emulator.set(page_size=size)
        emulator.forget_calls()
        assert {room["arn"] for room in room_info(name="lobby", include_details=False)} == created
        pages = emulator.calls("ListRooms")
        assert len(pages) == -(-4 // size) + 1 and all(call["parameters"]["name"] == "lobby" for call in pages)


class TestLoggingConfigurations:
    @pytest.fixture
    def resources(self, chat, destinations, logging):
        """Logging configurations by a nick name, as ivschat_logging_configuration returns them."""
        created = {
            "bucket": logging(
                name="archive", destination_configuration=destinations["s3"], tags={"Keep": "90", "n": 1}
            ),
            "group": logging(name="live", destination_configuration=destinations["cloud_watch_logs"]),
        }
        nameless = chat.create_logging_configuration(destinationConfiguration=API_DESTINATION)["arn"]
        firehose = destinations["firehose"]
        created["stream"] = logging(arn=nameless, destination_configuration=firehose, tags={"Keep": "1"})
        created["same name"] = logging(arn=create_logging_configuration(chat, "archive"))
        return {nick: result["logging_configuration"] for nick, result in created.items()}

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, ["bucket", "group", "stream", "same name"]),
            ({"name": "archive"}, ["bucket", "same name"]),
            ({"name": "arch"}, []),
            ({"name": ""}, ["stream"]),
            ({"tags": {"Keep": 90}}, ["bucket"]),
            ({"tags": {"keep": "90"}}, []),
            ({"name": "archive", "tags": {"n": "1"}}, ["bucket"]),
            ({"arns": []}, []),
            ({"arns": [UNKNOWN_LOGGING, "same name", "group", "same name"]}, ["same name", "group"]),
            ({"arns": ["same name", "group"], "name": "archive"}, ["same name"]),
        ],
    )
    def test_filters(self, logging_info, resources, options, expected):
        if "arns" in options:
            arns = [resources[nick]["arn"] if nick in resources else nick for nick in options["arns"]]
            options = {**options, "arns": arns}

        def in_order(found):
            return sorted(found, key=lambda configuration: configuration["arn"])

        assert in_order(logging_info(**options)) == in_order(resources[nick] for nick in expected)

    def test_pages(self, logging_info, resources, emulator):
        emulator.set(page_size=1)
        emulator.forget_calls()
        assert len(logging_info()) == 4 and len(emulator.calls("ListLoggingConfigurations")) == 4 + 1

    def test_state_is_shown(self, logging_info, bucket, logging, emulator):
        emulator.set(transitions={"reads": 9})
        logging(name="archive", destination_configuration=bucket)
        assert [configuration["state"] for configuration in logging_info()] == ["CREATING"]


@pytest.mark.parametrize("size", [1, 2])
def test_main_modules_read_all_pages(room, logging, bucket, chat, emulator, size):
    oldest, first = create_logging_configuration(chat, "oldest"), chat.create_room(name="lobby")["arn"]
    for number in range(3):
        chat.create_room(name=f"other-{number}")
        create_logging_configuration(chat, f"other-{number}")
    emulator.set(page_size=size)
    assert logging(name="oldest")["logging_configuration"]["arn"] == oldest
    result = room(name="lobby", logging_configuration_identifiers=["oldest"])["room"]
    assert (result["arn"], result["logging_configuration_identifiers"]) == (first, [oldest])
    for _number in range(3):
        room(arn=chat.create_room()["arn"], logging_configuration_identifiers=[oldest])
    assert "4 room(s) use it" in failure_message(logging(arn=oldest, state="absent"))
