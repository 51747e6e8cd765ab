# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every current state and every declaration, tried on more than 10,000 of them."""

from __future__ import annotations

import re
from string import ascii_letters, digits

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils._plan import Declaration, diff
from ansible_collections.aws_ivs.chat.plugins.module_utils._resources import (
    LOGGING_CONFIGURATION,
    ROOM,
    given_options,
    normalise,
    text_tags,
    to_api,
    user_fields,
)
from ansible_collections.aws_ivs.chat.plugins.module_utils._validation import validate_resource, validate_tags
from ansible_collections.aws_ivs.chat.tests.unit.plugins.module_utils.test_service_model import (
    LIMITS,
    members,
    pattern_of,
    shape_of,
)
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

NAMES = st.text(ascii_letters + digits + "-_", max_size=12)
TAGS = st.dictionaries(st.sampled_from(["a", "A", "b", "team", "Team", "é"]), st.sampled_from(["", "1", "2", "x y"]))
LAMBDAS = st.sampled_from([f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in "ab"])
ARNS = [f"arn:aws:ivschat:us-east-1:123456789012:logging-configuration/{name * 12}" for name in "abcd"]
LISTS = st.lists(st.sampled_from(ARNS), max_size=3, unique=True)
DESTINATIONS = st.sampled_from(
    [
        {"s3": {"bucket_name": "one"}},
        {"s3": {"bucket_name": "two"}},
        {"cloud_watch_logs": {"log_group_name": "one"}},
        {"firehose": {"delivery_stream_name": "one"}},
    ]
)
OPTIONS = {
    ROOM: {
        "name": NAMES,
        **{
            field.name: st.integers(field.limits[field.name].minimum, field.limits[field.name].maximum)
            for field in ROOM.fields
            if field.argument.get("type") == "int"
        },
        "message_review_handler": st.fixed_dictionaries(
            {"uri": st.none() | st.just("") | LAMBDAS, "fallback_result": st.sampled_from([None, "ALLOW", "DENY"])}
        ),
        "logging_configuration_identifiers": LISTS,
    },
    LOGGING_CONFIGURATION: {"name": NAMES, "destination_configuration": DESTINATIONS},
}


def wire_states(kind):
    """What the service answers, with all the ways in which it may show that something is not set."""
    common = {
        "arn": st.just(f"arn:aws:ivschat:us-east-1:123456789012:{kind.arn_type}/AbCdEf123456"),
        "createTime": st.just("2026-01-31T12:00:00+00:00"),
        "updateTime": st.just("2026-01-31T12:00:00+00:00"),
        "tags": TAGS,
    }
    if kind is ROOM:
        handlers = st.fixed_dictionaries({}, optional={"uri": st.just("") | LAMBDAS, "fallbackResult": FALLBACKS})
        always = {"maximumMessageLength": st.integers(1, 500), "maximumMessageRatePerSecond": st.integers(1, 100)}
        optional = {"name": NAMES, "messageReviewHandler": handlers, "loggingConfigurationIdentifiers": LISTS}
    else:
        always = {"destinationConfiguration": DESTINATIONS.map(camel), "state": STATES}
        optional = {"name": NAMES}
    return st.fixed_dictionaries({**common, **always}, optional=optional)


FALLBACKS = st.sampled_from(["ALLOW", "DENY"])
STATES = st.sampled_from(["ACTIVE", "ACTIVE", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"])


def camel(destination):
    return to_api(LOGGING_CONFIGURATION, {"destination_configuration": destination})["destinationConfiguration"]


def cases_of(kind):
    """A kind, its current state as the service answers it (or None), and the options of a task."""
    options = st.fixed_dictionaries({name: st.none() | values for name, values in OPTIONS[kind].items()})
    tags = st.none() | TAGS
    cases = st.tuples(st.just(kind), st.none() | wire_states(kind), options, tags, st.booleans())
    # To create a logging configuration, its destination is required.
    return cases if kind is ROOM else cases.filter(lambda case: case[1] or case[2]["destination_configuration"])


def plan(kind, before, options, tags, purge_tags):
    return Declaration(kind, given_options(kind, options), tags, purge_tags).plan(before and normalise(kind, before))


def serve(kind, before, done):
    """What the service answers after a plan was carried out: it takes over each member that it is sent, as a whole."""
    created = {"arn": "arn:new", "createTime": "t", "updateTime": "t", "tags": {}}
    if kind is ROOM:
        created |= {"maximumMessageLength": 500, "maximumMessageRatePerSecond": 10}
    sent = to_api(kind, done.fields)
    if "messageReviewHandler" in sent:
        sent["messageReviewHandler"] = {"fallbackResult": "ALLOW", **sent["messageReviewHandler"]}
    after = {**(before or created), **sent}
    if kind is LOGGING_CONFIGURATION and (before is None or sent):
        after["state"] = "ACTIVE"
    tags = {key: value for key, value in after["tags"].items() if key not in done.untag}
    return {**after, "tags": {**tags, **done.tags}}


def many(examples):
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True)


@many(3000)
@given(cases_of(ROOM) | cases_of(LOGGING_CONFIGURATION))
def test_plans(case):
    kind, before, *declared = case
    done = plan(kind, before, *declared)
    event(f"{kind.name} {'update' if before else 'create'} changed={done.changed}")
    nothing_is_left_to_do(kind, before, declared, done)
    if before:
        what_is_not_set_stays(kind, *declared, done)
    shown = diff(done, done.changed)
    assert (shown["before"] != shown["after"]) is done.changed or failed(done.before)
    assert Declaration(kind, present=False).plan(done.before).changed is (before is not None)


def failed(resource):
    return resource is not None and resource.get("state", "ACTIVE") != "ACTIVE"


def nothing_is_left_to_do(kind, before, declared, done):
    after = serve(kind, before, done)
    assert user_fields(kind, normalise(kind, after)) == user_fields(kind, done.after), "what check mode predicts"
    again = plan(kind, after, *declared)
    assert not again.changed and (again.fields, again.tags, again.untag) == ({}, {}, [])
    assert done.changed or normalise(kind, after) == done.before


def what_is_not_set_stays(kind, options, tags, purge_tags, done):
    for name in kind.field_names:
        if options[name] is None:
            assert done.after[name] == done.before[name]
            assert name not in done.fields or failed(done.before)
    if tags is None:
        assert done.after["tags"] == done.before["tags"] and not (done.tags or done.untag)
    else:
        kept = {} if purge_tags else done.before["tags"]
        assert done.after["tags"] == {**kept, **tags}
    handler, was = options.get("message_review_handler"), done.before.get("message_review_handler")
    if handler and was and done.after["message_review_handler"]:
        for part in ("uri", "fallback_result"):
            assert done.after["message_review_handler"][part] == (handler[part] or was[part])


# What the collection refuses is what the service's model refuses.


def accepted(shape, value):
    """What botocore's model says of a value: how large, or how many code points of which characters."""
    size = value if shape.type_name == "integer" else len(value)
    pattern = pattern_of(shape) if shape.type_name == "string" else None
    return shape.metadata["min"] <= size <= shape.metadata["max"] and (
        pattern is None or re.fullmatch(pattern, value) is not None
    )


def values_near(shape):
    """Values within the limits, at them and beyond them."""
    if shape.type_name == "integer":
        low, high = shape.metadata["min"], shape.metadata["max"]
        return st.integers(low - 3, low + 3) | st.integers(high - 3, high + 3) | st.integers(-(2**40), 2**40)
    low, high = shape.metadata["min"], shape.metadata["max"]
    sizes = st.sampled_from([0, max(low - 1, 0), low, low + 1, high - 1, high, high + 1])
    right, start = "aZ9-_./#", ""
    if "lambda" in (pattern_of(shape) or ""):
        start = "arn:aws:lambda:us-east-1:123456789012:function:"
    characters = st.sampled_from([right, right.lower(), "ab09-", "ab09-😀", "ab \n", "é", "A"])
    texts = st.builds(
        lambda size, alphabet, seed: (start + "".join(alphabet[(seed + at * 7) % len(alphabet)] for at in range(size)))[
            : max(size, 1 if start else 0)
        ],
        sizes,
        characters,
        st.integers(0, 50),
    )
    return texts | st.text(max_size=8)


@pytest.mark.parametrize("option", LIMITS)
def test_a_value_is_refused_when_the_model_refuses_it(option):
    kind = LOGGING_CONFIGURATION if option.startswith("destination") else ROOM
    shape, seen = shape_of(kind, option), set()

    @many(900)
    @given(values_near(shape))
    def check(value):
        *outer, last = option.split(".")
        params = {last: value}
        for part in reversed(outer):
            params = {part: params}
        errors = validate_resource(kind, params, "us-east-1")
        seen.add(bool(errors))
        assert bool(errors) is not accepted(shape, value), errors
        assert all(error.startswith(f"{option}: ") for error in errors)

    check()
    assert seen == {True, False}, "values of both sorts were tried"


@many(2000)
@example({"k" * 128: "😀" * 256})
@example({"k" * 129: ""})
@example({"k": "v" * 257})
@example({"": ""})
@given(
    st.dictionaries(
        st.text(max_size=4) | st.sampled_from(["aws:k", "AWS:k"]) | st.integers(),
        st.text(max_size=4) | st.integers() | st.booleans() | st.none() | st.floats(),
        max_size=4,
    )
)
def test_tags_are_refused_when_the_model_refuses_them(tags):
    shape = members("CreateRoom")["tags"]
    # Beyond the model: null has no text, and AWS keeps "aws:" for itself (AWS General Reference, tagging).
    good = all(value is not None for value in tags.values()) and all(
        accepted(shape.key, key) and accepted(shape.value, value) and not key.lower().startswith("aws:")
        for key, value in text_tags(tags).items()
    )
    assert bool(validate_tags(tags)) is not good
