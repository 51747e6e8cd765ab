# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of docs/policies, exactly as they stand there: enough for their job, and nothing in them too much."""

from __future__ import annotations

import re
from functools import partial
from types import SimpleNamespace

import pytest

from ivschat_emulator.service import DEPENDENT_ACTIONS
from tests.support.environment import ACCOUNT, REGION, ROOT
from tests.support.harness import failure_message
from tests.support.iam import POLICIES, actions, keys_of_new_user, policy, without
from tests.support.service import create_logging_configuration

MESSAGE = "abcdefGHI123"

# Actions that AWS asks for and the emulator does not, with the reason why they are in the policy.
ONLY_ON_AWS = {
    "logs:ListLogDeliveries": "AWS looks with it for deliveries of its own when a logging configuration changes "
    "(CloudFormation's permissions of the update handler); which call asks for it is not documented",
}


@pytest.fixture
def resources(chat, destinations, function):
    """What exists before the user comes: created with all rights."""
    archive = create_logging_configuration(chat, "archive", tags={"keep": "90"})
    lobby = chat.create_room(name="lobby", loggingConfigurationIdentifiers=[archive], tags={"stream": "main"})["arn"]
    hall = chat.create_room(name="hall")["arn"]
    return SimpleNamespace(archive=archive, lobby=lobby, hall=hall, uri=function(), destinations=destinations)


@pytest.fixture
def as_user(emulator, run):
    """as_user(document): run(module, **options) as a new user with this policy alone, enforced."""
    return lambda document: partial(run, **keys_of_new_user(emulator, document))


def read_only(resources):
    yield "ivschat_room_info", {}
    yield "ivschat_room_info", {"arns": [resources.lobby]}
    yield "ivschat_room_info", {"logging_configuration_identifier": "archive"}
    yield "ivschat_logging_configuration_info", {}
    yield "ivschat_logging_configuration_info", {"arns": [resources.archive]}
    yield "ivschat_stack_info", {}


def rooms(resources):
    handler = {"uri": resources.uri, "fallback_result": "DENY"}
    logged = {"logging_configuration_identifiers": ["archive"]}
    yield "ivschat_room", {"name": "new", "tags": {"a": "b"}, "message_review_handler": handler, **logged}
    yield "ivschat_room", {"name": "new", "maximum_message_length": 7, "tags": {"c": "d"}}
    yield "ivschat_room", {"arn": resources.hall, "name": "renamed", "tags": {"e": "f"}}
    yield "ivschat_room_info", {"arns": [resources.lobby]}
    yield "ivschat_room_info", {"tags": {"stream": "main"}, "include_details": False}
    yield "ivschat_room", {"name": "new", "state": "absent"}
    yield "ivschat_room", {"arn": resources.hall, "state": "absent"}


def logging_configurations(resources):
    kind = "ivschat_logging_configuration"
    for name, destination in resources.destinations.items():
        yield kind, {"name": name, "destination_configuration": destination, "tags": {"a": "b"}}
    yield kind, {"name": "s3", "destination_configuration": resources.destinations["firehose"], "tags": {"c": "d"}}
    yield kind, {"arn": resources.archive, "name": "renamed"}
    yield f"{kind}_info", {"arns": [resources.archive]}
    yield f"{kind}_info", {"name": "s3"}
    yield kind, {"arn": resources.archive, "state": "absent", "force": True}
    yield kind, {"name": "firehose", "state": "absent"}


def moderators(resources):
    for check in (True, False):
        both = {"rooms": ["hall", resources.lobby], "check": check}
        yield "ivschat_event", {"event_name": "notice", **both}
        yield "ivschat_message", {"id": MESSAGE, **both}
        yield "ivschat_user", {"user_id": "troll", **both}
    yield "ivschat_room", {"name": "hall", "maximum_message_rate_per_second": 1}
    yield "ivschat_room", {"arn": resources.lobby, "maximum_message_rate_per_second": 1}


def tokens(resources):
    yield "ivschat_chat_token", {"user_id": "ada", "room_name": "lobby", "capabilities": ["SEND_MESSAGE"]}
    yield "ivschat_chat_token", {"user_id": "ada", "room_name": "lobby", "check": True}
    yield "ivschat_chat_token", {"user_id": "ada", "room_arn": resources.lobby}
    yield "ivschat_chat_token", {"user_id": "ada", "room_arn": resources.lobby, "check": True}


JOBS = {job.__name__: job for job in (read_only, rooms, logging_configurations, moderators, tokens)}


def first_failure(run, job, resources):
    """The result of the first task of a job that fails, None when all succeed."""
    for module, options in JOBS[job](resources):
        result = run(module, **options)
        if result.get("failed"):
            return result
    return None


# The role's own calls go to other services, whose actions the emulator does not know as AWS does.
UNTESTED = "live_chat"


def test_every_policy_has_its_job():
    jobs = {*JOBS, UNTESTED}
    assert {path.name for path in POLICIES.iterdir()} == {f"{job}.json" for job in jobs}
    text = (ROOT / "docs" / "permissions.md").read_text()
    assert set(re.findall(r"policies/(\w+)\.json", text)) == jobs
    assert f"{UNTESTED}.json is not tested" in text


@pytest.mark.parametrize("job", JOBS)
def test_a_policy_is_enough(as_user, resources, job):
    assert first_failure(as_user(policy(job)), job, resources) is None


@pytest.mark.parametrize(
    ("job", "action"), [(job, action) for job in JOBS for action in actions(policy(job)) if action not in ONLY_ON_AWS]
)
def test_without_one_action(as_user, resources, job, action):
    result = first_failure(as_user(without(policy(job), action)), job, resources)
    message = result["msg"]
    assert "exception" not in result and "\n" not in message
    assert "AccessDeniedException" in message and f" is not authorized to perform: {action}" in message
    assert "request id" in message


def test_what_only_aws_asks_for():
    asked = {action for given in DEPENDENT_ACTIONS.values() for needed in given.values() for action in needed}
    everything = {action for job in JOBS for action in actions(policy(job))}
    assert {action for action in everything - asked if not action.startswith("ivschat:")} == set(ONLY_ON_AWS)
    assert asked <= everything


@pytest.mark.parametrize("job", JOBS)
def test_a_policy_for_another_region(as_user, emulator, resources, job):
    """The resources in the policies have an effect: narrowed to another region, they let nothing through here."""
    document = policy(job)
    for statement in document["Statement"]:
        statement["Resource"] = statement["Resource"].replace("ivschat:*:", "ivschat:eu-west-1:")
    assert document != policy(job)
    run = as_user(document)
    emulator.forget_calls()
    assert "AccessDeniedException" in first_failure(run, job, resources)["msg"]
    assert not any(call["effect"] for call in emulator.writes())


WRITES = {
    "ivschat_room": [
        {"name": "new"},
        {"name": "lobby", "maximum_message_length": 7},
        {"name": "lobby", "tags": {"other": "one", "stream": "main"}},
        {"name": "lobby", "tags": {}},
        {"name": "lobby", "state": "absent"},
    ],
    "ivschat_logging_configuration": [
        {"name": "new", "destination_configuration": {"s3": {"bucket_name": "chat-logs"}}},
        {"name": "archive", "destination_configuration": {"cloud_watch_logs": {"log_group_name": "/chat/logs"}}},
        {"name": "archive", "tags": {}},
        {"name": "archive", "state": "absent", "force": True},
    ],
    "ivschat_stack": [{"name": "stack", "rooms": [{"name": "new"}]}],
    "ivschat_event": [{"room_name": "lobby", "event_name": "notice"}],
    "ivschat_message": [{"room_name": "lobby", "id": MESSAGE}],
    "ivschat_user": [{"room_name": "lobby", "user_id": "ada"}],
    "ivschat_chat_token": [{"room_name": "lobby", "user_id": "ada"}],
}


@pytest.mark.parametrize("module", WRITES)
def test_who_may_only_read_changes_nothing(as_user, emulator, resources, module):
    run = as_user(policy("read_only"))
    emulator.forget_calls()
    for options in WRITES[module]:
        assert not run(module, check=True, **options).get("failed"), "check mode only reads"
        assert emulator.writes() == []
        message = failure_message(run(module, **options))
        assert "AccessDeniedException" in message and "is not authorized to perform: ivschat:" in message
        attempts = emulator.writes()
        assert attempts and not any(call["effect"] for call in attempts)
        emulator.forget_calls()


def others(emulator):
    """Options of tasks in another region, and in another account, that both have all rights resources."""
    role = emulator.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    role = role.replace(ACCOUNT, "210987654321")
    keys = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]
    names = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "session_token": "SessionToken"}
    return {"region": {"region": "eu-west-1"}, "account": {name: keys[key] for name, key in names.items()}}


@pytest.mark.parametrize("other", ["region", "account"])
def test_another_region_or_account_sees_nothing(run, emulator, resources, other):
    elsewhere = partial(run, **others(emulator)[other])
    emulator.forget_calls()
    assert elsewhere("ivschat_room_info")["rooms"] == []
    assert elsewhere("ivschat_logging_configuration_info")["logging_configurations"] == []
    for module in ("ivschat_room", "ivschat_logging_configuration"):
        assert elsewhere(module, name="lobby", state="absent")["changed"] is False
    for module in ("ivschat_event", "ivschat_message", "ivschat_user", "ivschat_chat_token"):
        failure_message(elsewhere(module, **WRITES[module][0]))
        by_arn = {**WRITES[module][0], "room_name": None, "room_arn": resources.lobby}
        message = failure_message(elsewhere(module, **by_arn))
        assert ("ResourceNotFoundException" if other == "account" else f"is in region {REGION}") in message
    arns = {"ivschat_room": resources.lobby, "ivschat_logging_configuration": resources.archive}
    for module, arn in arns.items():
        failure_message(elsewhere(module, arn=arn, name="taken"))
        if other == "account":
            assert elsewhere(f"{module}_info", arns=[arn])[f"{module.removeprefix('ivschat_')}s"] == []
            assert elsewhere(module, arn=arn, state="absent")["changed"] is False
    assert not any(call["effect"] for call in emulator.writes())
    assert {room["name"] for room in run("ivschat_room_info")["rooms"]} == {"lobby", "hall"}
