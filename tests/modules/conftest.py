# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emulator (one for each pytest worker, emptied before each test), its neighbours, and modules run against it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from ivschat_emulator import Emulator
from tests.modules.harness import run_module

REGION, ACCOUNT = "us-east-1", "123456789012"

ASSIGNED = ("arn", "id", "create_time", "update_time")
KNOWN_AFTER_APPLY = "(known after apply)"  # the ARN and the ID in a predicted create

Run = Callable[..., dict[str, Any]]


def refusal(result: dict[str, Any]) -> str:
    """The message of a failed run, which must be one clean line."""
    assert result.get("failed"), result
    assert "exception" not in result and bool(result.get("changed")) is bool(result.get("writes"))
    message = result["msg"]
    assert isinstance(message, str) and "\n" not in message and "Traceback" not in message
    return message


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    with Emulator.start() as process:
        yield process


@pytest.fixture(autouse=True)
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """The emulator, empty; it must not have broken by the end of the test."""
    emulator_process.reset()
    yield emulator_process
    assert [call for call in emulator_process.calls(service=None) if call["error"] == "EmulatorError"] == []


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Each run makes its client anew, as in a process of its own; only the reading of botocore's files is spared."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda self, path: read(path))
        yield


@pytest.fixture(scope="session")
def clients(emulator_process: Emulator) -> Callable[..., Any]:
    """clients(service, region): boto3 clients for what the modules do not do, made once."""
    return cache(lambda service="ivschat", region=REGION: emulator_process.client(service, region))


@pytest.fixture
def run(emulator: Emulator) -> Run:
    """run(module, check=, diff=, **options): a module's result, failed or not."""
    return partial(run_module, emulator.url)


@pytest.fixture
def room(run: Run) -> Run:
    """room(**options): the result of ivschat_room, which does not wait unless told to."""
    return partial(run, "ivschat_room", wait=False)


@pytest.fixture
def logging(run: Run) -> Run:
    """logging(**options): the result of ivschat_logging_configuration, which does not wait unless told to."""
    return partial(run, "ivschat_logging_configuration", wait=False)


@pytest.fixture
def calls(emulator: Emulator) -> Callable[[], list[str]]:
    """calls(): the operations that were called since it was asked last, in order."""

    def ask() -> list[str]:
        operations = [str(call["operation"]) for call in emulator.calls()]
        emulator.forget_calls()
        return operations

    return ask


@pytest.fixture
def apply(emulator: Emulator, run: Run) -> Run:
    """apply(module, **options): the result of a run with a diff. Check mode must foretell it without a write, and a
    second run must find nothing to do."""

    def agree(module: str, **options: Any) -> dict[str, Any]:
        options = {"wait": False, **options}
        key = module.removeprefix("ivschat_")
        written = len(emulator.writes())
        foretold = run(module, check=True, diff=True, **options)
        assert len(emulator.writes()) == written, "check mode writes nothing"
        result = run(module, diff=True, **options)
        for each in (foretold, result):
            assert not each.get("failed"), each
        assert set(foretold) == set(result)
        assert foretold["changed"] is result["changed"] is (len(emulator.writes()) > written)
        assert foretold["diff"] == result["diff"]
        if result[key] is None:
            assert foretold[key] is None
        else:
            assert set(foretold[key]) == set(result[key])
            created = foretold[key]["arn"] == KNOWN_AFTER_APPLY
            late = ASSIGNED if created else ("update_time",) if result["changed"] else ()
            assert {name: value for name, value in foretold[key].items() if name not in late} == {
                name: value for name, value in result[key].items() if name not in late
            }
            unknown = [KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY, None, None]
            assert not created or [foretold[key][name] for name in ASSIGNED] == unknown
            assert None not in [result[key][name] for name in ASSIGNED]
        written = len(emulator.writes())
        again = run(module, diff=True, **options)
        assert again["changed"] is False and len(emulator.writes()) == written
        assert (again["diff"]["before"], again["diff"]["after"]) == ({}, {})
        assert again[key] == result[key]
        return result

    return agree


@pytest.fixture
def settled_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twins are not looked at again: no run that makes them can still be at work."""
    for module in ("_identity", "_stack_read"):
        monkeypatch.setattr(f"ansible_collections.aws_ivs.chat.plugins.module_utils.{module}.LOOK_AGAIN", 0.0)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between the retries of a call take no time; those of waits do."""
    pause = "ansible_collections.aws_ivs.chat.plugins.module_utils._retries.BACKOFF"
    monkeypatch.setattr(pause, {"delay": 0, "backoff": 1, "max_delay": 0})


@pytest.fixture
def bucket(clients: Callable[..., Any]) -> dict[str, Any]:
    """A destination that exists, as a task declares it."""
    clients("s3").create_bucket(Bucket="chat-logs")
    return {"s3": {"bucket_name": "chat-logs"}}


@pytest.fixture
def destinations(clients: Callable[..., Any], bucket: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A destination of each type that exists, as a task declares it."""
    clients("logs").create_log_group(logGroupName="/chat/logs")
    stream = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/firehose", "BucketARN": "arn:aws:s3:::chat-logs"}
    clients("firehose").create_delivery_stream(DeliveryStreamName="chat-stream", S3DestinationConfiguration=stream)
    return {
        "s3": bucket,
        "cloud_watch_logs": {"cloud_watch_logs": {"log_group_name": "/chat/logs"}},
        "firehose": {"firehose": {"delivery_stream_name": "chat-stream"}},
    }


@pytest.fixture
def function(clients: Callable[..., Any]) -> Callable[..., str]:
    """function(name, allowed): makes a Lambda function, which IVS Chat may invoke unless told otherwise; its ARN."""
    clients("iam").create_role(RoleName="review", AssumeRolePolicyDocument=json.dumps({"Statement": []}))

    def make(name: str = "review", allowed: bool = True) -> str:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("review.py", "")
        made = clients("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/review",
            Handler="review.handler",
            Code={"ZipFile": code.getvalue()},
        )
        if allowed:
            permission = {"Action": "lambda:InvokeFunction", "Principal": "ivschat.amazonaws.com"}
            clients("lambda").add_permission(FunctionName=name, StatementId="ivschat", **permission)
        return str(made["FunctionArn"])

    return make
