# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of Markdown files, as GitHub resolves them, and of built HTML pages: what they point at has to exist."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Page(HTMLParser):
    """The links and the anchors of one page of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.links.append(value)
            elif value and (name == "id" or (tag, name) == ("a", "name")):
                self.anchors.add(value)


def markdown(path: Path) -> Page:
    """A Markdown file as a page. Its headings have the anchors that GitHub gives them."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(path.read_text())
    page = Page(parser.renderer.render(tokens, parser.options, {}))
    for heading, content in zip(tokens, tokens[1:], strict=False):
        if heading.type == "heading_open":
            page.anchors.add(unused(slug(content), page.anchors))
    return page


def slug(heading: Token) -> str:
    """The anchor of a heading: lower case, a hyphen for each space, no punctuation."""
    text = "".join(part.content for part in heading.children or [])
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def unused(name: str, taken: set[str]) -> str:
    """The name, with a number if an earlier heading has the same."""
    number = 0
    while (candidate := f"{name}-{number}" if number else name) in taken:
        number += 1
    return candidate


def is_external(link: str) -> bool:
    return bool(urlsplit(link).scheme or urlsplit(link).netloc)


def broken(root: Path, pages: dict[Path, Page], published: re.Pattern[str] | None = None) -> list[str]:
    """Links of these pages to a file that does not exist below `root`, or to an anchor that a page does not have.

    `published` matches the beginning of the URLs at which others find the files below `root`.
    """
    problems = []
    for path, page in pages.items():
        for link in page.links:
            start = path.parent
            parts = urlsplit(link)
            if published and (found := published.match(link)):
                start, parts = root, urlsplit(link[found.end() :])
            elif is_external(link):
                continue
            target = (start / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_relative_to(root) or not target.exists():
                reason = "which does not exist"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                reason = "which has no such anchor"
            else:
                continue
            problems.append(f"{path.relative_to(root)} links to {link}, {reason}")
    return problems
