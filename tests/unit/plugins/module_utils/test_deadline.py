# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait, with all retries inside it, ends with its deadline."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.aws_ivs.chat.plugins.module_utils import _api, _polling, _retries
from botocore.exceptions import ClientError, ReadTimeoutError


class Clock:
    """The time module: a pause takes no time, but the clock goes on by it."""

    def __init__(self) -> None:
        self.pauses: list[float] = []  # in seconds

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.pauses.append(seconds)

    def monotonic(self) -> float:
        return sum(self.pauses)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    stand_in = Clock()
    monkeypatch.setattr(_polling, "time", stand_in)
    monkeypatch.setattr(_retries, "time", stand_in)
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)
    return stand_in


def error(code: str, status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetRoom")


class Service:
    """A client whose GetRoom always fails."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.calls = 0

    def get_room(self, identifier: str) -> dict[str, Any]:
        self.calls += 1
        raise self.failure


FAILURES = [
    error("ThrottlingException", 429),
    error("InternalServerException", 500),
    ReadTimeoutError(endpoint_url="u"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=["throttled", "5xx", "no answer"])
@pytest.mark.parametrize("timeout", [0, 1, 1.4])
def test_retries_end_with_the_wait(clock: Clock, failure: Exception, timeout: float) -> None:
    service = Service(failure)
    with pytest.raises(AnsibleAWSError) as raised:
        _polling.wait_until("it shows", lambda: _api.get_room(service, "arn"), timeout)
    assert clock.monotonic() <= timeout and service.calls >= 1
    assert str(raised.value.message).startswith(f"Timed out after {timeout:g} s waiting until it shows")
    assert raised.value.exception is failure, "its code and request ID are part of the message"


def test_what_was_seen_before_is_told(clock: Clock) -> None:
    answers = iter([_polling.NotReady("state CREATING")])

    def look() -> None:
        for not_ready in answers:
            raise not_ready
        _api.get_room(Service(FAILURES[0]), "arn")

    with pytest.raises(AnsibleAWSError, match="last seen: state CREATING") as raised:
        _polling.wait_until("it is there", look, 2)
    assert raised.value.exception is FAILURES[0]


def test_a_failure_that_retries_do_not_help_is_no_timeout(clock: Clock) -> None:
    with pytest.raises(AnsibleAWSError) as raised:
        _polling.wait_until("it shows", lambda: _api.get_room(Service(error("AccessDeniedException", 403)), "arn"), 60)
    assert raised.value.message == "Failed to get room" and clock.pauses == []


def test_a_failure_that_outlasts_its_retries_is_no_timeout(clock: Clock) -> None:
    service = Service(FAILURES[1])
    with pytest.raises(AnsibleAWSError) as raised:
        _polling.wait_until("it shows", lambda: _api.get_room(service, "arn"), 600)
    assert raised.value.message == "Failed to get room" and service.calls == 4


def test_a_failure_that_passes_is_waited_out(clock: Clock) -> None:
    failures = iter([FAILURES[0]] * 5)

    def get_room(identifier: str) -> dict[str, Any]:
        for failure in failures:
            raise failure
        return {"arn": identifier}

    client = type("Client", (), {"get_room": staticmethod(get_room)})
    assert _polling.wait_until("it shows", lambda: _retries.retry_idempotent(client.get_room)(identifier="a"), 60)


def test_the_deadline_ends_with_the_wait(clock: Clock) -> None:
    _polling.wait_until("nothing", lambda: None, 0)
    service = Service(FAILURES[0])
    with pytest.raises(AnsibleAWSError):
        _api.get_room(service, "arn")
    assert service.calls == 30


def test_an_inner_deadline_never_extends_the_outer_one(clock: Clock) -> None:
    service = Service(FAILURES[0])
    with _retries.deadline(1), _retries.deadline(60), pytest.raises(_retries.DeadlinePassed):
        _api.get_room(service, "arn")
    assert clock.monotonic() <= 1


@pytest.mark.parametrize("timeout", [0, 0.1, 1, 7.77])
def test_the_last_pause_never_passes_the_deadline(clock: Clock, timeout: float) -> None:
    looks: list[float] = []

    def look() -> None:
        looks.append(clock.monotonic())
        raise _polling.NotReady("no")

    with pytest.raises(AnsibleAWSError, match=f"Timed out after {timeout:g} s"):
        _polling.wait_until("never", look, timeout)
    assert looks[0] == 0 and looks[-1] == pytest.approx(timeout) and max(looks) <= timeout + 1e-9
