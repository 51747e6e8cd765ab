# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from wire import ACCOUNT, REGION

from tests.emulator.handle import Emulator


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    with Emulator.start() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """The emulator, empty; it must not have broken by the end of the test."""
    emulator_process.reset()
    yield emulator_process
    assert [call for call in emulator_process.calls(service=None) if call["error"] == "EmulatorError"] == []


@pytest.fixture(scope="session")
def clients(emulator_process: Emulator) -> Callable[..., Any]:
    """Clients by service and region, made once: making one costs more than most tests."""
    made: dict[tuple[str, str], Any] = {}

    def client(service: str = "ivschat", region: str = REGION) -> Any:
        if (service, region) not in made:
            made[service, region] = emulator_process.client(service, region)
        return made[service, region]

    return client


@pytest.fixture
def ivschat(clients: Callable[..., Any]) -> Any:
    return clients()


@pytest.fixture
def bucket(clients: Callable[..., Any]) -> dict[str, Any]:
    """A destination that exists."""
    clients("s3").create_bucket(Bucket="chat-logs")
    return {"s3": {"bucketName": "chat-logs"}}


@pytest.fixture
def handler(clients: Callable[..., Any]) -> str:
    """A Lambda function that IVS Chat may invoke."""
    arn = make_function(clients)
    clients("lambda").add_permission(
        FunctionName="review", StatementId="ivschat", Action="lambda:InvokeFunction", Principal="ivschat.amazonaws.com"
    )
    return arn


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
    """All items of a list operation."""
    items: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = plain(call(**parameters, **token))
        token = {"nextToken": page.pop("nextToken")} if "nextToken" in page else {}
        [found] = page.values()
        items += found
        if not token:
            return items
