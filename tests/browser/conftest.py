# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator, and Debian's Chromium driven by Playwright. A test that fails leaves a screenshot in .cache/browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from ivschat_emulator import Emulator
from tests.browser.chromium import chromium
from tests.support.environment import CACHE

SCREENSHOTS = CACHE / "browser"
PAGE: pytest.StashKey[Page] = pytest.StashKey()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    with Emulator.start() as emulator:
        yield emulator


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    """The emulator, empty."""
    emulator_process.reset()
    return emulator_process


@pytest.fixture
def ivschat(emulator: Emulator) -> Any:
    return emulator.client("ivschat")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when != "teardown" and report.failed and PAGE in item.stash:
        path = SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', item.name)}.png"
        item.stash[PAGE].screenshot(path=path, full_page=True)
        report.sections.append(("Screenshot", str(path)))
    return report


@pytest.fixture
def page(browser: Browser, emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty tab; the page must not have logged an error by the end of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=emulator.url)
    context.set_default_timeout(10_000)
    page = request.node.stash[PAGE] = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Chromium reports each response of 400 and above, and each handshake that is refused.
        if message.type == "error" and not re.match("Failed to load resource|WebSocket connection", message.text):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def open_chat(page: Page, emulator: Emulator) -> Callable[..., Page]:
    """open_chat(room ARN, region): the page with the room chosen; with rooms, when it has loaded them."""

    def opened(room: str = "", region: str = "us-east-1") -> Page:
        page.goto(f"/chat#region={region}" + (f"&room={room}" if room else ""))
        if room:
            page.get_by_role("definition").get_by_text(room).wait_for()
        return page

    return opened
