# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helpers for tests with boto3 clients."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.tests.wire import ACCOUNT, REGION


def make_function(clients: Callable[..., Any], region: str = REGION) -> str:
    """A Lambda function `review` without any permission; its ARN."""
    role = f"arn:aws:iam::{ACCOUNT}:role/review"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    try:
        clients("iam").create_role(RoleName="review", AssumeRolePolicyDocument=trust)
    except clients("iam").exceptions.EntityAlreadyExistsException:
        pass
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("review.py", "")
    function = clients("lambda", region).create_function(
        FunctionName="review", Runtime="python3.13", Role=role, Handler="review.h", Code={"ZipFile": code.getvalue()}
    )
    return str(function["FunctionArn"])


def plain(response: dict[str, Any]) -> dict[str, Any]:
    """A response without what botocore adds."""
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def refused(call: Callable[..., Any], **parameters: Any) -> dict[str, Any]:
    """The error response of a call, with `code` and `status` at the top."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response: dict[str, Any] = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return {**plain(response), "code": response["Error"]["Code"], "status": status}


def listed(call: Callable[..., Any], **parameters: Any) -> list[dict[str, Any]]:
    """All items of a list operation, from all its pages."""
    items: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = plain(call(**parameters, **token))
        token = {"nextToken": page.pop("nextToken")} if "nextToken" in page else {}
        [found] = page.values()
        items += found
        if not token:
            return items
