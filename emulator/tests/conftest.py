# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from emulator.tests.chat import Chat
from emulator.tests.helpers import make_function
from emulator.tests.wire import REGION
from ivschat_emulator import Emulator


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    with Emulator.start() as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """The emulator, empty; it must not have failed by the end of the test."""
    emulator_process.reset()
    yield emulator_process
    assert [call for call in emulator_process.calls(service=None) if call["error"] == "EmulatorError"] == []


@pytest.fixture(scope="session")
def clients(emulator_process: Emulator) -> Callable[..., Any]:
    """clients(service, region): boto3 clients, created once; to create one takes longer than most tests."""
    return cache(lambda service="ivschat", region=REGION: emulator_process.client(service, region))


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


@pytest.fixture
def chat(emulator: Emulator, ivschat: Any) -> Iterator[Chat]:
    """A room to talk in."""
    with Chat(emulator, ivschat) as room:
        yield room
