# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which answers are throttling, and so had no effect and are repeated, also those of creates."""

from __future__ import annotations

import pytest
from ansible_collections.aws_ivs.chat.plugins.module_utils import _retries
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker


def client_error(code: str, status: int) -> ClientError:
    response = {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateRoom")


def attempts(error: Exception, *causes: str) -> int:
    """How often a call that repeats throttling alone is made while it fails with this error."""
    made = 0

    def create() -> None:
        nonlocal made
        made += 1
        raise error

    with pytest.raises(type(error)):
        _retries.retry_non_idempotent(create, *causes)()
    return made


THROTTLED = [
    ("ThrottlingException", 429),
    ("ThrottlingException", 400),
    ("ThrottledException", 429),
    ("RequestThrottledException", 400),
    ("LimitExceededException", 400),
    ("TooManyRequestsException", 429),
    ("SomethingNew", 429),
    ("429", 429),
    ("", 429),
    ("ServiceQuotaExceededException", 429),
    ("SlowDown", 503),
    ("ThrottlingException", 503),
]
NOT_THROTTLED = [
    ("ServiceQuotaExceededException", 402),
    ("LimitExceededException", 402),
    ("PendingVerification", 403),
    ("AccessDeniedException", 403),
    ("ValidationException", 400),
    ("503", 503),
    ("ServiceUnavailable", 503),
    ("ConflictException", 409),
]


@pytest.mark.parametrize(("code", "status"), THROTTLED)
def test_throttling_is_repeated_and_had_no_effect(code: str, status: int, pauses: list[float]) -> None:
    error = client_error(code, status)
    assert not _retries.outcome_unknown(error)
    assert attempts(error) == 30
    assert len(pauses) == 29 and len(set(pauses)) > 20, "the pauses are random"
    assert max(pauses) <= 4 and all(0 <= pause <= 0.5 * 2**number for number, pause in enumerate(pauses))


@pytest.mark.parametrize(("code", "status"), NOT_THROTTLED)
def test_nothing_else_is_throttling(code: str, status: int, pauses: list[float]) -> None:
    error = client_error(code, status)
    assert _retries.outcome_unknown(error) is (status == 503)
    assert attempts(error) == 1 and pauses == []


def test_all_codes_that_botocore_calls_throttling() -> None:
    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) <= set(_retries.THROTTLING_CODES)
