# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ivschat_chat_token, ivschat_event, ivschat_message, ivschat_user; the lookup, the role and the runbook."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import partial

import pytest

from .conftest import ACCOUNT, REGION, refusal
from .harness import CREDENTIALS
from .iam import keys_of_new_user, policy
from .playbooks import ROOT, on_localhost, play

UNKNOWN = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:room/AbCdEf123456"
MESSAGE = "abcdefGHI123"

# What each module is given at least, the operation, and its parameters besides the room.
WRITERS = {
    "ivschat_event": ({"event_name": "notice"}, "SendEvent", {"eventName": "notice"}),
    "ivschat_message": ({"id": MESSAGE}, "DeleteMessage", {"id": MESSAGE}),
    "ivschat_user": ({"user_id": "ada"}, "DisconnectUser", {"userId": "ada"}),
}
MODULES = {**{name: options for name, (options, *_rest) in WRITERS.items()}, "ivschat_chat_token": {"user_id": "ada"}}
# Keys of a result besides room, arn and error.
ANSWERS = {"ivschat_event": "id", "ivschat_message": "operation_id", "ivschat_user": None}

writers = pytest.mark.parametrize("module", WRITERS)
modules = pytest.mark.parametrize("module", MODULES)
in_both_modes = pytest.mark.parametrize("check", [True, False])


@pytest.fixture
def rooms(clients):
    """ARNs of three rooms, by their names."""
    return {name: clients().create_room(name=name)["arn"] for name in ("lobby", "hall", "stage")}


@pytest.fixture
def sent(emulator):
    """sent(): the writes since the rooms were made, as (operation, parameters)."""
    return lambda: [
        (call["operation"], call["parameters"]) for call in emulator.writes() if call["operation"] != "CreateRoom"
    ]


class TestToken:
    WISHES = {
        "capabilities": ["SEND_MESSAGE", "DELETE_MESSAGE"],
        "session_duration": 180,
        "attributes": {"name": "Ada ✓", "level": 7, "vip": True},
    }

    @pytest.fixture
    def token(self, run):
        return partial(run, "ivschat_chat_token", user_id="ada")

    def test_by_name(self, token, rooms, emulator, calls):
        calls()
        made = token(room_name="lobby", **self.WISHES)
        assert calls() == ["ListRooms", "CreateChatToken"]
        assert made["changed"] is True and made["room_arn"] == rooms["lobby"]
        made_for = emulator.verify_token(made["token"])
        assert made_for["roomArn"] == rooms["lobby"] and made_for["userId"] == "ada"
        assert made_for["capabilities"] == self.WISHES["capabilities"]
        assert made_for["attributes"] == {"name": "Ada ✓", "level": "7", "vip": "True"}
        start, end = (datetime.fromisoformat(made[f"{kind}_expiration_time"]) for kind in ("token", "session"))
        assert start.tzinfo and end - start == timedelta(minutes=179)
        assert made["token_expiration_time"] in made["msg"] and made["token"] not in made["msg"]

    def test_by_arn_with_what_the_service_takes(self, token, rooms, calls, emulator):
        calls()
        made = token(room_arn=rooms["hall"])
        assert emulator.calls()[0]["parameters"] == {"roomIdentifier": rooms["hall"], "userId": "ada"}
        assert calls() == ["CreateChatToken"]
        assert emulator.verify_token(made["token"])["capabilities"] == []
        assert token(room_arn=rooms["hall"])["token"] != made["token"]

    @pytest.mark.parametrize(("by", "looks"), [("room_name", "ListRooms"), ("room_arn", "GetRoom")])
    def test_check_mode_makes_none_and_says_so(self, token, rooms, calls, by, looks):
        room = {by: "lobby" if by == "room_name" else rooms["lobby"]}
        calls()
        foretold = token(**room, **self.WISHES, check=True)
        assert calls() == [looks]
        assert [foretold[key] for key in ("token", "token_expiration_time", "session_expiration_time")] == [None] * 3
        assert "Check mode creates no token" in foretold["msg"]
        real = token(**room, **self.WISHES)
        assert set(foretold) == set(real) and foretold["changed"] is real["changed"]

    def test_a_token_that_ended_unclear_is_made_again(self, token, rooms, emulator):
        emulator.fault("CreateChatToken", "ConnectionReset", when="after")
        assert emulator.verify_token(token(room_arn=rooms["lobby"])["token"])

    def test_no_such_room(self, token, sent):
        assert "ResourceNotFoundException" in refusal(token(room_arn=UNKNOWN))
        assert len(sent()) == 1


class TestRooms:
    @writers
    @pytest.mark.parametrize("by", ["room_name", "room_arn"])
    def test_one_room(self, run, rooms, sent, module, by):
        options, operation, parameters = WRITERS[module]
        room = "lobby" if by == "room_name" else rooms["lobby"]
        result = run(module, **{by: room}, **options)
        assert sent() == [(operation, {"roomIdentifier": rooms["lobby"], **parameters})]
        (entry,) = result["rooms"]
        answer = ANSWERS[module]
        assert result["changed"] is True and entry["error"] is None
        assert (entry["room"], entry["arn"]) == (room, rooms["lobby"])
        assert set(entry) == {"room", "arn", "error", *filter(None, [answer])}
        assert not answer or re.fullmatch("[a-zA-Z0-9]{12}", entry[answer])

    @writers
    def test_many_rooms_with_one_listing(self, run, rooms, calls, sent, module):
        options, operation, _parameters = WRITERS[module]
        calls()
        given = ["stage", rooms["hall"], "lobby"]
        result = run(module, rooms=given, **options)
        assert [entry["room"] for entry in result["rooms"]] == given
        assert [entry["arn"] for entry in result["rooms"]] == [rooms[name] for name in ("stage", "hall", "lobby")]
        assert [parameters["roomIdentifier"] for _operation, parameters in sent()] == [
            entry["arn"] for entry in result["rooms"]
        ]
        assert calls() == ["ListRooms", *[operation] * 3]

    @writers
    def test_no_rooms(self, run, rooms, calls, module):
        calls()
        result = run(module, rooms=[], **MODULES[module])
        assert (result["changed"], result["rooms"], calls()) == (False, [], [])

    def test_many_pages(self, run, rooms, emulator, sent):
        emulator.set(page_size=1)
        run("ivschat_event", rooms=["lobby", "hall"], event_name="notice")
        assert len(sent()) == 2

    @writers
    def test_check_mode_looks_and_writes_nothing(self, run, rooms, calls, sent, module):
        given = {"rooms": ["lobby", rooms["hall"]], **MODULES[module]}
        calls()
        foretold = run(module, check=True, **given)
        assert calls() == ["ListRooms", "GetRoom"]
        real = run(module, **given)
        assert set(foretold) == set(real) and foretold["changed"] is real["changed"] is True
        answer = ANSWERS[module]
        assert foretold["rooms"] == [{**each, **({answer: None} if answer else {})} for each in real["rooms"]]

    @writers
    def test_a_second_run_acts_again(self, run, rooms, sent, module):
        assert [run(module, room_name="lobby", **MODULES[module])["changed"] for _run in range(2)] == [True, True]
        assert len(sent()) == 2

    def test_options_that_need_not_be_given(self, run, rooms, sent):
        run("ivschat_event", room_name="lobby", event_name="e", attributes={"n": 1, "t": False, "": "✓"})
        run("ivschat_message", room_name="lobby", id=MESSAGE, state="absent", reason="Spam ✓")
        run("ivschat_user", room_name="lobby", user_id="ü", state="disconnected", reason="r" * 256)
        room = {"roomIdentifier": rooms["lobby"]}
        assert sent() == [
            ("SendEvent", {**room, "eventName": "e", "attributes": {"n": "1", "t": "False", "": "✓"}}),
            ("DeleteMessage", {**room, "id": MESSAGE, "reason": "Spam ✓"}),
            ("DisconnectUser", {**room, "userId": "ü", "reason": "r" * 256}),
        ]

    def test_paced(self, run, clients, emulator, monkeypatch, sent):
        """The emulator counts as the service does; at a fifth of the real quota the test is short."""
        monkeypatch.setattr("ansible_collections.aws_ivs.chat.plugins.module_utils._messaging.MESSAGING_QUOTA", 20)
        arns = [clients().create_room()["arn"] for _each in range(50)]
        emulator.set(quotas={"SendEvent": 20})
        assert len(run("ivschat_event", rooms=arns, event_name="e")["rooms"]) == 50
        assert {call["error"] for call in emulator.calls("SendEvent")} == {None}

    def test_the_quota_is_that_of_the_service(self):
        from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import MESSAGING_QUOTA

        from ivschat_emulator.settings import REAL_QUOTAS

        assert {REAL_QUOTAS[operation] for _options, operation, _rest in WRITERS.values()} == {MESSAGING_QUOTA}


class TestIdentity:
    """Nothing is done anywhere when it is not clear where."""

    @modules
    def test_unknown_name(self, run, rooms, calls, module):
        calls()
        message = refusal(run(module, room_name="Lobby", **MODULES[module]))
        assert message == "room_name: no room is named 'Lobby'"
        assert calls() == ["ListRooms"]

    @modules
    @in_both_modes
    @pytest.mark.usefixtures("settled_twins")
    def test_ambiguous_name(self, run, rooms, clients, calls, module, check):
        twin = clients().create_room(name="lobby")
        calls()
        message = refusal(run(module, room_name="lobby", check=check, **MODULES[module]))
        assert message.startswith("room_name: 2 rooms are named 'lobby'; specify the ARN of one of them: ")
        assert rooms["lobby"] in message and f"{twin['arn']} (created {twin['createTime'].isoformat()})" in message
        assert calls() == ["ListRooms"]

    @writers
    @pytest.mark.usefixtures("settled_twins")
    def test_all_bad_names_are_told_at_once(self, run, rooms, clients, calls, module):
        clients().create_room(name="hall")
        calls()
        message = refusal(run(module, rooms=["lobby", "nope", "hall", "none"], **MODULES[module]))
        for part in ("no room is named 'nope'", "2 rooms are named 'hall'", "no room is named 'none'"):
            assert f"rooms: {part}" in message
        assert calls() == ["ListRooms"]

    @writers
    def test_one_room_twice(self, run, rooms, calls, module):
        calls()
        message = refusal(run(module, rooms=["lobby", rooms["lobby"]], **MODULES[module]))
        assert message == f"rooms: two entries identify {rooms['lobby']}: specify each room once"
        assert calls() == ["ListRooms"]

    @in_both_modes
    @pytest.mark.parametrize(
        ("module", "rooms_given"),
        [(module, given) for module in MODULES for given in ([], ["room_arn", "room_name"])]
        + [(module, ["room_name", "rooms"]) for module in WRITERS],
    )
    def test_exactly_one_way(self, run, calls, module, rooms_given, check):
        given = {"room_arn": UNKNOWN, "room_name": "lobby", "rooms": ["lobby"]}
        options = {name: given[name] for name in rooms_given}
        message = refusal(run(module, check=check, **options, **MODULES[module]))
        assert ("mutually exclusive" if rooms_given else "one of the following is required") in message
        assert calls() == []


@in_both_modes
@pytest.mark.parametrize(
    ("module", "bad", "said"),
    [
        ("ivschat_chat_token", {"user_id": ""}, "user_id: '' is not valid: it must be 1 to 128 characters"),
        ("ivschat_chat_token", {"session_duration": 181}, "session_duration: 181 is not valid"),
        ("ivschat_chat_token", {"session_duration": 0}, "session_duration: 0 is not valid"),
        ("ivschat_chat_token", {"capabilities": ["READ"]}, "capabilities"),
        ("ivschat_chat_token", {"attributes": {"a": "ü" * 512}}, "attributes: 1025 bytes are too many"),
        ("ivschat_chat_token", {"room_arn": "AbCdEf123456"}, "room_arn: 'AbCdEf123456' is not valid"),
        ("ivschat_event", {"event_name": "e" * 101}, "(101 characters) is not valid: it must be 1 to 100 characters"),
        ("ivschat_event", {"attributes": {"a": None}}, "attributes['a']: null is not valid: it must be a string"),
        ("ivschat_event", {"attributes": {"a": {"b": 1}}}, "attributes['a']: dict is not valid"),
        ("ivschat_event", {"rooms": ["lobby", "lobby"]}, "rooms[1]: 'lobby' is a duplicate"),
        ("ivschat_event", {"rooms": ["a b"]}, "rooms[0]: 'a b' is not valid: it must be the ARN or the name of a room"),
        ("ivschat_message", {"id": "short"}, "id: 'short' is not valid: it must be the ID of a message"),
        ("ivschat_message", {"reason": ""}, "reason: '' is not valid: it must be 1 to 256 characters"),
        ("ivschat_message", {"state": "present"}, "state"),
        ("ivschat_user", {"user_id": "u" * 129}, "(129 characters) is not valid: it must be 1 to 128 characters"),
        ("ivschat_user", {"state": "connected"}, "state"),
        ("ivschat_user", {"room_arn": UNKNOWN.replace(REGION, "eu-west-1")}, "is in region eu-west-1"),
        ("ivschat_user", {"room_name": "a b"}, "room_name: 'a b' is not valid"),
        ("ivschat_user", {"region": "us-east-2"}, "region: 'us-east-2' does not offer Amazon IVS Chat"),
    ],
)
def test_bad_input_is_refused_before_any_call(run, emulator, module, bad, said, check):
    room = {} if any(option.startswith("room") for option in bad) else {"room_name": "lobby"}
    assert said in refusal(run(module, check=check, **{**MODULES[module], **room, **bad}))
    assert emulator.calls() == []


class TestFailures:
    UNCLEAR = [("InternalServerException", "after"), ("Http503", "before"), ("ConnectionReset", "after")]

    def test_throttling_is_waited_for(self, run, rooms, emulator):
        for operation in ("SendEvent", "DeleteMessage", "DisconnectUser", "CreateChatToken"):
            emulator.fault(operation, "ThrottlingException", count=2)
        for module, options in MODULES.items():
            assert not run(module, room_name="lobby", **options).get("failed")
        effects = [call["effect"] for call in emulator.writes() if call["operation"] != "CreateRoom"]
        assert effects == [False, False, True] * 4

    @pytest.mark.parametrize(("error", "when"), UNCLEAR)
    def test_an_event_that_ended_unclear_is_not_sent_again(self, run, rooms, emulator, error, when):
        emulator.fault("SendEvent", error, when=when)
        result = run("ivschat_event", rooms=["lobby", "hall"], event_name="e")
        assert result["failed"] and result["changed"] is True
        assert [call["parameters"]["roomIdentifier"] for call in emulator.calls("SendEvent")] == [
            rooms["lobby"],
            rooms["hall"],
        ]
        first, second = result["rooms"]
        assert first["error"].endswith("; the event may have been sent, so it was not sent again")
        assert first["id"] is None and second["id"] and second["error"] is None
        assert result["msg"] == f"1 of 2 rooms failed: lobby: {first['error']}"

    @pytest.mark.parametrize("module", ["ivschat_message", "ivschat_user"])
    @pytest.mark.parametrize(("error", "when"), UNCLEAR)
    def test_what_does_no_harm_twice_is_done_again(self, run, rooms, emulator, module, error, when):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, error, when=when)
        assert run(module, room_name="lobby", **options)["rooms"][0]["error"] is None
        assert len(emulator.calls(operation)) == 2

    @pytest.mark.parametrize("module", ["ivschat_message", "ivschat_user"])
    def test_unclear_to_the_end(self, run, rooms, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "InternalServerException", count=4)
        result = run(module, room_name="lobby", **options)
        assert result["failed"] and result["changed"] is True
        assert "InternalServerException" in result["msg"] and result["msg"].endswith("again does no harm")

    @writers
    def test_one_room_of_three_fails(self, run, rooms, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "PendingVerification", skip=1)
        result = run(module, rooms=["lobby", "hall", "stage"], **options)
        assert result["failed"] and result["changed"] is True and "exception" not in result
        errors = [entry["error"] for entry in result["rooms"]]
        assert errors[0] is errors[2] is None and "PendingVerification" in errors[1] and "request id" in errors[1]
        assert result["msg"] == f"1 of 3 rooms failed: hall: {errors[1]}"
        assert [call["effect"] for call in emulator.calls(operation)] == [True, False, True]

    @writers
    def test_an_arn_of_no_room(self, run, rooms, emulator, module):
        options, operation, _parameters = WRITERS[module]
        result = run(module, rooms=["lobby", UNKNOWN], **options)
        assert result["failed"] and result["changed"] is True
        assert [entry["error"] is None for entry in result["rooms"]] == [True, False]
        assert "ResourceNotFoundException" in result["msg"]
        assert len(emulator.calls(operation)) == 2

    @writers
    def test_all_rooms_fail(self, run, rooms, emulator, module):
        options, operation, _parameters = WRITERS[module]
        emulator.fault(operation, "PendingVerification", count=2)
        message = refusal(run(module, rooms=["lobby", "hall"], **options))
        assert message.startswith("2 of 2 rooms failed: lobby: ")

    @modules
    def test_the_listing_fails(self, run, rooms, emulator, module):
        emulator.fault("ListRooms", "PendingVerification")
        message = refusal(run(module, room_name="lobby", **MODULES[module]))
        assert message.startswith("Failed to list rooms: ListRooms failed with PendingVerification")

    @writers
    def test_without_any_answer_the_other_rooms_are_not_tried(self, run, rooms, module):
        given = [rooms["lobby"], rooms["hall"]]
        result = run(module, rooms=given, access_key=None, secret_key=None, **MODULES[module])
        assert "credentials" in refusal(result)
        assert result["rooms"][1]["error"] == f"not tried, because there was no response for {given[0]}"


@pytest.fixture
def ansible(emulator, tmp_path):
    """ansible(*playbooks, variables=, **settings): runs playbooks, which must succeed, in tmp_path."""

    def run(*books, variables=None, **settings):
        keys = {"AWS_ACCESS_KEY_ID": CREDENTIALS["access_key"], "AWS_SECRET_ACCESS_KEY": CREDENTIALS["secret_key"]}
        settings = {"AWS_URL": emulator.url, "AWS_REGION": REGION, **keys, **settings}
        done = play(tmp_path, *books, arguments=("-e", json.dumps(variables or {})), **settings)
        assert done.returncode == 0, done.stdout

    return run


def test_lookup(ansible, rooms, emulator, tmp_path):
    lookup = "lookup('aws_ivs.chat.chat_token', {}, wantlist=true)"

    def task(arguments, **keywords):
        content = "{{ " + lookup.format(arguments) + " | to_json }}"
        return {"ansible.builtin.copy": {"content": content, "dest": "tokens.json"}, "register": "it", **keywords}

    def refused(arguments, said):
        condition = f"it is failed and {json.dumps(said)} in it.msg"
        return [task(arguments, ignore_errors=True), {"ansible.builtin.assert": {"that": condition}}]

    wishes = "capabilities=['SEND_MESSAGE'], session_duration=5, attributes={'n': 1}"
    ansible(
        on_localhost(
            *refused("'ada', room_name='nope'", "room_name: no room is named 'nope'"),
            *refused("'', room_name='lobby', session_duration=181", "user_id: '' is not valid"),
            *refused("'ada', room_name='lobby', session_duration=181", "session_duration: 181 is not valid"),
            *refused("'ada', room_name='lobby', region='us-east-2'", "'us-east-2' does not offer Amazon IVS Chat"),
            *refused(
                "['ada', 'bob'], room_name='lobby'", "user_id: ['ada', 'bob'] is not valid: it must be the ID of a"
            ),
            *refused("{'ada': 1}, room_name='lobby'", "user_id: {'ada': 1} is not valid"),
            *refused("'ada'", "room_arn, room_name: exactly one of them is required"),
            *refused(f"'ada', room_arn='{UNKNOWN}'", "ResourceNotFoundException"),
            task(f"'ada', 7, room_name='lobby', {wishes}"),
        )
    )
    tokens = [emulator.verify_token(token) for token in json.loads((tmp_path / "tokens.json").read_text())]
    assert [(token["userId"], token["roomArn"]) for token in tokens] == [("ada", rooms["lobby"]), ("7", rooms["lobby"])]
    assert (tokens[0]["capabilities"], tokens[0]["attributes"]) == (["SEND_MESSAGE"], {"n": "1"})


def test_role(ansible, clients, rooms, sent):
    tagged = clients().create_room(name="tagged", tags={"stream": "main"})["arn"]

    def announce(ignore_errors=False, **options):
        return {
            "ansible.builtin.include_role": {"name": "aws_ivs.chat.announce"},
            "vars": {f"announce_{name}": value for name, value in options.items()},
        }

    def refused(**options):
        check = {"ansible.builtin.assert": {"that": "ansible_failed_result is defined"}}
        return {"block": [announce(**options), {"ansible.builtin.meta": "end_play"}], "rescue": [check]}

    ansible(
        on_localhost(
            announce(text="one", rooms=["lobby", rooms["hall"]]),
            {"ansible.builtin.assert": {"that": "announce_sent.rooms | length == 2"}},
            refused(text="nobody"),
            refused(text="both", rooms=["lobby"], tags={"stream": "main"}),
            refused(text="nowhere", tags={"stream": "other"}),
            refused(rooms=["lobby"]),
            announce(text="two", tags={"stream": "main"}, event_name="notice", attributes={"level": 2}),
        )
    )
    assert [parameters for _operation, parameters in sent()] == [
        {"roomIdentifier": rooms["lobby"], "eventName": "announcement", "attributes": {"text": "one"}},
        {"roomIdentifier": rooms["hall"], "eventName": "announcement", "attributes": {"text": "one"}},
        {"roomIdentifier": tagged, "eventName": "notice", "attributes": {"level": "2", "text": "two"}},
    ]


def runbook() -> dict[str, str]:
    """The playbooks of docs/moderation.md, by their names."""
    text = (ROOT / "docs" / "moderation.md").read_text()
    return dict(re.findall(r"^`(\w+)\.yml`:.*?^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("with_handler", [False, True])
def test_runbook(ansible, run, function, sent, emulator, with_handler):
    """Step by step, as a moderator with no other permissions than those of docs/policies/moderators.json."""
    handler = {"uri": function("review"), "fallback_result": "ALLOW"} if with_handler else None
    declared = {"name": "lobby", "maximum_message_rate_per_second": 50, "message_review_handler": handler}
    before = run("ivschat_room", **declared)["room"]
    variables = {"room": "lobby", "users": ["troll-17", "troll-18"], "messages": [MESSAGE]}
    variables |= {"rooms": ["lobby"], "text": "Paused"}
    books = runbook()
    assert list(books) == ["freeze", "disconnect", "delete", "announce", "restore"]

    def steps(*names, **more):
        emulator.forget_calls()
        keys = keys_of_new_user(emulator, policy("moderators"))
        settings = {"AWS_ACCESS_KEY_ID": keys["access_key"], "AWS_SECRET_ACCESS_KEY": keys["secret_key"]}
        ansible(*(books[name] for name in names), variables={**variables, **more}, **settings)
        emulator.enforce_iam(False)

    def now():
        (found,) = run("ivschat_room_info")["rooms"]
        return {key: value for key, value in found.items() if key != "update_time"}

    unfrozen = now()
    assert unfrozen.items() <= before.items()
    steps("freeze")
    assert now() == {**unfrozen, "maximum_message_rate_per_second": 1}
    denying = {"uri": function("deny"), "fallback_result": "DENY"}
    steps("freeze", deny_function=denying["uri"])
    assert now() == {**unfrozen, "maximum_message_rate_per_second": 1, "message_review_handler": denying}
    steps("disconnect", "delete", "announce", "restore", "freeze", "restore")
    assert now() == unfrozen
    done = [operation for operation, _parameters in sent() if operation != "UpdateRoom"]
    assert done == ["DisconnectUser", "DisconnectUser", "DeleteMessage", "SendEvent"]
