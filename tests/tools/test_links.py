# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Broken links of Markdown files and of the documentation site are noticed, and the others are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools import check
from tests.tools.links import Page, broken, markdown

GUIDE = """# The `chat_token` lookup, in short

See [below](#use-it-twice), [twice](#same-1), [the policy](policies/rooms.json), and [AWS](https://aws.amazon.com/#none).

## Use it twice

## Same

## Same

`[code](nowhere.md)`

```yaml
text: "[code](nowhere.md)"
```

| Table |
|---|
| [link](LINK) |
"""


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("#the-chat_token-lookup-in-short", None),
        ("other.md#a-title", None),
        ("policies", None),
        ("policies/rooms.json", None),
        ("mailto:chat@example.com", None),
        ("https://example.com/chat/blob/main/other.md#a-title", None),
        ("https://example.com/chat/tree/main/policies", None),
        ("https://example.com/chat/blob/main/nowhere.md", "which does not exist"),
        ("https://example.com/chat/blob/main/other.md#a-tittle", "which has no such anchor"),
        ("https://example.com/chat/issues", None),
        ("nowhere.md", "which does not exist"),
        ("/etc/passwd", "which does not exist"),
        ("../outside.md", "which does not exist"),
        ("#same-2", "which has no such anchor"),
        ("other.md#a-tittle", "which has no such anchor"),
    ],
)
def test_link_of_a_markdown_file(link: str, problem: str | None, tmp_path: Path) -> None:
    (tmp_path / "outside.md").touch()
    root = tmp_path / "checkout"
    (root / "policies").mkdir(parents=True)
    (root / "policies" / "rooms.json").touch()
    (root / "other.md").write_text("# A title!\n")
    (root / "guide.md").write_text(GUIDE.replace("LINK", link))
    published = re.compile("https://example.com/chat/(?:blob|tree)/main/")
    found = broken(root, {path: markdown(path) for path in root.glob("*.md")}, published)
    assert found == ([] if problem is None else [f"guide.md links to {link}, {problem}"])


def test_links_and_anchors_of_a_page() -> None:
    page = Page('<a href="a.html#b" id="c">text</a><img src="d.svg"/><a name="e"></a><meta name="f">')
    assert (page.links, page.anchors) == (["a.html#b", "d.svg"], {"c", "e"})


def test_site(tmp_path: Path) -> None:
    pages = tmp_path / "html"
    pages.mkdir()
    assert check.site(str(tmp_path)) == [f"{pages} has no pages"]
    (pages / "index.html").write_text('<a href="room.html#name"></a><a href="https://aws.amazon.com"></a>')
    assert check.site(str(tmp_path)) == ["index.html links to room.html#name, which does not exist"]
    (pages / "room.html").write_text('<p id="names"></p>')
    assert check.site(str(tmp_path)) == ["index.html links to room.html#name, which has no such anchor"]
    (pages / "room.html").write_text('<p id="name"></p>')
    assert check.site(str(tmp_path)) == []
    assert (tmp_path / "links.txt").read_text() == "https://aws.amazon.com\n"
    repository = "https://github.com/ansible-collections/aws_ivs.chat"
    (pages / "room.html").write_text(
        f'<p id="name"><a href="{repository}/issues"></a><a href="{repository}/blob/main/README.md#license"></a></p>'
        f'<a href="{repository}/tree/main/emulators"></a>'
    )
    assert check.site(str(tmp_path)) == [
        f"a page links to {repository}/tree/main/emulators, which the checkout does not have"
    ]
