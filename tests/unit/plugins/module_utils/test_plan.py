# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is there and what the user set to what is written."""

from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.aws_ivs.chat.plugins.module_utils._plan import Declaration, diff, not_yet_visible
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    ROOM,
    age_order,
    is_changing,
    is_deleting,
    is_failed,
    may_tie,
    older_than,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:review"
ALLOW = {"uri": FUNCTION, "fallback_result": "ALLOW"}
DENY = {"uri": FUNCTION, "fallback_result": "DENY"}
BEFORE = {
    **ROOM.create_defaults,
    "arn": "arn:aws:ivschat:us-east-1:123456789012:room/AbCdEf123456",
    "id": "AbCdEf123456",
    "name": "lobby",
    "create_time": "2026-01-31T12:00:00+00:00",
    "update_time": "2026-01-31T12:00:00+00:00",
    "maximum_message_length": 200,
    "maximum_message_rate_per_second": 5,
    "message_review_handler": ALLOW,
    "logging_configuration_identifiers": ["a", "b"],
    "tags": {"Stream": "main"},
}
DESTINATION = {"s3": {"bucket_name": "logs"}}
LOGGING = {
    "arn": "arn:aws:ivschat:us-east-1:123456789012:logging-configuration/ZyXwVu654321",
    "id": "ZyXwVu654321",
    "name": "archive",
    "create_time": "2026-01-31T12:00:00+00:00",
    "update_time": "2026-01-31T12:00:00+00:00",
    "destination_configuration": DESTINATION,
    "state": "ACTIVE",
    "tags": {},
}
STATES = ("ACTIVE", "CREATING", "UPDATING", "DELETING", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")


def present(kind, before, given, tags=None, purge_tags=True):
    return Declaration(kind, given, tags, purge_tags).plan(before)


def absent(before):
    return Declaration(ROOM, present=False).plan(before)


class TestCreate:
    def test_room(self):
        given = {"name": "lobby", "logging_configuration_identifiers": ["b", "a"]}
        plan = present(ROOM, None, given, {"k": "v"})
        assert plan.changed and plan.before is None
        assert plan.fields == {"name": "lobby", "logging_configuration_identifiers": ["a", "b"]}
        assert (plan.tags, plan.untag) == ({"k": "v"}, [])
        defaults = {
            "arn": None,
            "id": None,
            "name": "",
            "create_time": None,
            "update_time": None,
            "maximum_message_length": 500,
            "maximum_message_rate_per_second": 10,
            "message_review_handler": None,
            "logging_configuration_identifiers": [],
            "tags": {},
        }
        assert plan.after == {
            **ROOM.create_defaults,
            **defaults,
            "name": "lobby",
            "logging_configuration_identifiers": ["a", "b"],
            "tags": {"k": "v"},
        }

    def test_logging_configuration(self):
        plan = present(LOGGING_CONFIGURATION, None, {"name": "archive", "destination_configuration": DESTINATION})
        assigned = dict.fromkeys(("arn", "id", "create_time", "update_time"))
        assert plan.after == {**LOGGING, **assigned}
        assert plan.fields == {"name": "archive", "destination_configuration": DESTINATION}

    @pytest.mark.parametrize("tags", [None, {}])
    def test_no_tags(self, tags):
        plan = present(ROOM, None, {"name": "lobby"}, tags)
        assert plan.changed and plan.tags == plan.after["tags"] == {}

    def test_handler(self):
        plan = present(ROOM, None, {"message_review_handler": {"uri": FUNCTION}})
        assert plan.fields == {"message_review_handler": ALLOW}


class TestUpdate:
    @pytest.mark.parametrize(
        ("given", "fields"),
        [
            ({}, {}),
            ({"name": "lobby"}, {}),
            ({"name": "hall"}, {"name": "hall"}),
            ({"name": ""}, {"name": ""}),
            ({"maximum_message_length": 200, "maximum_message_rate_per_second": 5}, {}),
            ({"maximum_message_length": 201}, {"maximum_message_length": 201}),
            ({"maximum_message_rate_per_second": 6}, {"maximum_message_rate_per_second": 6}),
            ({"logging_configuration_identifiers": ["b", "a"]}, {}),
            ({"logging_configuration_identifiers": ["b"]}, {"logging_configuration_identifiers": ["b"]}),
            ({"logging_configuration_identifiers": []}, {"logging_configuration_identifiers": []}),
            (
                {"logging_configuration_identifiers": ["c", "b", "a"]},
                {"logging_configuration_identifiers": ["a", "b", "c"]},
            ),
        ],
    )
    def test_only_what_differs(self, given, fields):
        plan = present(ROOM, BEFORE, given)
        assert plan.fields == fields
        assert plan.changed is bool(fields)
        assert plan.after == {**BEFORE, **fields}
        assert not present(ROOM, plan.after, given).changed

    @pytest.mark.parametrize(
        ("current", "given", "after"),
        [
            (ALLOW, {}, ALLOW),
            (ALLOW, {"uri": None, "fallback_result": None}, ALLOW),
            (ALLOW, {"uri": FUNCTION}, ALLOW),
            (DENY, {"uri": FUNCTION}, DENY),
            (DENY, {"uri": FUNCTION + "2"}, {"uri": FUNCTION + "2", "fallback_result": "DENY"}),
            (ALLOW, {"uri": None, "fallback_result": "DENY"}, DENY),
            (ALLOW, {"uri": ""}, None),
            (ALLOW, {"uri": "", "fallback_result": "DENY"}, None),
            (None, {"uri": ""}, None),
            (None, {}, None),
            (None, {"fallback_result": "DENY"}, None),
            (None, {"uri": FUNCTION}, ALLOW),
            (None, {"uri": FUNCTION, "fallback_result": "DENY"}, DENY),
        ],
    )
    def test_handler(self, current, given, after):
        plan = present(ROOM, {**BEFORE, "message_review_handler": current}, {"message_review_handler": given})
        assert plan.after["message_review_handler"] == after
        assert plan.fields == ({} if after == current else {"message_review_handler": after})

    def test_before_is_left_as_it_is(self):
        before = {**BEFORE, "tags": dict(BEFORE["tags"])}
        present(ROOM, before, {"name": "hall"}, {"x": "y"})
        assert before == BEFORE

    def test_what_the_service_adds_to_a_destination_is_no_change(self):
        before = {**LOGGING, "destination_configuration": {"s3": {"bucket_name": "logs", "prefix": "new"}}}
        plan = present(LOGGING_CONFIGURATION, before, {"destination_configuration": DESTINATION})
        assert (plan.changed, plan.after) == (False, before)
        other = {"s3": {"bucket_name": "other"}}
        plan = present(LOGGING_CONFIGURATION, before, {"destination_configuration": other})
        assert plan.fields == {"destination_configuration": other}
        shown = {**before, "destination_configuration": {"s3": {"bucket_name": "other", "prefix": "new"}}}
        assert not_yet_visible(plan, shown) == {}

    def test_only_what_was_written_must_be_shown(self):
        plan = present(ROOM, {**BEFORE, "tags": {"old": "1"}}, {"maximum_message_length": 7}, {"new": "1"})
        after = {**BEFORE, "maximum_message_length": 7, "name": "renamed", "tags": {"new": "1", "others": "1"}}
        assert not_yet_visible(plan, after) == {}
        assert not_yet_visible(plan, {**after, "tags": {}}) == {"tags": {}}
        assert not_yet_visible(plan, {**after, "tags": {"new": "1", "old": "1"}}) == {"tags": {"new": "1", "old": "1"}}
        assert not_yet_visible(plan, {**after, "tags": {"new": "2"}}) == {"tags": {"new": "2"}}
        unlisted = {**after, "maximum_message_length": None}
        assert not_yet_visible(plan, unlisted) == {"maximum_message_length": None}
        assert not_yet_visible(plan, unlisted, ROOM.get_only) == {}

    def test_destination_of_another_type(self):
        other = {"destination_configuration": {"firehose": {"delivery_stream_name": "s"}}}
        plan = present(LOGGING_CONFIGURATION, LOGGING, other)
        assert plan.fields == other and plan.after == {**LOGGING, **other}


class TestTags:
    @pytest.mark.parametrize(
        ("current", "wanted", "purge", "to_set", "to_unset", "after"),
        [
            ({"a": "1"}, None, True, {}, [], {"a": "1"}),
            ({"a": "1"}, None, False, {}, [], {"a": "1"}),
            ({"a": "1"}, {}, False, {}, [], {"a": "1"}),
            ({"a": "1"}, {}, True, {}, ["a"], {}),
            ({"a": "1"}, {"a": "1"}, True, {}, [], {"a": "1"}),
            ({"a": "1"}, {"a": "2"}, True, {"a": "2"}, [], {"a": "2"}),
            ({"a": "1"}, {"a": ""}, True, {"a": ""}, [], {"a": ""}),
            ({"a": "1"}, {"A": "1"}, True, {"A": "1"}, ["a"], {"A": "1"}),
            ({"a": "1"}, {"b": "2"}, True, {"b": "2"}, ["a"], {"b": "2"}),
            ({"a": "1"}, {"b": "2"}, False, {"b": "2"}, [], {"a": "1", "b": "2"}),
            ({"aws:stack": "s", "a": "1"}, {}, True, {}, ["a"], {"aws:stack": "s"}),
        ],
    )
    def test_table(self, current, wanted, purge, to_set, to_unset, after):
        plan = present(ROOM, {**BEFORE, "tags": current}, {}, wanted, purge)
        assert (plan.tags, plan.untag, plan.after["tags"]) == (to_set, to_unset, after)
        assert plan.changed is bool(to_set or to_unset) and plan.fields == {}

    @pytest.mark.parametrize(("kept", "accepted"), [(48, True), (49, False)])
    def test_at_most_fifty_with_those_that_are_kept(self, kept, accepted):
        current = {"aws:stack": "s", **{f"k{number}": "v" for number in range(kept)}}
        before, wanted = {**BEFORE, "tags": current}, {"x": "1", "y": "2"}
        assert present(ROOM, before, {}, wanted, purge_tags=True).tags == wanted
        if accepted:
            assert len(present(ROOM, before, {}, wanted, purge_tags=False).after["tags"]) == 51
        else:
            with pytest.raises(
                AnsibleAWSError,
                match="tags: the room would have 51 tags, including those that it keeps: the maximum is 50",
            ):
                present(ROOM, before, {}, wanted, purge_tags=False)


class TestStates:
    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("given", [{}, {"name": "archive", "destination_configuration": DESTINATION}])
    def test_a_failed_one_is_repaired(self, state, given):
        plan = present(LOGGING_CONFIGURATION, {**LOGGING, "state": state}, given)
        failed = state.endswith("_FAILED")
        assert plan.changed is failed
        assert plan.fields == ({"destination_configuration": DESTINATION} if failed else {})
        assert plan.after["state"] == ("ACTIVE" if failed else state)

    def test_a_repair_takes_the_wanted_values(self):
        given = {"name": "new", "destination_configuration": {"firehose": {"delivery_stream_name": "s"}}}
        assert present(LOGGING_CONFIGURATION, {**LOGGING, "state": "UPDATE_FAILED"}, given).fields == given

    def test_predicates(self):
        def those(holds):
            return {state for state in STATES if holds({"state": state})}

        assert those(is_failed) == {"CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"}
        assert those(is_deleting) == {"DELETING"}
        assert those(is_changing) == {"CREATING", "UPDATING"}
        assert not any(holds(BEFORE) for holds in (is_failed, is_deleting, is_changing))

    def test_age_order(self):
        later = {"create_time": "2026-01-31T12:00:00.001000+00:00", "arn": "a"}
        first, second = ({"create_time": "2026-01-31T12:00:00.000000+00:00", "arn": arn} for arn in "xy")
        assert sorted([later, second, first], key=age_order) == [first, second, later]

    def test_of_one_name_the_oldest_stays(self):
        later = {"create_time": "2026-01-31T12:00:00.001000+00:00", "arn": "a"}
        first, second = ({"create_time": "2026-01-31T12:00:00+00:00", "arn": arn} for arn in "xy")
        listed = [later, second, first]
        assert older_than("a", listed) == [first, second]
        assert older_than("y", listed) == [first]
        assert older_than("x", listed) == older_than("z", listed) == []
        assert may_tie([first, second]) and not may_tie(listed), "a list that shows milliseconds does so of all"


class TestAbsent:
    def test_there(self):
        plan = absent(BEFORE)
        assert plan.changed and plan.before == BEFORE and plan.after is None

    def test_not_there(self):
        assert not absent(None).changed


class TestDiff:
    USER_FIELDS = {key: value for key, value in BEFORE.items() if key in (*ROOM.field_names, "tags")}

    def test_update(self):
        plan = present(ROOM, BEFORE, {"name": "hall"}, {"k": "v"})
        assert diff(plan, True) == {
            "before": self.USER_FIELDS,
            "after": {**self.USER_FIELDS, "name": "hall", "tags": {"k": "v"}},
            "before_header": "room lobby",
            "after_header": "room hall (renamed)",
        }

    def test_unchanged(self):
        shown = diff(present(ROOM, BEFORE, {}), False)
        assert (shown["before"], shown["after"]) == ({}, {})
        assert (shown["before_header"], shown["after_header"]) == ("room lobby", "room lobby (unchanged)")
        shown = diff(absent(None), False)
        assert (shown["before_header"], shown["after_header"]) == ("room (does not exist)", "room (unchanged)")

    @pytest.mark.parametrize("given", [{"maximum_message_length": 1}, {"name": "lobby", "maximum_message_length": 1}])
    def test_the_header_of_an_update_is_not_that_of_a_rename(self, given):
        shown = diff(present(ROOM, BEFORE, given), True)
        assert (shown["before_header"], shown["after_header"]) == ("room lobby", "room lobby (updated)")

    def test_create(self):
        plan = present(ROOM, None, {"name": "lobby"})
        shown = diff(plan, True)
        assert (shown["before"], shown["before_header"]) == ({}, "room lobby (does not exist)")
        assert shown["after_header"] == "room lobby (created)"
        assert shown["after"] == {
            **{name: ROOM.create_defaults[name] for name in ROOM.field_names},
            "name": "lobby",
            "tags": {},
        }
        # The real run knows what the service assigned; its difference looks the same.
        real = present(ROOM, None, {"name": "lobby"})
        real.after.update(arn=BEFORE["arn"], id=BEFORE["id"], create_time="x", update_time="y")
        assert diff(real, True) == shown

    def test_delete(self):
        assert diff(absent(BEFORE), True) == {
            "before": self.USER_FIELDS,
            "after": {},
            "before_header": "room lobby",
            "after_header": "room lobby (deleted)",
        }

    def test_repair(self):
        shown = diff(present(LOGGING_CONFIGURATION, {**LOGGING, "state": "CREATE_FAILED"}, {}), True)
        assert shown["before_header"] == "logging configuration archive (state CREATE_FAILED)"
        assert shown["after_header"] == "logging configuration archive (repaired)"
        assert (
            shown["before"]
            == shown["after"]
            == {
                "name": "archive",
                "destination_configuration": DESTINATION,
                "tags": {},
            }
        )

    def test_a_nameless_one_is_named_by_its_arn(self):
        nameless, label = {**BEFORE, "name": ""}, f"room {BEFORE['arn']}"
        for plan, before, after in (
            (present(ROOM, nameless, {"maximum_message_length": 1}), label, f"{label} (updated)"),
            (present(ROOM, nameless, {"name": "hall"}), label, "room hall (renamed)"),
            (present(ROOM, BEFORE, {"name": ""}), "room lobby", f"{label} (renamed)"),
            (absent(nameless), label, f"{label} (deleted)"),
        ):
            shown = diff(plan, True)
            assert (shown["before_header"], shown["after_header"]) == (before, after)
