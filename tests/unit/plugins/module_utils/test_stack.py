# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack as one declaration: its validation, what each entry identifies, the plan and its order, the export."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    QUOTAS,
    ROOM,
    normalise,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack import (
    Owner,
    declared_entries,
    match_entries,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_diff import stack_diff
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_export import export
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_plan import count_actions, kinds_to_remove, plan_stack
from ansible_collections.aws_ivs.chat.plugins.module_utils._stack_validation import validate_stack
from hypothesis import given, settings
from hypothesis import strategies as st

OWNER = Owner("ivschat-stack", "conference")
MEMBER = {"ivschat-stack": "conference"}
OTHERS = {"ivschat-stack": "other"}
PREFIX = "arn:aws:ivschat:us-east-1:123456789012:"
S3 = {"s3": {"bucket_name": "chat-logs"}}


def declaration(**options: Any) -> dict[str, Any]:
    """A module's parameters, those that are not given as Ansible sets them."""
    return {
        "name": "conference",
        "state": "present",
        "prune": False,
        "release": False,
        "room_defaults": None,
        "logging_configurations": None,
        "rooms": None,
        "tags": None,
        "purge_tags": True,
        "ownership_tag": "ivschat-stack",
        "calls_per_second": dict(QUOTAS),
        **options,
    }


def logs(name: str = "archive", **options: Any) -> dict[str, Any]:
    return {"name": name, "destination_configuration": S3, **options}


def existing(
    kind: Any, name: str, tags: dict[str, str] | None = None, number: int = 1, **fields: Any
) -> dict[str, Any]:
    """A resource as a list shows it; the higher its number the younger."""
    arn = f"{PREFIX}{kind.arn_type}/{name}{number}"
    times = dict.fromkeys(("createTime", "updateTime"), f"2026-01-31T12:00:{number:02}+00:00")
    answer = {
        "arn": arn,
        "id": f"{name}{number}",
        "name": name,
        "tags": dict(MEMBER if tags is None else tags),
        **times,
        **fields,
    }
    if kind is LOGGING_CONFIGURATION:
        answer = {"destinationConfiguration": {"s3": {"bucketName": "chat-logs"}}, "state": "ACTIVE", **answer}
    return normalise(kind, answer)


def room(name: str, tags: dict[str, str] | None = None, number: int = 1, **fields: Any) -> dict[str, Any]:
    return existing(ROOM, name, tags, number, **fields)


def configuration(name: str, tags: dict[str, str] | None = None, number: int = 1, **fields: Any) -> dict[str, Any]:
    return existing(LOGGING_CONFIGURATION, name, tags, number, **fields)


def plan(params: dict[str, Any], *listed: dict[str, Any], remove: bool = False, adopt: bool = False) -> list[Any]:
    """The changes of a plan; all that it is refused for as one AnsibleAWSError."""
    there = by_kind(listed)
    if remove:  # whatever is not declared, of both kinds
        declared = {kind: params[kind] or [] for kind in ("logging_configurations", "rooms")}
        params = {**params, "prune": True, **declared}
    planned = plan_stack(match_entries(declared_entries(params, OWNER), there, adopt), there, OWNER, params)
    if refusals := planned.refusals + planned.taken + [use.message for use in planned.in_use]:
        raise AnsibleAWSError(message="; ".join(refusals))
    return planned.changes


def shown(item: Any) -> tuple[str, str]:
    """Both sides of the difference of one change."""
    diff = stack_diff("conference", [item], [item], {})
    return diff["before"], diff["after"]


def by_kind(listed: Iterable[dict[str, Any]]) -> dict[Any, list[dict[str, Any]]]:
    there: dict[Any, list[dict[str, Any]]] = {LOGGING_CONFIGURATION: [], ROOM: []}
    for resource in listed:
        there[ROOM if ":room/" in resource["arn"] else LOGGING_CONFIGURATION].append(resource)
    return there


def summary_of(items: list[Any]) -> list[tuple[str, str, str]]:
    return [(item.action, item.plan.kind.name, item.name) for item in items]


ERRORS = [
    ({}, []),
    ({"name": ""}, ["name: '' is not valid: it must be 1 to 256 characters, because it is a tag value"]),
    ({"name": "n" * 256}, []),
    ({"name": "n" * 257}, [f"name: {'n' * 64!r} is not valid: it must be 1 to 256"]),
    ({"ownership_tag": "aws:stack"}, ["ownership_tag: 'aws:stack' is not valid"]),
    ({"ownership_tag": ""}, ["ownership_tag: '' is not valid"]),
    ({"tags": {"AWS:x": "1"}}, ["tags['AWS:x']: the key is not valid"]),
    ({"tags": MEMBER}, ["tags: 'ivschat-stack' is the ownership tag: it must not"]),
    ({"tags": MEMBER, "rooms": [{"name": "a"}]}, ["tags: 'ivschat-stack' is the ownership tag: it must not"]),
    ({"rooms": [{"name": "a", "tags": OTHERS}]}, ["rooms[0].tags: 'ivschat-stack' is the ownership tag: it must not"]),
    ({"rooms": [{"name": "a", "tags": {str(n): "" for n in range(49)}}]}, []),
    (
        {"tags": {"more": ""}, "rooms": [{"name": "a", "tags": {str(n): "" for n in range(49)}}]},
        ["rooms[0].tags: 51 tags are too many, including those of the stack and the ownership tag: the maximum is 50"],
    ),
    ({"rooms": [{"name": "a", "tags": {str(n): "" for n in range(51)}}]}, ["rooms[0].tags: 51 tags are too many"]),
    ({"rooms": [{"name": ""}]}, ["rooms[0].name: '' is not valid: a member of a stack must have a name"]),
    (
        {"rooms": [{"name": "a"}, {"name": "b"}, {"name": "a"}, {"name": "a"}]},
        [
            "rooms[2].name: 'a' is a duplicate of the name of rooms[0]",
            "rooms[3].name: 'a' is a duplicate of the name of rooms[0]",
        ],
    ),
    ({"logging_configurations": [logs("a")], "rooms": [{"name": "a"}]}, []),  # one name of two kinds
    (
        {"logging_configurations": [logs(), logs()]},
        ["logging_configurations[1].name: 'archive' is a duplicate of the name of logging_configurations[0]"],
    ),
    (
        {"logging_configurations": [logs(destination_configuration={})]},
        ["logging_configurations[0].destination_configuration: no destination given"],
    ),
    (
        {"rooms": [{"name": "a"}, {"name": "b", "maximum_message_length": 501}]},
        ["rooms[1].maximum_message_length: 501 is not valid: it must be an integer from 1 to 500"],
    ),
    (
        {"rooms": [{"name": "a", "message_review_handler": {"uri": "review"}}]},
        ["rooms[0].message_review_handler.uri: 'review' is not valid"],
    ),
    ({"logging_configurations": [logs()], "rooms": [{"name": "a", "logging_configurations": ["archive"]}]}, []),
    ({"rooms": [{"name": "a", "logging_configurations": [f"{PREFIX}logging-configuration/x"]}]}, []),
    (
        {
            "logging_configurations": [logs()],
            "rooms": [{"name": "a", "logging_configurations": ["archive", "more"]}],
        },
        [
            "rooms[0].logging_configurations[1]: 'more' is not valid: it must be an ARN, or the name of one of the "
            "logging_configurations of this stack"
        ],
    ),
    ({"rooms": [{"name": "a", "logging_configurations": [""]}]}, ["rooms[0].logging_configurations[0]: '' is not"]),
    (
        {"logging_configurations": [logs()], "rooms": [{"name": "a", "logging_configurations": ["archive"] * 2}]},
        ["rooms[0].logging_configurations[1]: 'archive' is a duplicate"],
    ),
    (
        {"rooms": [{"name": "a", "logging_configurations": [f"{PREFIX.replace('us-east-1', 'eu-west-1')}room/x"]}]},
        ["rooms[0].logging_configurations[0]: 'arn:aws:ivschat:eu-west-1:123456789012:room/x' is not valid"],
    ),
    ({"calls_per_second": {**QUOTAS, "tag": 0.01}}, []),
    ({"calls_per_second": {**QUOTAS, "room": 0.0}}, ["calls_per_second.room: 0.0 is not valid"]),
    ({"calls_per_second": {**QUOTAS, "tag": float("nan")}}, ["calls_per_second.tag: nan is not valid"]),
    ({"calls_per_second": {**QUOTAS, "tag": float("inf")}}, ["calls_per_second.tag: inf is not valid"]),
    ({"calls_per_second": {**QUOTAS, "tag": 1e30}}, ["calls_per_second.tag: 1e+30 is not valid: it must be a number"]),
    (
        {"rooms": [{"name": "a", "maximum_message_length": True}]},
        ["rooms[0].maximum_message_length: True is not valid"],
    ),
    ({"calls_per_second": {**QUOTAS, "room": None}}, ["calls_per_second.room: None is not valid"]),
]


@pytest.mark.parametrize("options, expected", ERRORS)
def test_validation(options, expected):
    found = validate_stack(declaration(**options), "us-east-1")
    assert len(found) == len(expected), found
    for message, start in zip(found, expected, strict=True):
        assert message.startswith(start)


def test_all_errors_at_once():
    rooms = [{"name": "a b", "maximum_message_length": 0, "maximum_message_rate_per_second": 101}, {"name": "a b"}]
    found = validate_stack(declaration(name="", rooms=rooms, logging_configurations=[logs("")]), "us-east-1")
    assert [error.split(":")[0] for error in found] == [
        "name",
        "logging_configurations[0].name",
        "rooms[0].name",
        "rooms[0].maximum_message_length",
        "rooms[0].maximum_message_rate_per_second",
        "rooms[1].name",
        "rooms[1].name",
    ]


class TestEntries:
    def test_order_and_paths(self):
        declared = declared_entries(
            declaration(rooms=[{"name": "a"}, {"name": "b"}], logging_configurations=[logs()]), OWNER
        )
        assert [entry.path for entry in declared] == ["logging_configurations[0]", "rooms[0]", "rooms[1]"]

    @pytest.mark.parametrize(
        "stack, own, purge, expected, purges",
        [
            (None, None, True, {}, False),  # no tags are declared: left unchanged
            ({}, None, True, {}, True),
            (None, {}, True, {}, True),
            (None, {}, False, {}, False),
            ({"a": "stack", "b": True}, {"a": "own"}, True, {"a": "own", "b": "True"}, True),
        ],
    )
    def test_tags(self, stack, own, purge, expected, purges):
        params = declaration(tags=stack, purge_tags=purge, rooms=[{"name": "a", "tags": own}])
        (entry,) = declared_entries(params, OWNER)
        assert entry.tags == {**expected, **MEMBER}
        assert entry.purge_tags is purges

    @pytest.mark.parametrize(
        "fields, needed",
        [
            ({}, False),
            ({"message_review_handler": {"uri": ""}}, False),
            ({"maximum_message_length": None}, False),
            ({"maximum_message_length": 1}, True),
            ({"maximum_message_rate_per_second": 1}, True),
        ],
    )
    def test_needs_details(self, fields, needed):
        (entry,) = declared_entries(declaration(rooms=[{"name": "a", **fields}]), OWNER)
        assert entry.needs_details is needed


class TestMatch:
    """What a declared room `a` identifies: (what there is, adopt) -> the resource, whether adopted; or a refusal."""

    PARAMS = declaration(rooms=[{"name": "a"}])

    @pytest.mark.parametrize(
        "listed, adopt, arn, adopted",
        [
            ([], False, None, False),
            ([room("b", {})], True, None, False),
            ([room("a")], False, "a1", False),
            ([room("a")], True, "a1", False),
            ([room("a", {}), room("a", number=2)], True, "a2", False),  # a member before one without an owner
            ([room("a", OTHERS), room("a", number=2)], False, "a2", False),
            ([room("a", {})], True, "a1", True),
            ([room("a", {"another-tag": "conference"})], True, "a1", True),
            ([configuration("a", {})], False, None, False),  # the same name of another kind
        ],
    )
    def test_meant(self, listed, adopt, arn, adopted):
        (item,) = plan(self.PARAMS, *listed, adopt=adopt)
        assert ((item.plan.before or {}).get("id"), item.adopted) == (arn, adopted)

    @pytest.mark.parametrize(
        "listed, adopt, message",
        [
            (
                [room("a", {})],
                False,
                f"rooms[0]: 'a' already exists and has no owner: {PREFIX}room/a1 (created 2026-01-31T12:00:01+00:00); "
                "set adopt to take it over",
            ),
            ([room("a", OTHERS)], False, f"'a' is a member of another stack: {PREFIX}room/a1 of stack 'other'"),
            ([room("a", OTHERS)], True, f"'a' is a member of another stack: {PREFIX}room/a1 of stack 'other'"),
            ([room("a", OTHERS), room("a", {}, 2)], True, "is a member of another stack"),
            ([room("a", {}, 2), room("a", {}, 1)], True, "2 resources without an owner are named 'a'"),
            (
                [room("a", {}, 2), room("a", {}, 1)],
                True,
                f"delete or rename all but one: {PREFIX}room/a1 (created 2026-01-31T12:00:01",
            ),
            ([room("a"), room("a", number=2)], True, "2 members of this stack are named 'a'"),
        ],
    )
    def test_refused(self, listed, adopt, message):
        with pytest.raises(AnsibleAWSError) as error:
            plan(self.PARAMS, *listed, adopt=adopt)
        assert message in error.value.message

    def test_all_refusals_at_once(self):
        params = declaration(rooms=[{"name": "a"}, {"name": "b"}, {"name": "c"}])
        with pytest.raises(AnsibleAWSError) as error:
            plan(params, room("a", {}), room("b"), room("c", OTHERS))
        assert [f"rooms[{position}]: " in error.value.message for position in range(3)] == [True, False, True]

    def test_one_being_deleted_counts_as_gone(self):
        (item,) = plan(declaration(logging_configurations=[logs()]), configuration("archive", {}, state="DELETING"))
        assert item.action == "create"


class TestPlan:
    PARAMS = declaration(
        logging_configurations=[logs("kept"), logs("new")],
        rooms=[{"name": "same"}, {"name": "made", "logging_configurations": ["new", "kept"]}],
    )
    LISTED = (
        configuration("left"),
        configuration("kept"),
        configuration("theirs", OTHERS),
        configuration("going", state="DELETING"),
        room("same"),
        room("surplus"),
        room("free", {}),
        room("theirs", OTHERS),
    )
    DECLARED = [
        ("none", "logging_configuration", "kept"),
        ("create", "logging_configuration", "new"),
        ("none", "room", "same"),
        ("create", "room", "made"),
    ]

    def test_without_prune(self):
        assert summary_of(plan(self.PARAMS, *self.LISTED)) == self.DECLARED

    def test_order_with_prune(self):
        removed = [("delete", "room", "surplus"), ("delete", "logging_configuration", "left")]
        assert summary_of(plan(self.PARAMS, *self.LISTED, remove=True)) == self.DECLARED + removed

    @pytest.mark.parametrize(
        "options, kinds",
        [
            ({}, []),
            ({"rooms": [], "logging_configurations": []}, []),
            ({"prune": True}, []),  # what is not set is left unchanged
            ({"prune": True, "rooms": []}, [ROOM]),
            ({"prune": True, "logging_configurations": [logs()]}, [LOGGING_CONFIGURATION]),
            ({"prune": True, "rooms": [], "logging_configurations": []}, [ROOM, LOGGING_CONFIGURATION]),
            ({"state": "absent"}, [ROOM, LOGGING_CONFIGURATION]),
        ],
    )
    def test_what_is_removed(self, options, kinds):
        assert kinds_to_remove(declaration(**options)) == kinds

    def test_a_repair_shows_the_state(self):
        failed = configuration("archive", state="UPDATE_FAILED")
        (item,) = plan(declaration(logging_configurations=[logs()]), failed)
        assert item.to_result()["changes"] == {"state": {"before": "UPDATE_FAILED", "after": "ACTIVE"}}
        header = "1 to update:\n  logging configuration archive"
        assert shown(item) == (
            f'{header}\n    logging configuration archive: state: "UPDATE_FAILED"\n',
            f'{header}\n    logging configuration archive: state: "ACTIVE"\n',
        )

    def test_a_removed_member_without_a_name_is_told_by_its_arn(self):
        (item,) = plan(declaration(), room(""), remove=True)
        assert shown(item) == (f"1 to delete:\n  room {PREFIX}room/1\n", "1 to delete:\n")

    def test_one_that_is_yet_to_be_made_stands_in_the_plan_by_its_name(self):
        made = plan(self.PARAMS, *self.LISTED)[-1].to_result()
        assert made["arn"] is None
        identifiers = sorted([f"{PREFIX}logging-configuration/kept1", "new"])
        assert made["changes"]["logging_configuration_identifiers"] == {"before": None, "after": identifiers}

    def test_a_reference_by_name_and_arn_to_one_is_refused(self):
        arn = f"{PREFIX}logging-configuration/kept1"
        rooms = [{"name": "a", "logging_configurations": ["kept", arn]}] * 2
        with pytest.raises(AnsibleAWSError) as error:
            plan(declaration(logging_configurations=[logs("kept")], rooms=rooms), configuration("kept"))
        message = f"rooms[{{}}].logging_configurations[1]: {arn!r} is a duplicate: specify each entry once"
        assert error.value.message == f"{message.format(0)}; {message.format(1)}"

    def test_too_many_tags_with_those_that_are_kept_are_refused_with_their_path(self):
        rooms = [{"name": "b"}, {"name": "a", "tags": {"more": ""}}]
        listed = room("a", {**MEMBER, **{str(number): "" for number in range(49)}})
        with pytest.raises(AnsibleAWSError) as error:
            plan(declaration(rooms=rooms, purge_tags=False), listed)
        assert error.value.message.startswith(
            "rooms[1].tags: the room would have 51 tags, including those that it keeps"
        )

    def test_changes_hold_only_what_differs(self):
        params = declaration(rooms=[{"name": "same", "message_review_handler": {"uri": ""}, "tags": {"a": "1"}}])
        (item,) = plan(params, room("same", {**MEMBER, "b": "2"}))
        assert item.to_result() == {
            "action": "update",
            "resource": "room",
            "name": "same",
            "arn": f"{PREFIX}room/same1",
            "changes": {"tags": {"before": {**MEMBER, "b": "2"}, "after": {**MEMBER, "a": "1"}}},
        }
        header = "1 to update:\n  room same"
        assert shown(item) == (
            f'{header}\n    room same: tags.b: "2"\n',
            f'{header}\n    room same: tags.a: "1"\n',
        )

    def test_adopt_changes_the_tag_alone(self):
        (item,) = plan(declaration(rooms=[{"name": "a"}]), room("a", {"kept": "1"}), adopt=True)
        assert item.action == "adopt"
        assert item.to_result()["changes"] == {"tags": {"before": {"kept": "1"}, "after": {"kept": "1", **MEMBER}}}


class TestRemovalOfOneInUse:
    """Refused when a room will still use the logging configuration after this run, and only then."""

    ARN = f"{PREFIX}logging-configuration/left1"

    @pytest.mark.parametrize(
        "rooms, listed, users",
        [
            ([], [], []),
            ([], [room("a")], []),  # removed in the same run, before it
            ([{"name": "a", "logging_configurations": []}], [room("a")], []),  # detached in the same run
            ([{"name": "a"}], [room("a")], ["a"]),  # a member that keeps it
            ([], [room("free", {}), room("theirs", OTHERS)], ["free", "theirs"]),
            ([{"name": "a", "logging_configurations": [ARN]}], [], ["a"]),  # one that is to be created with it
        ],
    )
    def test_users(self, rooms, listed, users):
        using = [{**each, "logging_configuration_identifiers": [self.ARN]} for each in listed]
        params = declaration(rooms=rooms)
        if not users:
            assert summary_of(plan(params, configuration("left"), *using, remove=True))[-1][0] == "delete"
            return
        with pytest.raises(AnsibleAWSError) as error:
            plan(params, configuration("left"), *using, remove=True)
        assert f"'left' ({self.ARN}) cannot be deleted, because {len(users)} room(s) use it" in error.value.message
        assert all(f"{user} (" in error.value.message for user in users)


def test_count_actions():
    assert count_actions(["create", "none", "create", "adopt", "delete", "update"]) == {
        "created": 2,
        "updated": 1,
        "deleted": 1,
        "adopted": 1,
        "released": 0,
        "unchanged": 1,
    }


class TestExport:
    FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:review"

    def test_as_a_declaration(self):
        own = {**MEMBER, "aws:cloudformation": "x", "kept": "1"}
        kept = configuration("archive", own)
        elsewhere = f"{PREFIX}logging-configuration/elsewhere"
        rooms = [
            room(
                "younger",
                {},
                2,
                maximumMessageLength=7,
                maximumMessageRatePerSecond=8,
                messageReviewHandler={"uri": self.FUNCTION},
                loggingConfigurationIdentifiers=[kept["arn"], elsewhere],
            ),
            room("older", own, 1),
        ]
        there = by_kind([*rooms, kept])
        stack, left_out = export(there, there, OWNER)
        assert left_out == []
        assert stack["logging_configurations"] == [logs(tags={"kept": "1"})]
        bare = {"message_review_handler": {"uri": ""}, "logging_configurations": []}
        assert stack["rooms"] == [
            {"name": "older", **bare, "tags": {"kept": "1"}},
            {
                "name": "younger",
                "maximum_message_length": 7,
                "maximum_message_rate_per_second": 8,
                "message_review_handler": {"uri": self.FUNCTION, "fallback_result": "ALLOW"},
                "logging_configurations": ["archive", elsewhere],
                "tags": {},
            },
        ]

    def test_what_a_declaration_cannot_hold(self):
        full = {str(number): "" for number in range(50)}
        rooms = [
            room("double", {}, 1),
            room("double", {}, 2),
            room("", {}, 3),
            room("fine", {}, 4),
            room("half", {}, 5),
            room("half", {"chosen": "no"}, 6),  # not chosen, but there
            room("theirs", OTHERS, 7),
            room("full", full, 8),
        ]
        there = by_kind([*rooms, configuration("going", {}, state="DELETING")])
        chosen = {**there, ROOM: [each for each in there[ROOM] if each["tags"] != {"chosen": "no"}]}
        stack, left_out = export(chosen, there, Owner(OWNER.tag, ""))
        assert [each["name"] for each in stack["rooms"]] == ["fine"]
        assert stack["logging_configurations"] == []
        assert [(each["arn"].removeprefix(f"{PREFIX}room/"), each["reason"]) for each in left_out] == [
            ("double1", "another one is also named 'double'"),
            ("double2", "another one is also named 'double'"),
            ("3", "it has no name"),
            ("half5", "another one is also named 'half'"),
            ("theirs7", "it is a member of the stack 'other'"),
            ("full8", "it has 50 tags, so the ownership tag cannot be added"),
        ]

    def test_a_member_is_told_from_what_only_shares_its_name(self):
        full = {**MEMBER, **{str(number): "" for number in range(49)}}
        there = by_kind([room("a", full, 1), room("a", {}, 2), room("a", OTHERS, 3)])
        stack, left_out = export({**there, ROOM: there[ROOM][:1]}, there, OWNER)
        assert ([each["name"] for each in stack["rooms"]], left_out) == (["a"], [])


# Properties, for any set of resources with a few names, owners, tags and references.

NAMES = st.sampled_from(["a", "b", "c"])
TAGS = st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", ""]))
OWNERS = st.sampled_from([{}, MEMBER, OTHERS])


@st.composite
def resources(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Logging configurations and rooms that use them, each name once a kind."""
    there = [configuration(name, {**draw(TAGS), **draw(OWNERS)}) for name in draw(st.sets(NAMES))]
    for name in draw(st.sets(NAMES)):
        used = [each["arn"] for each in there if ":room/" not in each["arn"] and draw(st.booleans())]
        length = {"maximumMessageLength": 500, "maximumMessageRatePerSecond": draw(st.sampled_from([10, 20]))}
        there.append(room(name, {**draw(TAGS), **draw(OWNERS)}, loggingConfigurationIdentifiers=used, **length))
    return there


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Any]:
    names = sorted(draw(st.sets(NAMES)))
    references = optional(st.lists(st.sampled_from(names), unique=True)) if names else optional(st.just([]))
    return declaration(
        logging_configurations=[logs(name, tags=draw(optional(TAGS))) for name in names],
        rooms=[
            {
                "name": name,
                "maximum_message_rate_per_second": draw(optional(st.sampled_from([10, 20]))),
                "logging_configurations": draw(references),
                "tags": draw(optional(TAGS)),
            }
            for name in sorted(draw(st.sets(NAMES)))
        ],
        tags=draw(optional(TAGS)),
        purge_tags=draw(st.booleans()),
    )


@settings(max_examples=120, deadline=None)
@given(resources(), declarations(), st.booleans(), st.booleans())
def test_a_plan_that_is_carried_out_leaves_nothing_to_do_and_others_alone(there, params, remove, adopt):
    assert validate_stack(params, "us-east-1") == []
    try:
        items = plan(params, *there, remove=remove, adopt=adopt)
    except AnsibleAWSError:
        return
    now = {each["arn"]: each for each in there}
    made: dict[str, str] = {}
    for item in items:
        before = item.plan.before
        assert before is None or OWNER.owns(before) or (item.adopted and OWNER.tag not in before["tags"])
        if item.plan.after is None:
            del now[before["arn"]]
            continue
        after = item.entry.declaration(made, before and before["arn"]).plan(before).after
        arn = after["arn"] or f"{PREFIX}{item.plan.kind.arn_type}/made-{item.name}"
        now[arn] = {**after, "arn": arn}
        if item.plan.kind is LOGGING_CONFIGURATION:
            made[item.name] = arn
    again = plan(params, *now.values(), remove=remove)
    assert {item.action for item in again} <= {"none"}


@settings(max_examples=60, deadline=None)
@given(resources())
def test_what_is_exported_and_adopted_changes_the_ownership_tag_alone(there):
    stack, left_out = export(by_kind(there), by_kind(there), Owner(OWNER.tag, ""))
    assert {each["arn"] for each in left_out} == {each["arn"] for each in there if OWNER.tag in each["tags"]}
    params = declaration(**stack)
    assert validate_stack(params, "us-east-1") == []
    for item in plan(params, *there, adopt=True):
        changes = item.to_result()["changes"]
        tags = changes.pop("tags")
        assert (item.action, changes) == ("adopt", {})
        assert tags["after"] == {**tags["before"], **MEMBER}
