# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM users with the policies of docs/policies, exactly as they stand there."""

from __future__ import annotations

import json
from typing import Any

from ivschat_emulator import Emulator
from tests.support.environment import ROOT

POLICIES = ROOT / "docs" / "policies"


def policy(name: str) -> dict[str, Any]:
    """The document of a policy, by the name of its file."""
    document: dict[str, Any] = json.loads((POLICIES / f"{name}.json").read_text())
    return document


def actions(document: dict[str, Any]) -> list[str]:
    """All actions of a document."""
    return [action for statement in document["Statement"] for action in statement["Action"]]


def without(document: dict[str, Any], action: str) -> dict[str, Any]:
    """A document without one action; a statement that only had this one is left out."""
    statements = [
        {**statement, "Action": [given for given in statement["Action"] if given != action]}
        for statement in document["Statement"]
    ]
    return {**document, "Statement": [statement for statement in statements if statement["Action"]]}


def keys_of_new_user(emulator: Emulator, document: dict[str, Any]) -> dict[str, str]:
    """Create a user with this policy alone, switch enforcement on, and return the user's keys as options of a task."""
    emulator.enforce_iam(False)
    iam = emulator.client("iam")
    name = f"user{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    emulator.enforce_iam()
    return {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
