# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""More than 2,000 answers over HTTP that no service returns: see tests/http/modules/test_fuzzed_answers.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("chunk", range(2, 12))
def test_any_answer(fuzz: Callable[[int], None], chunk: int) -> None:
    fuzz(chunk)
