# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of the documentation: of Markdown and RST files, and the EXAMPLES of plugins."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from antsibull_docutils.rst_code_finder import CodeBlockDirective, find_code_blocks
from docutils import nodes
from docutils.parsers.rst import Directive
from markdown_it import MarkdownIt

from tests.support.environment import ROOT

YAML_LANGUAGES = ("yaml", "yaml+jinja")
OTHER_LANGUAGES = (
    *("ansible-output", "bash", "console", "diff", "hcl", "html", "html+jinja", "ini", "jinja", "js", "json"),
    *("python", "sh", "text", "toml", "xml"),
)


@dataclass(frozen=True)
class Block:
    """A code block; `line` is the number of its first line in the document."""

    document: str
    line: int
    language: str
    text: str
    file_name: str | None = None

    @property
    def place(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def is_yaml(self) -> bool:
        return self.language in YAML_LANGUAGES

    @property
    def title(self) -> str:
        """What a person calls the block: its file name, or the name of its first play or task, or its place."""
        first = re.search(r"^ *- name: *(.+)$", self.text, re.MULTILINE)
        return self.file_name or (first[1].strip("\"'") if first else self.place)

    def at_its_line(self) -> str:
        """Return the text with as many comments before it as make its line numbers those of the document."""
        return "#\n" * (self.line - 1) + self.text

    def items(self) -> Iterator[Block]:
        """Split a list: one block for each item, for example for each task."""
        node = yaml.compose(self.text, Loader=yaml.CSafeLoader)
        assert isinstance(node, yaml.SequenceNode), f"{self.place} is not a list"
        lines = self.text.splitlines(keepends=True)
        starts = [item.start_mark.line for item in node.value]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            yield Block(self.document, self.line + start, self.language, "".join(lines[start:end]))


def documents() -> list[str]:
    """Return the paths of all documents, relative to the root of the checkout."""
    found = []
    for directory, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        paths = [Path(directory, name).relative_to(ROOT) for name in sorted(names)]
        found += [path for path in paths if path.suffix in (".md", ".rst") or _has_examples(path)]
    return [path.as_posix() for path in found if path.name != "CHANGELOG.md"]


def _has_examples(path: Path) -> bool:
    return path.suffix == ".py" and path.parts[0] == "plugins" and bool(blocks(path.as_posix()))


def blocks(document: str) -> list[Block]:
    """Return the code blocks of a document, in order."""
    return blocks_in(document, (ROOT / document).read_text())


def blocks_in(document: str, text: str) -> list[Block]:
    """Return the code blocks of the text of a document."""
    read = {".md": _markdown_blocks, ".rst": _rst_blocks, ".py": _example_blocks}
    return list(read[Path(document).suffix](document, text))


def _markdown_blocks(document: str, text: str, above: int = 0) -> Iterator[Block]:
    """Find fences, also inside directives of MyST. A paragraph before a fence that begins with `FILE`: names its file.

    `above` is the number of lines of the document before the text.
    """
    before = ""
    for token in MarkdownIt().parse(text):
        if token.type in ("fence", "code_block"):
            assert token.map
            line = above + token.map[0] + 2
            directive = re.match(r"\{([\w:-]+)\} *(.*)", token.info)
            if directive and directive[1] not in ("code", "code-block", "sourcecode"):
                yield from _markdown_blocks(document, token.content, line - 1)
            else:
                named = re.match(r"`([\w./-]+\.\w+)`:", before)
                language = directive[2] if directive else token.info
                yield Block(document, line, language.strip(), token.content, named and named[1])
        before = token.content if token.type == "inline" else before if token.type == "paragraph_close" else ""


class _CodeBlock(CodeBlockDirective):
    """A code block that keeps its caption."""

    def run(self) -> list[Any]:
        (node,) = super().run()
        node["antsibull-other-caption"] = self.options.get("caption", "")
        return [node]


class _Container(Directive):
    """A directive of Sphinx or an extension of it whose content is read like any other text."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Any]:
        node = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


_CONTAINERS = (
    *("deprecated", "dropdown", "only", "seealso", "tab", "tab-item", "tab-set", "tabs", "todo"),
    *("versionadded", "versionchanged"),
)
_DIRECTIVES = {
    **dict.fromkeys(("code", "code-block", "sourcecode"), _CodeBlock),
    **dict.fromkeys(_CONTAINERS, _Container),
}


def _rst_blocks(document: str, text: str) -> Iterator[Block]:
    """Find code blocks. A caption that looks like the name of a file is one."""
    unnamed: list[int] = []
    found = list(
        find_code_blocks(
            text,
            path=ROOT / document,
            root_prefix=ROOT,
            extra_directives=_DIRECTIVES,
            warn_unknown_block_w_unknown_info=lambda line, *_others: unnamed.append(int(line)),
        )
    )
    written = re.findall(r"^ *\.\. (?:code|code-block|sourcecode)::", text, re.MULTILINE)
    assert len(found) == len(written), f"{document}: {len(written)} code blocks are written, {len(found)} can be read"
    for block in found:
        caption = str(block.attributes["antsibull-other-caption"])
        file_name = caption if re.fullmatch(r"[\w./-]+\.\w+", caption) else None
        yield Block(document, block.row_offset + 1, block.language or "", block.content, file_name)
    for line in unnamed:
        yield Block(document, line, "", "")


def _example_blocks(document: str, text: str) -> Iterator[Block]:
    """Find EXAMPLES. Its first line is below the name."""
    for statement in ast.parse(text).body:
        match statement:
            case ast.Assign(targets=[ast.Name("EXAMPLES")], value=ast.Constant(str() as examples, lineno=line)):
                yield Block(document, line + 1, "yaml", examples.removeprefix("\n"))
