# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page at /chat with a keyboard, with a screen reader, on a narrow screen, in the dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ivschat_emulator import Emulator
from tests.demo.sample_chat import create_sample_chat

LONG = "a" * 60
CONTRASTS = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = numbers(getComputedStyle(at).backgroundColor);
      if (color[3] !== 0) return color;
    }
    return numbers(getComputedStyle(document.body).backgroundColor);
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!element.checkVisibility() || element.disabled || element.closest("option")) continue;
    const placeholder = element.placeholder ? [getComputedStyle(element, "::placeholder").color] : [];
    const colors = hasText || element.matches("input, select") ? [getComputedStyle(element).color, ...placeholder] : [];
    for (const color of colors) found.push([element.outerHTML.slice(0, 90), contrast(numbers(color), behind(element))]);
  }
  return found;
}"""


@pytest.fixture
def busy(page: Page, open_chat: Callable[..., Page], emulator: Emulator) -> Page:
    """The page with everything on it: messages, events, an error, users in each state, records."""
    room = create_sample_chat(emulator)["lobby"]
    open_chat(room)
    for user in ("ann", LONG):
        page.get_by_label("User ID").fill(user)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_role("button", name=f"Leave as {user}")).to_be_visible()
    for content in ("hello", LONG * 5, "spam"):
        page.get_by_label("Send as").select_option("ann")
        page.get_by_label("Message", exact=True).fill(content)
        page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Error 406")).to_be_visible()
    page.get_by_label("Event name").fill(LONG)
    page.get_by_role("button", name="Send event").click()
    page.get_by_role("button", name="Delete the message hello").click()
    page.get_by_role("button", name=f"Leave as {LONG}").click()
    page.get_by_role("button", name="Create a token only").click()
    page.get_by_role("button", name="Flush and show").click()
    expect(page.get_by_role("list", name="Records in")).to_have_count(3)
    emulator.fault("SendEvent", "ThrottlingException")
    page.get_by_role("button", name="Send event").click()
    expect(page.get_by_role("alert")).to_contain_text("Throttling")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("is_empty", [True, False])
def test_contrast(page: Page, request: pytest.FixtureRequest, open_chat: Any, scheme: Any, is_empty: bool) -> None:
    page.emulate_media(color_scheme=scheme)
    if is_empty:
        open_chat()
        expect(page.get_by_role("button", name="Create a demonstration room")).to_be_visible()
    else:
        request.getfixturevalue("busy")

    contrasts = page.evaluate(CONTRASTS)

    assert len(contrasts) > (5 if is_empty else 60)
    assert [entry for entry in contrasts if entry[1] < 4.5] == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(242, 244, 247)") == (scheme == "light")


def test_no_horizontal_scrolling(busy: Page) -> None:
    for width in (320, 360, 800, 1280):
        busy.set_viewport_size({"width": width, "height": 700})
        assert busy.evaluate("document.documentElement.scrollWidth") <= width
        overflowing = busy.evaluate(
            "() => [...document.querySelectorAll('section, section *')]"
            ".filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth)"
            ".map((each) => each.outerHTML.slice(0, 90))"
        )
        assert (width, overflowing) == (width, [])


def test_everything_that_takes_the_focus_has_a_name_and_shows_it(busy: Page) -> None:
    stops: list[list[Any]] = []
    busy.locator("#skip").focus()
    for _press in range(80):
        stop = busy.evaluate(
            "() => { const at = document.activeElement, style = getComputedStyle(at);"
            " return [at.tagName, style.outlineStyle, parseFloat(style.outlineWidth),"
            " at.id || at.ariaLabel || at.value] }"
        )
        if stop[0] == "BODY":
            break
        stops.append(stop)
        busy.keyboard.press("Tab")
    assert len(stops) > 25
    assert [stop for stop in stops[1:] if stop[1] == "none" or stop[2] < 2] == []
    order = [stop[3] for stop in stops]
    landmarks = ["skip", "region", "refresh", "user", "token-only", "Messages and events", "sender", "flush"]
    assert [name for name in order if name in landmarks] == landmarks

    session = busy.context.new_cdp_session(busy)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    focusable = [
        node
        for node in nodes
        if node["role"]["value"] not in ("RootWebArea", "generic")
        and any(one["name"] == "focusable" and one["value"]["value"] for one in node.get("properties", []))
    ]
    assert len(focusable) > 25
    assert [node["role"]["value"] for node in focusable if not node.get("name", {}).get("value")] == []


def test_structure_for_screen_readers(busy: Page) -> None:
    assert busy.locator("html").get_attribute("lang") == "en"
    expect(busy.get_by_role("main")).to_have_count(1)
    expect(busy.get_by_role("banner")).to_have_count(1)
    expect(busy.get_by_role("heading", level=1)).to_have_text(["IVS Chat emulator"])
    titles = ["Rooms", "Users", "Chat", "Logged records"]
    assert busy.get_by_role("heading", level=2).all_text_contents() == titles
    for title in titles:
        expect(busy.get_by_role("region", name=title, exact=True)).to_have_count(1)
    expect(busy.get_by_role("heading", level=3)).to_have_count(3)
    expect(busy.get_by_role("group", name="Rooms")).to_have_count(1)
    expect(busy.get_by_role("group", name="Capabilities")).to_have_count(1)
    expect(busy.get_by_role("group", name="Moderation")).to_have_count(1)
    # New entries are read, the growing list of receivers is not.
    expect(busy.get_by_role("log", name="Messages and events")).to_have_attribute("aria-relevant", "additions")
    assert busy.evaluate("new Set([...document.querySelectorAll('[id]')].map(({ id }) => id)).size") == (
        busy.locator("[id]").count()
    )


def test_a_chat_with_the_keyboard_alone(page: Page, open_chat: Callable[..., Page], ivschat: Any) -> None:
    rooms = {name: ivschat.create_room(name=name)["arn"] for name in ("second", "first")}
    open_chat(rooms["first"])
    press, write = page.keyboard.press, page.keyboard.type

    def tab_to(name: str) -> None:
        for _press in range(40):
            press("Tab")
            if page.evaluate("document.activeElement.id || document.activeElement.ariaLabel") == name:
                return
        raise AssertionError(f"{name} is out of reach")

    page.locator("body").press("Tab")
    expect(page.get_by_role("link", name="Skip to the chat")).to_be_focused()
    press("Tab"), press("Tab"), press("Tab")
    expect(page.get_by_role("radio", name="first")).to_be_focused()
    press("ArrowDown")
    expect(page.get_by_role("definition").filter(has_text=rooms["second"])).to_be_visible()
    press("Tab")
    expect(page.get_by_label("User ID")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("button", name="Leave as ann")).to_be_visible()
    tab_to("content")
    write("hello")
    press("Enter")
    expect(page.get_by_role("log").get_by_text("hello")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.press("Shift+Tab"), page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Delete the message hello of ann")).to_be_focused()
    press("Enter")
    expect(page.get_by_text("(deleted)")).to_be_visible()
    expect(page.get_by_role("log")).to_be_focused()
    tab_to("event-name")
    write("poll")
    press("Enter")
    expect(page.get_by_role("log").get_by_text("poll")).to_be_visible()
    for _press in range(40):
        press("Shift+Tab")
        if page.evaluate("document.activeElement.ariaLabel") == "Leave as ann":
            break
    press("Enter")
    # The button is gone; the focus stays near.
    expect(page.get_by_role("heading", name="Users")).to_be_focused()
    press("Tab")
    expect(page.get_by_role("button", name="Connect again as ann")).not_to_be_focused()


def test_the_focus_stays_while_the_list_of_users_changes(
    page: Page, open_chat: Callable[..., Page], ivschat: Any
) -> None:
    open_chat(ivschat.create_room(name="lobby")["arn"])
    for user in ("ann", "bob"):
        page.get_by_label("User ID").fill(user)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.get_by_role("button", name=f"Leave as {user}")).to_be_visible()
    page.get_by_role("button", name="Disconnect ann").focus()

    ivschat.disconnect_user(roomIdentifier=ivschat.list_rooms()["rooms"][0]["arn"], userId="bob")

    expect(page.get_by_role("button", name="Connect again as bob")).to_be_visible()
    expect(page.get_by_role("button", name="Disconnect ann")).to_be_focused()


def test_the_skip_link(page: Page, open_chat: Callable[..., Page], ivschat: Any) -> None:
    arn = ivschat.create_room(name="lobby")["arn"]
    open_chat(arn)

    page.locator("body").press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("region", name="Chat", exact=True)).to_be_focused()
    assert arn in page.evaluate("decodeURIComponent(location.hash)")


def test_nothing_moves(busy: Page) -> None:
    """There is nothing that a wish for less motion would have to stop."""
    moving = busy.evaluate(
        "() => [...document.querySelectorAll('*')].map((each) => getComputedStyle(each))"
        ".filter((style) => style.animationName !== 'none' || style.transitionDuration !== '0s'"
        " || style.scrollBehavior === 'smooth').length"
    )
    assert moving == 0
