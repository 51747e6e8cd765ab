# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of docs/moderation.md, exactly as they stand there, and what clients in the room notice."""

from __future__ import annotations

from pathlib import Path

from tests.support.documents import blocks
from tests.support.environment import aws_settings
from tests.support.iam import keys_of_new_user, policy
from tests.support.playbooks import changed_tasks

LOUD = """
def handler(event, context):
    return {"ReviewResult": "ALLOW", "Content": event["Content"].upper()}
"""
REASON = "Breach of the rules"


def runbook() -> dict[str, str]:
    """The playbooks of docs/moderation.md, by their names."""
    return {Path(str(block.file_name)).stem: block.text for block in blocks("docs/moderation.md")}


def test_runbook(playbook, run, room_info, function, sent, emulator, enter):
    """Step by step, as a moderator with no other permissions than those of docs/policies/moderators.json."""
    emulator.set(review_timeout=20)  # For the busiest machine.
    handler = {"uri": function("review", code=LOUD), "fallback_result": "ALLOW"}
    declared = {"name": "lobby", "maximum_message_rate_per_second": 50, "message_review_handler": handler}
    before = run("ivschat_room", **declared)["room"]
    books = runbook()
    assert list(books) == ["prepare", "freeze", "disconnect", "delete", "announce", "restore"]
    playbook(books["prepare"])
    lobby = enter("lobby")
    ann, troll, moderator = [lobby.join(user) for user in ("ann", "troll-17", "moderator")]

    def steps(*names, **variables):
        emulator.forget_calls()
        keys = keys_of_new_user(emulator, policy("moderators"))
        settings = aws_settings(emulator.url, **keys)
        playbook(*(books[name] for name in names), variables={"room": "lobby", **variables}, **settings)
        emulator.enforce_iam(False)

    def now():
        (found,) = room_info()
        return {key: value for key, value in found.items() if key != "update_time"}

    def assert_delivered(content, *clients):
        for speaker in clients:
            frame = speaker.ask("SEND_MESSAGE", Content="hello")
            assert frame["Content"] == content
            assert [client.receive() for client in clients if client is not speaker] == [frame] * (len(clients) - 1)
        return frame["Id"]

    def assert_frozen(*clients):
        refusals = [client.ask("SEND_MESSAGE", Content="hello") for _attempt in range(3) for client in clients]
        texts = {refusal["ErrorCode"]: refusal["ErrorMessage"] for refusal in refusals}
        assert texts.pop(406) == "The chat is paused"
        assert set(texts) <= {429}
        mark = lobby.mark()
        assert [client.receive()["Id"] for client in clients] == [mark] * len(clients), "nobody received a message"

    unfrozen = now()
    assert unfrozen.items() <= before.items()
    message = assert_delivered("HELLO", ann, moderator, troll)
    steps("freeze", "freeze")
    denying = now()["message_review_handler"]
    assert (denying["uri"].rpartition(":")[2], denying["fallback_result"]) == ("ivschat-deny", "DENY")
    assert now() == {**unfrozen, "maximum_message_rate_per_second": 1, "message_review_handler": denying}
    assert_frozen(ann, moderator, troll)

    steps("disconnect", "delete", "announce", users=["troll-17", "x"], messages=[message], rooms=["lobby"], text="Soon")
    done = [operation for operation, _parameters in sent()]
    assert done == ["DisconnectUser", "DisconnectUser", "DeleteMessage", "SendEvent"]
    told = [
        ("aws:DISCONNECT_USER", {"UserId": "troll-17", "Reason": REASON}),
        ("aws:DISCONNECT_USER", {"UserId": "x", "Reason": REASON}),
        ("aws:DELETE_MESSAGE", {"MessageID": message, "MessageId": message, "Reason": REASON}),
        ("announcement", {"text": "Soon"}),
    ]
    for client, events in ((troll, told[:1]), (ann, told), (moderator, told)):
        frames = [client.receive() for _event in events]
        assert [(frame["EventName"], frame["Attributes"]) for frame in frames] == events
    assert troll.close_code() == 1000
    assert_frozen(ann, moderator)

    steps("restore")
    assert now() == unfrozen
    assert_delivered("HELLO", ann, moderator)

    # Another freeze saves the settings anew: now there is no handler, and none is left after it.
    run("ivschat_room", name="lobby", message_review_handler={"uri": ""})
    steps("freeze", "restore")
    assert now() == {**unfrozen, "message_review_handler": None}
    assert_delivered("hello", ann, moderator)


def test_steps_are_previewed(playbook, room_arns, emulator, tmp_path):
    books = runbook()
    emulator.forget_calls()
    variables = {
        "room": "lobby",
        "users": ["troll-17"],
        "messages": ["AbCdEf123456"],
        "rooms": ["lobby"],
        "text": "Soon",
    }
    steps = [books[step] for step in ("freeze", "disconnect", "delete", "announce")]
    assert changed_tasks(playbook(*steps, variables=variables, arguments=("--check",)).stdout) == 6
    assert emulator.writes() == [] and not list(tmp_path.glob("*.json"))


def test_freeze_without_a_function_limits_the_rate(playbook, room_arns, room_info):
    playbook(runbook()["freeze"], variables={"room": "lobby", "deny_function": ""})
    (lobby,) = room_info(name="lobby")
    assert (lobby["maximum_message_rate_per_second"], lobby["message_review_handler"]) == (1, None)
