# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls sent without botocore, which refuses to send many invalid parameters."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

import botocore.session

from ivschat_emulator import Emulator

REGION, ACCOUNT = "us-east-1", "123456789012"
SCOPE = f"AWS4-HMAC-SHA256 Credential=AKIAEMULATOR00000000/20260101/{REGION}/ivschat/aws4_request"
MODEL = botocore.session.Session().get_service_model("ivschat")
ARN = f"arn:aws:ivschat:{REGION}:{ACCOUNT}:"
LAMBDA_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
SAMPLES: dict[str, Any] = {
    "RoomIdentifier": ARN + "room/a",
    "LoggingConfigurationIdentifier": ARN + "logging-configuration/a",
    "ResourceArn": ARN + "room/a",
    "LambdaArn": LAMBDA_ARN + "a",
    "S3DestinationConfiguration": {"bucketName": "aaa"},
}


def text(shape: Any, length: int) -> str:
    """A string of that length that fits the shape's pattern; characters beyond the BMP where it has none."""
    start = str(SAMPLES.get(shape.name, ""))[:length]
    return start + ("a" if shape.metadata.get("pattern") else "\U0001f600") * (length - len(start))


def sample(shape: Any) -> Any:
    """Some valid value."""
    if shape.type_name == "structure":
        names = shape.required_members or list(shape.members)[:1]
        return {name: sample(shape.members[name]) for name in names}
    if shape.name in SAMPLES:
        return SAMPLES[shape.name]
    if shape.type_name == "string":
        return shape.metadata["enum"][0] if "enum" in shape.metadata else text(shape, shape.metadata.get("min", 1))
    return {"integer": shape.metadata.get("min"), "list": [], "map": {}}[shape.type_name]


def in_url(operation: str, member: str) -> bool:
    """Whether the member is sent in the URL, where every value is a string."""
    return "location" in MODEL.operation_model(operation).input_shape.members[member].serialization


def send(emulator: Emulator, operation: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send a call without botocore; its status, and the members of its error with the code as `code`."""
    model = MODEL.operation_model(operation)
    quoted = {key: quote(str(value), safe="", errors="replace") for key, value in parameters.items()}
    url = model.http["requestUri"].format(**quoted)
    in_body = {name: value for name, value in parameters.items() if not in_url(operation, name)}
    if parameters.get("tagKeys"):
        url += "?" + urlencode({"tagKeys": parameters["tagKeys"]}, doseq=True)
    request = urllib.request.Request(emulator.url + url, json.dumps(in_body).encode(), {"Authorization": SCOPE})
    request.method = model.http["method"]
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, {}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {**json.load(error), "code": error.headers["x-amzn-ErrorType"]}
