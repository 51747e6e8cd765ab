# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input as users come with it that is valid, and errors that only the service can find.

What is refused before any call is in tests/http/modules/test_bad_input.py, missing or expired credentials and wrong
regions in test_errors.py there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivschat_emulator import Emulator
from tests.support.clock import Clock
from tests.support.harness import Run, failure_message
from tests.support.service import holdings


@pytest.mark.parametrize("kind", ["room", "logging_configuration"])
def test_tags_of_other_types_become_text(kind: str, bucket: dict[str, Any], run: Run, chat: Any) -> None:
    """As in amazon.aws; the second run compares the same texts."""
    destination = {"destination_configuration": bucket}
    tags = {"number": 7, "real": 1.5, "truth": True, "empty": "", "emoji": "😀" * 256, "Case": "x", "case": "y"}
    texts = {**tags, "number": "7", "real": "1.5", "truth": "True"}
    options = {"name": "it", "tags": tags, **(destination if kind != "room" else {})}
    assert run(f"ivschat_{kind}", check=True, **options)[kind]["tags"] == texts
    assert run(f"ivschat_{kind}", **options)[kind]["tags"] == texts
    (held,) = holdings(chat)["rooms" if kind == "room" else "logging"]
    assert held["tags"] == texts
    assert run(f"ivschat_{kind}", **options)["changed"] is False
    found = run(f"ivschat_{kind}_info", tags={"number": 7, "truth": True})
    assert [resource["name"] for resource in found[f"{kind}s"]] == ["it"]


def test_a_name_of_128_characters(run: Run) -> None:
    assert run("ivschat_room", name="n" * 128)["room"]["name"] == "n" * 128


def test_tags_that_are_kept_count(run: Run, emulator: Emulator) -> None:
    """50 tags are there, and one more is to be set without removing any: refused before a write, in check mode too."""
    tags = {f"k{number}": "" for number in range(50)}
    assert run("ivschat_room", name="it", tags=tags)["changed"]
    emulator.forget_calls()
    for check in (True, False):
        message = failure_message(run("ivschat_room", check=check, name="it", tags={"one": "more"}, purge_tags=False))
        assert "tags" in message and "51" in message and "the maximum is 50" in message
    assert emulator.writes() == []


def test_missing_lambda_permission(run: Run, function: Callable[..., str], emulator: Emulator, clock: Clock) -> None:
    """Tried for about half a minute, since permissions spread slowly; then the message says which one is missing."""
    options = {"name": "it", "message_review_handler": {"uri": function(allowed=False)}}
    message = failure_message(run("ivschat_room", **options))
    for part in ("lambda:InvokeFunction", "ivschat.amazonaws.com", "message_review_handler.uri", "ValidationException"):
        assert part in message
    assert 25 <= sum(clock.pauses) <= 35
    assert len(emulator.calls("CreateRoom")) == len(clock.pauses) + 1 == 18


@pytest.mark.parametrize("exists", [False, True])
def test_lambda_permission_that_comes_late(
    exists: bool, run: Run, function: Callable[..., str], emulator: Emulator, clock: Clock, chat: Any
) -> None:
    uri = function()
    if exists:
        run("ivschat_room", name="it")
    operation = "UpdateRoom" if exists else "CreateRoom"
    fault = {"operation": operation, "error": "ValidationException", "when": "before", "count": 5, "skip": 0}
    emulator.request("POST", "ivschat/faults", {**fault, "message": "uri failed: invalid lambda permission"})
    result = run("ivschat_room", name="it", message_review_handler={"uri": uri})
    assert result["changed"] and result["room"]["message_review_handler"]["uri"] == uri
    assert len(emulator.calls(operation)) == 6
    (room,) = holdings(chat)["rooms"]
    assert room["messageReviewHandler"]["uri"] == uri


def test_another_validation_error_is_not_repeated(run: Run, emulator: Emulator, clock: Clock) -> None:
    emulator.fault("CreateRoom", "ValidationException")
    assert "ValidationException" in failure_message(run("ivschat_room", name="it"))
    assert clock.pauses == [] and len(emulator.calls("CreateRoom")) == 1
