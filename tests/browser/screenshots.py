# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the screenshots of the documentation to docs/images (`make screenshots`). To add one, add it to SHOTS.

The emulator invents IDs and times. They are replaced by fixed ones, so that a screenshot changes only with its page.
Screenshots of the documentation site, to look at, go to .cache/docs/screenshots.
"""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from ivschat_emulator import Emulator
from tests.browser.chromium import chromium
from tests.demo.sample_chat import create_sample_chat
from tests.support.environment import CACHE, ROOT

IMAGES = ROOT / "docs" / "images"
LARGEST = 150_000  # Bytes of a file.
SITE = CACHE / "docs"
# Pages of each sort: the first one, a guide, a module, the pictures of the benchmarks.
SITE_PAGES = ("index", "collection/docsite/stacks", "collection/ivschat_stack_module", "docs/benchmarks")
SITE_WIDTHS = (1280, 360)

FIXED = """() => {
  const text = [], ids = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) text.push(walker.currentNode);
  for (const { data } of text) for (const [, id] of data.matchAll(/(?:room[/_]|Id":"|ID=)(\\w{12})\\b/g)) ids.add(id);
  const known = [...ids].map((id, index) => [id, `Kq7vT2mWzR${String(index).padStart(2, "0")}`]);
  for (const node of text) {
    node.data = node.data
      .replace(/\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z/g, "2026-01-05T20:15:30.123456789Z")
      .replace(/(event_timestamp":"[^"]*?)456789Z/g, "$1Z")
      .replace(/\\/\\d{4}\\/\\d\\d\\/\\d\\d\\/\\d\\d\\//g, "/2026/01/05/20/")
      .replace(/\\d{8}T\\d{4}Z_[0-9a-f]{8}/g, "20260105T2015Z_1a2b3c4d")
      .replace(/\\d{4}(-\\d\\d){5}-[0-9a-f-]{36}/g, "2026-01-05-20-15-40-0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d");
    for (const [id, other] of known) node.data = node.data.replaceAll(id, other);
  }
  document.querySelectorAll("time").forEach((time, index) => {
    time.textContent = `20:15:${String(10 + index).padStart(2, "0")}`;
  });
  document.activeElement.blur();
}"""


@dataclass(frozen=True)
class Shot:
    """One file: the page at a width and height in pixels, as `scene` leaves it."""

    file: str
    width: int
    height: int
    scene: Callable[[Page, Emulator], None]


def chat(page: Page, emulator: Emulator) -> None:
    """The page at /chat of the emulator, with a conversation that is moderated."""
    create_sample_chat(emulator)
    page.goto(f"{emulator.url}/chat")
    log = page.get_by_role("log")
    users = {"ann": ["SEND_MESSAGE"], "bob": ["SEND_MESSAGE"], "mia": ["DELETE_MESSAGE", "DISCONNECT_USER"]}
    for user, capabilities in users.items():
        page.get_by_label("User ID").fill(user)
        for box in page.get_by_role("checkbox").all():
            box.set_checked(box.get_attribute("value") in capabilities)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(log.get_by_text(f"{user} is connected.")).to_be_visible()
    for user, content in [
        ("ann", "Hello, everybody"),
        ("bob", "When does the final start?"),
        ("bob", "Buy cheap spam"),
        ("ann", "You are all stupid"),
    ]:
        page.get_by_label("Send as").select_option(user)
        page.get_by_label("Message", exact=True).fill(content)
        page.get_by_role("button", name="Send message").click()
        entry = log.get_by_role("listitem").filter(has_text=content)
        expect(entry).to_contain_text("Error" if "spam" in content else "Received by ann, bob, mia")
    page.get_by_label("Delete and disconnect as").select_option("mia")
    page.get_by_label("Reason").fill("Breach of the rules")
    page.get_by_role("button", name="Delete the message You are all stupid").click()
    expect(log.get_by_text("(deleted)")).to_be_visible()
    page.get_by_label("Event name").fill("poll")
    page.get_by_label("Event attributes").fill("question=Who wins?")
    page.get_by_role("button", name="Send event").click()
    expect(log.get_by_role("listitem").filter(has_text="Who wins?")).to_contain_text("Received by ann, bob, mia")
    page.get_by_role("button", name="Flush and show").click()
    expect(page.get_by_role("list", name="Records in")).to_have_count(3)


def narrow_chat(page: Page, emulator: Emulator) -> None:
    """The same, scrolled to the conversation."""
    chat(page, emulator)
    page.get_by_role("region", name="Chat", exact=True).evaluate("region => region.scrollIntoView()")


SHOTS = [Shot("chat.png", 1280, 1130, chat), Shot("chat-narrow.png", 360, 860, narrow_chat)]


def looks_alike(one: Image.Image, other: Image.Image) -> bool:
    """Whether two images differ in a few pixels at most: Chromium smooths the corners of borders now so, now so."""
    if one.size != other.size:
        return False
    counts = ImageChops.difference(one, other).convert("L").histogram()
    return sum(counts[32:]) < 20


def site(browser: Browser) -> None:
    """Write the screenshots of the site; exit status 1 when a page is wider than the window."""
    for name, width, scheme in itertools.product(SITE_PAGES, SITE_WIDTHS, ("light", "dark")):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.goto((SITE / "html" / f"{name}.html").as_uri())
        path = SITE / "screenshots" / f"{name.replace('/', '-')}-{width}-{scheme}.png"
        page.screenshot(path=path, full_page=True)
        taken = page.evaluate("document.documentElement.scrollWidth")
        page.close()
        if taken > width:
            sys.exit(f"{path.relative_to(ROOT)}: the page is {taken} pixels wide")
    print(f"{(SITE / 'screenshots').relative_to(ROOT)}: the documentation site")


def main() -> None:
    """Write all files, or those that are named; exit status 1 when one is too large."""
    IMAGES.mkdir(exist_ok=True)
    with Emulator.start() as emulator, chromium() as browser:
        if not sys.argv[1:]:
            site(browser)
        for shot in SHOTS:
            if sys.argv[1:] and shot.file not in sys.argv[1:]:
                continue
            emulator.reset()
            viewport = {"width": shot.width, "height": shot.height}
            page = browser.new_page(viewport=viewport, locale="en-US", color_scheme="light")
            shot.scene(page, emulator)
            page.evaluate(FIXED)
            image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            page.close()
            path = IMAGES / shot.file
            if path.exists() and looks_alike(image, Image.open(path).convert("RGB")):
                print(f"{path.relative_to(ROOT)}: unchanged")
                continue
            # A page has few colors: as a palette, a file is a third as large.
            image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            size = path.stat().st_size
            print(f"{path.relative_to(ROOT)}: {size} bytes")
            if size > LARGEST:
                sys.exit(f"{path.relative_to(ROOT)}: {size} bytes are more than {LARGEST}")


if __name__ == "__main__":
    main()
