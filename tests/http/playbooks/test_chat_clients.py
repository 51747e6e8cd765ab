# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""What playbooks do to chat clients: they talk while playbooks change their rooms."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial

import pytest
from websockets.exceptions import InvalidStatus

from emulator.tests.chat import burst
from emulator.tests.destinations import GROUP, STREAM, Destinations
from tests.support.playbooks import changed_tasks

SMILE = "\U0001f600"  # One code point, two UTF-16 units, four bytes.


@pytest.fixture(autouse=True)
def patient(emulator):
    """The busiest machine has time for a review, and clients may talk as fast as their room lets them."""
    emulator.set(review_timeout=20, messaging_limits={"requests_per_connection": None})


@pytest.fixture
def destinations(clients):
    return Destinations(clients)


@pytest.fixture
def stored(emulator, destinations):
    """stored(room): the frames of a room that each destination holds, by ID; Firehose keeps those of all rooms."""

    def read(room):
        emulator.flush_logs()
        records = {
            "s3": destinations.s3(room.room),
            "cloud_watch_logs": destinations.cloud_watch(room.room),
            "firehose": [json.loads(line) for line in destinations.firehose().splitlines()],
        }
        return {kind: {record["payload"]["Id"]: record["payload"] for record in held} for kind, held in records.items()}

    return read


def say(speaker, content, *listeners):
    """Send a message, which everybody must receive; its frame."""
    frame = speaker.ask("SEND_MESSAGE", Content=content)
    assert (frame["Type"], frame.get("Content")) == ("MESSAGE", content)
    for listener in listeners:
        assert listener.receive() == frame
    return frame


def by_id(frames):
    return {frame["Id"]: frame for frame in frames}


LIMITS = """
- name: Manage the lobby
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Create or update the lobby
      aws_ivs.chat.ivschat_room:
        name: lobby
        maximum_message_length: "{{ length }}"
        maximum_message_rate_per_second: "{{ rate }}"
"""


def test_limits_apply_to_connected_clients(playbook, enter, emulator):
    playbook(LIMITS, variables={"length": 20, "rate": 100})
    lobby = enter("lobby")
    ann, bob = lobby.join("ann"), lobby.join("bob")

    def assert_longest_message(length):
        say(ann, SMILE * length, bob)
        refusal = ann.ask("SEND_MESSAGE", Content=SMILE * (length + 1))
        assert (refusal["ErrorCode"], refusal["ErrorMessage"]) == (400, f"Messages must be less than {length} chars")

    def accepted_of_20():
        accepted, seconds = burst([ann], 20, "SEND_MESSAGE", Content="x")
        mark, heard = lobby.mark(), 0
        while bob.receive()["Id"] != mark:
            heard += 1
        assert ann.receive()["Id"] == mark and heard == accepted
        return accepted, seconds

    assert_longest_message(20)
    assert accepted_of_20()[0] == 20
    connected = emulator.connections()
    playbook(LIMITS, variables={"length": 5, "rate": 2})
    assert_longest_message(5)
    accepted, seconds = accepted_of_20()
    assert accepted <= 2 * (1 + seconds)
    assert emulator.connections() == connected


MODERATION = """
- name: Moderate the rooms of a stream
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Find the lobby
      aws_ivs.chat.ivschat_room_info:
        name: lobby
      register: lobby
    - name: Warn everybody in two rooms
      aws_ivs.chat.ivschat_event:
        rooms: ["{{ lobby.rooms[0].arn }}", hall]
        event_name: warning
        attributes:
          text: Be kind
          level: 2
      register: warned
    - name: Delete a message
      aws_ivs.chat.ivschat_message:
        room_arn: "{{ lobby.rooms[0].arn }}"
        id: "{{ message }}"
        reason: Insult
      register: deleted
    - name: Disconnect its author from the same rooms
      aws_ivs.chat.ivschat_user:
        rooms: "{{ warned.rooms | map(attribute='arn') | list }}"
        user_id: troll
        reason: Insults
    - name: Save the IDs
      ansible.builtin.copy:
        content: "{{ {'warned': warned.rooms, 'deleted': deleted.rooms} | to_json }}"
        dest: saved.json
        mode: "0600"
"""


def test_events_deletions_and_disconnections(playbook, enter, emulator, room_arns, tmp_path):
    lobby, hall, stage = map(enter, room_arns)
    ann, trolls = lobby.join("ann"), [lobby.join("troll"), lobby.join("troll")]
    elsewhere, unaffected = hall.join("troll"), stage.join("troll")
    insult, unused = say(trolls[0], "!!!", ann, trolls[1]), hall.token("troll")
    playbook(MODERATION, variables={"message": insult["Id"]})
    saved = json.loads((tmp_path / "saved.json").read_text())
    ids = [sent["id"] for sent in saved["warned"]]

    def told(client):
        frames = [client.receive()]
        while frames[-1]["EventName"] != "aws:DISCONNECT_USER":
            frames.append(client.receive())
        return [(frame["EventName"], frame["Attributes"]) for frame in frames], by_id(frames)

    warning = ("warning", {"text": "Be kind", "level": "2"})
    disconnection = ("aws:DISCONNECT_USER", {"Reason": "Insults", "UserId": "troll"})
    deletion = {"MessageID": insult["Id"], "MessageId": insult["Id"], "Reason": "Insult"}
    for client in (ann, *trolls):
        events, frames = told(client)
        assert events == [warning, ("aws:DELETE_MESSAGE", deletion), disconnection]
        assert list(frames)[:2] == [ids[0], saved["deleted"][0]["operation_id"]]
    events, frames = told(elsewhere)
    assert events == [warning, disconnection] and list(frames)[0] == ids[1]
    assert [client.close_code() for client in (*trolls, elsewhere)] == [1000] * 3
    say(unaffected, "still here")
    say(ann, "still here")
    assert {connection["roomArn"] for connection in emulator.connections(userId="troll")} == {stage.room}
    say(hall.connect(unused), "A token that has not been used connects again")


TOKENS = """
- name: Let users into the lobby
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Create the lobby
      aws_ivs.chat.ivschat_room:
        name: lobby
      register: lobby
    - name: Create a moderator's token
      aws_ivs.chat.ivschat_chat_token:
        room_arn: "{{ lobby.room.arn }}"
        user_id: mod
        capabilities: [SEND_MESSAGE, DELETE_MESSAGE, DISCONNECT_USER]
        attributes: {role: moderator}
        session_duration: 5
      register: moderator
      no_log: true
    - name: Hand out the tokens
      ansible.builtin.copy:
        content: "{{ [moderator.token, speaker, reader] | to_json }}"
        dest: tokens.json
        mode: "0600"
      no_log: true
      vars:
        speaker: >-
          {{ lookup('aws_ivs.chat.chat_token', 'ann', room_arn=lobby.room.arn, capabilities=['SEND_MESSAGE'],
             attributes={'level': 3, 'vip': true}, session_duration=180) }}
        reader: "{{ lookup('aws_ivs.chat.chat_token', 'eve', room_name=lobby.room.name) }}"
"""


def test_tokens_of_module_and_lookup(playbook, enter, emulator, tmp_path):
    playbook(TOKENS)
    tokens = json.loads((tmp_path / "tokens.json").read_text())
    lobby = enter("lobby")
    mod, ann, eve = everybody = [lobby.connect(token) for token in tokens]
    frame = say(ann, "hello", mod, eve)
    assert frame["Sender"] == {"UserId": "ann", "Attributes": {"level": "3", "vip": "True"}}
    assert say(mod, "hi", ann, eve)["Sender"] == {"UserId": "mod", "Attributes": {"role": "moderator"}}
    # What a capability allows.
    members = {"Content": "x", "Id": frame["Id"], "UserId": "ann"}
    for action in ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"):
        assert eve.refused(action, **members) == 403
    for action in ("DELETE_MESSAGE", "DISCONNECT_USER"):
        assert ann.refused(action, **members) == 403
    assert mod.ask("DELETE_MESSAGE", **members)["EventName"] == "aws:DELETE_MESSAGE"
    # How long a session lasts: as many minutes as asked for, from the creation of the token.
    minutes = {}
    for connection in emulator.connections():
        end, start = (datetime.fromisoformat(connection[f"{name}Time"]) for name in ("sessionExpiration", "connect"))
        minutes[connection["userId"]] = (end - start) / timedelta(minutes=1)
    assert set(minutes) == {"mod", "ann", "eve"}
    for user, duration in {"mod": 5, "ann": 180, "eve": 60}.items():
        assert duration - 1 < minutes[user] <= duration
    # A token connects once.
    for token in tokens:
        with pytest.raises(InvalidStatus, match="403"):
            lobby.connect(token)
    mod.ask("DISCONNECT_USER", **members)
    assert ann.close_code() == 1000
    assert len(emulator.connections()) == len(everybody) - 1


def test_the_end_of_a_session(run, enter, emulator, room_arns):
    emulator.set(session_minute=0.1)
    create = partial(run, "ivschat_chat_token", room_name="lobby")
    lobby = enter("lobby")
    lasting = lobby.connect(create(user_id="ann", session_duration=180)["token"])
    ended = lobby.connect(create(user_id="bob", session_duration=1)["token"])
    assert ended.receive()["ErrorCode"] == 401
    assert ended.close_code() == 1000
    mark = lobby.mark()
    assert lasting.receive()["Id"] == mark


LOGGED = f"""
- name: Store the messages of the lobby
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Create the logging configurations
      aws_ivs.chat.ivschat_logging_configuration:
        name: "{{{{ item.key }}}}"
        destination_configuration: "{{{{ item.value }}}}"
      loop: "{{{{ destinations | dict2items }}}}"
      register: configurations
      vars:
        destinations:
          archive: {{s3: {{bucket_name: chat-logs}}}}
          watch: {{cloud_watch_logs: {{log_group_name: {GROUP}}}}}
          analysis: {{firehose: {{delivery_stream_name: {STREAM}}}}}
    - name: Create the lobby
      aws_ivs.chat.ivschat_room:
        name: lobby
        maximum_message_length: 20
        logging_configuration_identifiers: >-
          {{{{ configurations.results | map(attribute='logging_configuration.arn') | list }}}}
"""
LESS_LOGGED = """
- name: Store the messages of the lobby in the bucket only
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Detach the log group
      aws_ivs.chat.ivschat_room:
        name: lobby
        logging_configuration_identifiers: [archive, analysis]
    - name: Delete the logging configuration of the delivery stream, although the lobby uses it
      aws_ivs.chat.ivschat_logging_configuration:
        name: analysis
        state: absent
        force: true
      register: deleted
    - name: Announce it in the rooms that it was detached from
      aws_ivs.chat.ivschat_event:
        rooms: "{{ deleted.detached_rooms }}"
        event_name: detached
"""


def test_what_destinations_hold(playbook, enter, stored):
    playbook(LOGGED)
    lobby = enter("lobby")
    ann, bob = lobby.join("ann"), lobby.join("bob")
    frames = [say(ann, f"one {SMILE}", bob), say(bob, "two", ann), ann.ask("DELETE_MESSAGE", Id="a" * 12)]
    assert ann.refused("SEND_MESSAGE", Content="x" * 21) == 400
    assert bob.receive() == frames[-1]
    kept = by_id(frames)
    assert stored(lobby) == {"s3": kept, "cloud_watch_logs": kept, "firehose": kept}
    playbook(LESS_LOGGED)
    frames += [ann.receive(), say(ann, "three")]
    assert frames[-2]["EventName"] == "detached"
    assert stored(lobby) == {"s3": by_id(frames), "cloud_watch_logs": kept, "firehose": kept}


STACK = f"""
- name: Manage the chat of a conference
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Manage logging configurations and rooms
      aws_ivs.chat.ivschat_stack:
        name: conference
        logging_configurations:
          - name: archive
            destination_configuration: {{s3: {{bucket_name: chat-logs}}}}
          - name: watch
            destination_configuration: {{cloud_watch_logs: {{log_group_name: {GROUP}}}}}
        room_defaults:
          logging_configurations: [archive, watch]
        rooms: "{{{{ rooms }}}}"
        prune: true
"""


def test_a_stack_that_changes_under_its_clients(playbook, enter, emulator, stored):
    rooms = [{"name": "lobby"}, {"name": "hall", "logging_configurations": ["watch"]}]
    playbook(STACK, variables={"rooms": rooms})
    lobby, hall = enter("lobby"), enter("hall")
    ann, bob = lobby.join("ann"), hall.join("bob")
    in_lobby, in_hall = [say(ann, "one")], [say(bob, "one")]
    connected = emulator.connections()

    # A run that changes nothing is not noticed.
    assert changed_tasks(playbook(STACK, variables={"rooms": rooms}).stdout) == 0
    in_lobby.append(say(ann, "two"))
    in_hall.append(say(bob, "two"))
    assert emulator.connections() == connected

    # One room is renamed, and its log goes on, but no longer in the bucket; the other is deleted.
    in_bucket = by_id(in_lobby)
    foyer = {"name": "foyer", "previous_name": "lobby", "logging_configurations": ["watch"]}
    playbook(STACK, variables={"rooms": [foyer]})
    in_lobby.append(say(ann, "three"))
    assert bob.refused("SEND_MESSAGE", Content="three") == 404
    assert emulator.connections() == connected
    assert stored(lobby) == {"s3": in_bucket, "cloud_watch_logs": by_id(in_lobby), "firehose": {}}
    assert stored(hall) == {"s3": {}, "cloud_watch_logs": by_id(in_hall), "firehose": {}}


RENAME = """
- name: Rename the lobby
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Find the lobby
      aws_ivs.chat.ivschat_room_info:
        name: lobby
      register: found
    - name: Rename it
      aws_ivs.chat.ivschat_room:
        arn: "{{ found.rooms[0].arn }}"
        name: foyer
"""
DELETE = """
- name: Close the foyer
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Disconnect the users who must not stay
      aws_ivs.chat.ivschat_user:
        room_name: foyer
        user_id: "{{ item }}"
        reason: The foyer is closed
      loop: [ann]
    - name: Delete the foyer
      aws_ivs.chat.ivschat_room:
        name: foyer
        state: absent
"""


def test_a_room_that_is_renamed_and_deleted(playbook, enter, emulator, room_arns):
    """Whether a deletion alone ends connections is a setting of the emulator; the stack above does without."""
    emulator.set(delete_room_disconnects=True)
    lobby = enter("lobby")
    ann, bob = lobby.join("ann"), lobby.join("bob")
    connected = emulator.connections()
    playbook(RENAME)
    say(ann, "hello", bob)
    assert emulator.connections() == connected
    playbook(DELETE)
    assert ann.receive()["Attributes"] == {"Reason": "The foyer is closed", "UserId": "ann"}
    assert [client.close_code() for client in (ann, bob)] == [1000, 1000]


REVIEW = """
def handler(event, context):
    content = event["Content"]
    if content == "crash":
        raise ValueError(content)
    if content == "rude":
        return {"ReviewResult": "DENY", "Content": content, "Attributes": {"Reason": "Mind your language"}}
    return {"ReviewResult": "ALLOW", "Content": content.replace("damn", "****")}
"""
DENY = """
def handler(event, context):
    return {"ReviewResult": "DENY", "Content": ""}
"""
DENIED = (406, "The message was rejected")
REVIEWED = {"damn!": "****!", "rude": (406, "Mind your language")}


def outcomes(speaker, listener):
    """What becomes of messages: the content that everybody receives, or the error that the sender receives."""
    seen = {}
    for content in ("damn!", "rude", "crash"):
        frame = speaker.ask("SEND_MESSAGE", Content=content)
        if frame["Type"] == "ERROR":
            seen[content] = frame["ErrorCode"], frame["ErrorMessage"]
        else:
            seen[content] = frame["Content"]
            assert listener.receive() == frame
    return seen


HANDLER = """
- name: Manage the review of messages
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Set the review handler of the lobby
      aws_ivs.chat.ivschat_room:
        name: lobby
        message_review_handler: "{{ handler }}"
"""


def test_review_handlers_apply_from_the_next_message_on(playbook, enter, function, room_arns):
    lobby = enter("lobby")
    ann, bob = lobby.join("ann"), lobby.join("bob")
    plain = {content: content for content in ("damn!", "rude", "crash")}
    assert outcomes(ann, bob) == plain
    for handler, expected in (
        ({"uri": function(code=REVIEW), "fallback_result": "ALLOW"}, {**REVIEWED, "crash": "crash"}),
        ({"fallback_result": "DENY"}, {**REVIEWED, "crash": DENIED}),
        ({"uri": function("deny", code=DENY)}, dict.fromkeys(plain, DENIED)),
        ({"uri": ""}, plain),
    ):
        playbook(HANDLER, variables={"handler": handler})
        assert outcomes(ann, bob) == expected, handler


ROLE = f"""
- name: Create a chat
  hosts: localhost
  gather_facts: false
  roles:
    - role: aws_ivs.chat.live_chat
      vars:
        live_chat_name: conference
        live_chat_bucket: chat-logs
        live_chat_log_group: {GROUP}
        live_chat_delivery_stream: {STREAM}
        live_chat_review_function: "{{{{ review }}}}"
        live_chat_review_fallback: DENY
        live_chat_rooms:
          - name: keynote
            maximum_message_rate_per_second: 50
          - name: hallway
            logging_configurations: [conference-logs]
            message_review_handler: {{uri: ""}}
"""


def test_a_chat_made_by_the_role_live_chat(playbook, enter, function, stored):
    playbook(ROLE, variables={"review": function(allowed=False, code=REVIEW)})
    keynote, hallway = enter("keynote"), enter("hallway")
    ann, bob = keynote.join("ann"), keynote.join("bob")
    assert outcomes(ann, bob) == {**REVIEWED, "crash": DENIED}
    say(ann, "one", bob)
    assert [[frame["Content"] for frame in held.values()] for held in stored(keynote).values()] == [
        ["****!", "one"]
    ] * 3
    eve = hallway.join("eve")
    kept = by_id([say(eve, "rude"), say(eve, "crash")])
    assert stored(hallway).items() >= {"s3": {}, "cloud_watch_logs": kept}.items()
