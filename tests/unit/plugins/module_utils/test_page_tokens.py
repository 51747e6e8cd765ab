# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listing ends, whatever tokens the service returns."""

from __future__ import annotations

from itertools import chain, cycle, repeat
from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.aws_ivs.chat.plugins.module_utils._api import _pages


@pytest.mark.parametrize(
    ("tokens", "calls"),
    [(repeat("same"), 2), (cycle(["one", "two"]), 3), (chain(["one", "two", "three"], repeat("two")), 4)],
)
def test_a_page_token_that_repeats_is_an_error(tokens: Any, calls: int) -> None:
    made = 0

    def list_rooms(nextToken: str = "") -> dict[str, Any]:  # noqa: N803
        nonlocal made
        made += 1
        assert made <= calls
        return {"rooms": [], "nextToken": next(tokens)}

    with pytest.raises(AnsibleAWSError) as raised:
        list(_pages(list_rooms, "rooms"))
    assert "nextToken" in str(raised.value.message) and "second time" in str(raised.value.message)
    assert made == calls
