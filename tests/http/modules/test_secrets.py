# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret keys and session tokens are nowhere in what a module hands to Ansible, nor in logs.

What Ansible prints is in tests/http/playbooks/test_secrets.py.
"""

from __future__ import annotations

import json

import pytest

from tests.support.environment import REGION
from tests.support.harness import run_module
from tests.support.secrets import SECRETS, TASKS, assert_nowhere


@pytest.mark.parametrize("module", TASKS)
def test_results(emulator, bucket, log, module):
    """Not even one that Ansible has blanked."""
    options = {"access_key": "AKIAEMULATORSECRETS1", **SECRETS, "region": REGION, "debug_botocore_endpoint_logs": True}
    for given in TASKS[module]:
        result = run_module(emulator.url, module, diff=True, **options, **given)
        result.pop("invocation", None)
        assert_nowhere(SECRETS.values(), json.dumps(result), log())
        assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" not in json.dumps(result) and "********" not in json.dumps(result)
