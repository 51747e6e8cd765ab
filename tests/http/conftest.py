# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of all tests over HTTP: the emulator (one a pytest worker, emptied before a test), boto3 clients,
modules and playbooks that run against it. A test that fails prints its tasks, their answers and the calls.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

# Before the first import of them: their assertions explain themselves as those of a test do.
pytest.register_assert_rewrite("tests.support", "tests.http.reliability.matrix", "emulator.tests.chat")

from ansible_collections.aws_ivs.chat.plugins.module_utils import _pacing, _polling, _retries, _waits, _write
from ansible_collections.aws_ivs.chat.plugins.module_utils._module import IvsChatModule
from botocore.loaders import JSONFileLoader

from emulator.tests.chat import Chat
from ivschat_emulator import Emulator
from tests.http.reliability import matrix
from tests.support import fuzzed_answers, stacks
from tests.support.answers import AnswerServer
from tests.support.clock import Clock
from tests.support.environment import ACCOUNT, REGION, aws_settings
from tests.support.harness import KNOWN_AFTER_APPLY, Run, run_module, start_module
from tests.support.playbooks import Finished, play
from tests.support.report import TASKS, RecordedEmulator, failure_report
from tests.support.service import create_function, create_logging_configuration, operations

ASSIGNED = ("arn", "id", "create_time", "update_time")

# Reports


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows what it did."""
    report = yield
    emulator = getattr(item, "funcargs", {}).get("emulator")
    if report.failed and emulator and (text := failure_report(emulator)):
        report.sections.append(("Tasks, answers and API calls", text))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    matrix.record_cell(report)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    matrix.write_matrix(terminalreporter)


# The emulator, and boto3 clients for what the modules do not do


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[RecordedEmulator]:
    with RecordedEmulator.start() as process:
        yield process


@pytest.fixture(autouse=True)
def emulator(emulator_process: RecordedEmulator) -> Iterator[Emulator]:
    """The emulator, empty; it must not have broken by the end of the test."""
    emulator_process.reset()
    TASKS.clear()
    yield emulator_process
    assert [call for call in emulator_process.calls(service=None) if call["error"] == "EmulatorError"] == []


@pytest.fixture(scope="session")
def clients(emulator_process: Emulator) -> Callable[..., Any]:
    """clients(service, region): boto3 clients, created once."""
    return cache(lambda service="ivschat", region=REGION: emulator_process.client(service, region))


@pytest.fixture
def chat(clients: Callable[..., Any]) -> Any:
    """A boto3 client of Amazon IVS Chat."""
    return clients()


@pytest.fixture
def calls(emulator: Emulator) -> Callable[[], list[str]]:
    """calls(): the operations that were called since it was asked last, in order."""

    def ask() -> list[str]:
        called = operations(emulator.calls())
        emulator.forget_calls()
        return called

    return ask


@pytest.fixture
def sent(emulator: Emulator) -> Callable[[], list[tuple[str, dict[str, Any]]]]:
    """sent(): the writes other than CreateRoom, as (operation, parameters)."""
    return lambda: [
        (call["operation"], call["parameters"]) for call in emulator.writes() if call["operation"] != "CreateRoom"
    ]


@pytest.fixture
def log(emulator: Emulator) -> Callable[[], str]:
    """log(): all that the emulator has kept of the calls."""
    return lambda: json.dumps(emulator.calls(service=None))


@pytest.fixture
def answers() -> Iterator[AnswerServer]:
    """A server whose answers a test can replace."""
    with AnswerServer() as server:
        yield server


# Resources


@pytest.fixture
def bucket(clients: Callable[..., Any]) -> dict[str, Any]:
    """A destination that exists, as a task declares it."""
    clients("s3").create_bucket(Bucket="chat-logs")
    return {"s3": {"bucket_name": "chat-logs"}}


@pytest.fixture
def destinations(clients: Callable[..., Any], bucket: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By type, a destination that exists, as a task declares it."""
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
    """function(name, allowed, code): creates a Lambda function that IVS Chat may invoke, if allowed; its ARN."""
    clients("iam").create_role(RoleName="review", AssumeRolePolicyDocument=json.dumps({"Statement": []}))

    def create(name: str = "review", allowed: bool = True, code: str = "") -> str:
        return create_function(clients, f"arn:aws:iam::{ACCOUNT}:role/review", name, code, allowed)

    return create


@pytest.fixture
def enter(emulator: Emulator, chat: Any) -> Iterator[Callable[[str], Chat]]:
    """enter(name): the room of this name, for chat clients to join; they leave at the end of the test."""
    with ExitStack() as rooms:

        def enter_room(name: str) -> Chat:
            (found,) = chat.list_rooms(name=name)["rooms"]
            return rooms.enter_context(Chat(emulator, chat, found["arn"]))

        yield enter_room


@pytest.fixture
def room_arns(chat: Any) -> dict[str, str]:
    """ARNs of three rooms, by their names."""
    return {name: chat.create_room(name=name)["arn"] for name in ("lobby", "hall", "stage")}


@pytest.fixture
def matrix_arns(shared_clients: None, emulator: Emulator, clients: Callable[..., Any]) -> matrix.Arns:
    """What exists before a task of the matrix: two logging configurations, a room that uses one of them, another room.

    Their ARNs by name.
    """
    for bucket in ("chat-logs", "chat-logs-2"):
        clients("s3").create_bucket(Bucket=bucket)
    chat = clients()
    arns = {
        resource["name"]: create_logging_configuration(chat, resource["name"], tags=resource["tags"])
        for resource in (matrix.ARCHIVE, matrix.SPARE)
    }
    arns["lobby"] = chat.create_room(**{**matrix.LOBBY, "loggingConfigurationIdentifiers": [arns["archive"]]})["arn"]
    chat.create_room(name="bystander")
    emulator.forget_calls()
    return arns


# Tasks


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """A run creates its client anew, as in a process of its own; only botocore's files are read once."""
    read = cache(JSONFileLoader().load_file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda self, path: read(path))
        yield


@pytest.fixture
def run(emulator: Emulator) -> Run:
    """run(module, check=, diff=, **options): a module's result, failed or not."""
    return partial(run_module, emulator.url)


@pytest.fixture
def room(run: Run) -> Run:
    """room(**options): the result of ivschat_room, by default without a wait."""
    return partial(run, "ivschat_room", wait=False)


@pytest.fixture
def logging(run: Run) -> Run:
    """logging(**options): the result of ivschat_logging_configuration, by default without a wait."""
    return partial(run, "ivschat_logging_configuration", wait=False)


@pytest.fixture
def stack(run: Run) -> Run:
    """stack(**options): the result of ivschat_stack for the stack `conference`, not limited to the service's quotas."""
    return partial(run, "ivschat_stack", name="conference", calls_per_second=stacks.UNLIMITED)


@pytest.fixture
def meanwhile(emulator: Emulator) -> Callable[..., dict[str, Any]]:
    """meanwhile(operation, act, when, skip, **options): a run of the stack that stops at a call until `act` is done."""

    def run_held(
        operation: str, act: Callable[[], Any], when: str = "before", skip: int = 0, **options: Any
    ) -> dict[str, Any]:
        emulator.hold(operation, when, skip)
        options = {"name": "conference", "calls_per_second": stacks.UNLIMITED, "wait_timeout": 60, **options}
        running = start_module(emulator.url, "ivschat_stack", **options)
        emulator.wait_held(30)
        act()
        emulator.release()
        return running.result()

    return run_held


@pytest.fixture
def room_info(run: Run) -> Callable[..., list[dict[str, Any]]]:
    """room_info(**options): the rooms that ivschat_room_info returns."""

    def ask(**options: Any) -> list[dict[str, Any]]:
        result = run("ivschat_room_info", **options)
        assert result["changed"] is False, result
        return list(result["rooms"])

    return ask


@pytest.fixture
def logging_info(run: Run) -> Callable[..., list[dict[str, Any]]]:
    """logging_info(**options): the logging configurations that ivschat_logging_configuration_info returns."""

    def ask(**options: Any) -> list[dict[str, Any]]:
        result = run("ivschat_logging_configuration_info", **options)
        assert result["changed"] is False, result
        return list(result["logging_configurations"])

    return ask


@pytest.fixture
def apply(emulator: Emulator, run: Run) -> Run:
    """apply(module, **options): the result of a run with a diff. Check mode must predict it without a write, and a
    second run must find nothing to do."""

    def agree(module: str, **options: Any) -> dict[str, Any]:
        options = {"wait": False, **options}
        key = module.removeprefix("ivschat_")
        written = len(emulator.writes())
        predicted = run(module, check=True, diff=True, **options)
        assert len(emulator.writes()) == written, "check mode writes nothing"
        result = run(module, diff=True, **options)
        for answer in (predicted, result):
            assert not answer.get("failed"), answer
        assert set(predicted) == set(result)
        assert predicted["changed"] is result["changed"] is (len(emulator.writes()) > written)
        assert predicted["diff"] == result["diff"]
        if result[key] is None:
            assert predicted[key] is None
        else:
            assert set(predicted[key]) == set(result[key])
            created = predicted[key]["arn"] == KNOWN_AFTER_APPLY
            late = ASSIGNED if created else ("update_time",) if result["changed"] else ()
            assert {name: value for name, value in predicted[key].items() if name not in late} == {
                name: value for name, value in result[key].items() if name not in late
            }
            unknown = [KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY, None, None]
            assert not created or [predicted[key][name] for name in ASSIGNED] == unknown
            assert None not in [result[key][name] for name in ASSIGNED]
        written = len(emulator.writes())
        again = run(module, diff=True, **options)
        assert again["changed"] is False and len(emulator.writes()) == written
        assert (again["diff"]["before"], again["diff"]["after"]) == ({}, {})
        assert again[key] == result[key]
        return result

    return agree


@pytest.fixture
def playbook(emulator: Emulator, tmp_path: Path) -> Callable[..., Finished]:
    """playbook(*playbooks, variables=, arguments=, **settings): runs playbooks, which must succeed, in tmp_path."""

    def run(*books: Any, variables: Any = None, arguments: tuple[str, ...] = (), **settings: str) -> Finished:
        settings = {**aws_settings(emulator.url), **settings}
        done = play(tmp_path, *books, arguments=(*arguments, "-e", json.dumps(variables or {})), **settings)
        assert done.returncode == 0 and "Traceback" not in done.stdout, done.stdout
        return done

    return run


# Time


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between the retries of a call take no time; those of waits do."""
    monkeypatch.setattr(_retries, "BACKOFF", {"delay": 0, "backoff": 1, "max_delay": 0})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits look again soon, and so do retries."""
    monkeypatch.setattr(_polling, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(_polling, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(_retries, "BACKOFF", {"delay": 0.01, "backoff": 1, "max_delay": 0.01})


@pytest.fixture
def settled_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Duplicates are not looked at again: no run that creates them can still be at work."""
    for module in ("_identity", "_stack_read"):
        monkeypatch.setattr(f"ansible_collections.aws_ivs.chat.plugins.module_utils.{module}.LOOK_AGAIN", 0.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """In this process, the collection's waits and the pauses between its retries take no time."""
    fake = Clock()
    for module in (_pacing, _polling, _retries, _waits, _write):
        monkeypatch.setattr(module, "time", fake)
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)
    return fake


@pytest.fixture(scope="session")
def client_cache() -> dict[str, Any]:
    """The clients that runs share, by their settings. A forked process has to clear it, with their connections."""
    return {}


@pytest.fixture
def shared_clients(monkeypatch: pytest.MonkeyPatch, client_cache: dict[str, Any]) -> None:
    """Runs in this process share clients of the same settings: to create one takes longer than all its calls."""
    create = IvsChatModule.client

    def client(module: IvsChatModule, service: str, **options: Any) -> Any:
        settings = ("endpoint_url", "region", "access_key", "secret_key", "session_token", "aws_config")
        key = repr([service, [module.params.get(setting) for setting in settings]])
        if key not in client_cache:
            client_cache[key] = create(module, service, **options)
        return client_cache[key]

    monkeypatch.setattr(IvsChatModule, "client", client)


@pytest.fixture
def fuzz(
    run: Run, answers: AnswerServer, clock: Clock, shared_clients: None, client_cache: dict[str, Any]
) -> Callable[[int], None]:
    """fuzz(chunk): a run for every seed of a chunk, with at least as many answers of any form."""

    @cache
    def calls_of(number: int) -> list[str]:
        scenario = fuzzed_answers.SCENARIOS[number]
        fuzzed_answers.prepare(answers, scenario[2])
        fuzzed_answers.run_scenario(run, answers, scenario)
        return list(answers.calls)

    def start_afresh() -> None:
        client_cache.clear()
        clock.pauses.clear()

    return lambda chunk: fuzzed_answers.run_chunk(run, answers, chunk, calls_of, start_afresh)
