# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents with one mistake each: the report names the mistake, and the line where it is."""

from __future__ import annotations

import pytest

from tests.support.document_run import DocumentRun, Given, kind_of
from tests.support.documents import blocks_in

ROOM = """\
- name: Create a room
  aws_ivs.chat.ivschat_room:
    name: lobby
"""
PLUGIN = '''EXAMPLES = r"""
{}"""
'''


def in_markdown(*texts: str) -> str:
    """A document whose first block begins in line 4, if there is one."""
    return "# Title\n\n" + "\n".join(f"```yaml\n{text}```\n" for text in texts)


def in_rst(text: str, options: str = "") -> str:
    """A document whose block begins in line 7."""
    return f"Title\n=====\n\n.. code-block:: yaml\n   {options}\n\n   " + text.replace("\n", "\n   ") + "\n"


@pytest.fixture
def report(emulator, clients, tmp_path):
    """report(document, text, given): the problems of a document, the first line of each."""

    def run(document: str, text: str, **given: object) -> list[str]:
        found = blocks_in(document, text)
        problems = DocumentRun(document, found, Given(**given), tmp_path, emulator.url, clients).problems()
        return [problem.strip().splitlines()[0] for problem in problems]

    return run


@pytest.mark.parametrize(
    ("document", "text", "problem"),
    [
        (
            "a.md",
            in_markdown(ROOM + "    maximum_mesage_length: 5\n"),
            "a.md:4: the task 'Create a room' failed: Unsup",
        ),
        ("b.rst", in_rst(ROOM + "- name: Delete\n  aws_ivs.chat.ivschat_rom:\n"), "b.rst:10: couldn't resolve module"),
        ("c.rst", in_rst(ROOM + "     maximum_message_length: 5\n"), "c.rst:10: mapping values are not allowed here"),
        ("d.md", in_markdown("- lobby\n"), "d.md:4: the block is no playbook, no tasks, and no variables"),
        ("e.md", in_markdown("room: lobby\n"), "e.md:4: no other block uses the variable room"),
        ("f.md", in_markdown("- live_chat_nam: a\n"), "f.md:4: no role has the variable live_chat_nam"),
        ("h.rst", in_rst(ROOM, ":caption: roles/chat/tasks/main.yml"), "h.rst:7: no task of the block ran"),
        ("i.md", in_markdown("collections:\n  - aws_ivs.chats\n"), "i.md:4: ansible-galaxy collection install"),
        ("j.md", in_markdown("on: push\njobs:\n  a:\n    run-on: x\n"), "j.md:4: check-jsonschema"),
        ("k.md", in_markdown("Resources:\n  A:\n    Type: AWS::IVSChat::Rom\n"), "k.md:4: cfn-lint"),
    ],
    ids=lambda value: value if value.endswith((".md", ".rst")) else "",
)
def test_mistakes(report, document, text, problem):
    assert [line for line in report(document, text) if problem in line] != []


def test_examples_change_something(report):
    calls = [{"ivschat.create_room": {"name": "lobby"}}]
    found = report("plugins/a.py", PLUGIN.format(ROOM), calls=calls)
    assert found[0] == "plugins/a.py:2: the task 'Create a room' changes nothing"


def test_warnings(report, chat):
    chat.create_room(name="hall")
    renaming = ROOM.replace("name: lobby", "arn: '{{ room }}'\n    name: hall")
    tasks = [{"aws_ivs.chat.ivschat_room": {"name": "lobby"}, "register": "lobby"}]
    tasks += [{"ansible.builtin.set_fact": {"room": "{{ lobby.room.arn }}"}}]
    assert "a.md:4: [WARNING]: " in report("a.md", in_markdown(renaming), tasks=tasks)[0]


def test_expected_warnings_and_failures(report):
    expected = {"Create a room": {"warns": "of this", "fails": "with this"}}
    assert report("a.md", in_markdown(ROOM), blocks=expected)[:2] == [
        "a.md:4: the block does not fail with 'with this'",
        "a.md:4: the block does not warn of 'of this'",
    ]


def test_blocks_in_containers_are_found():
    text = in_markdown(ROOM).replace("# Title\n", "````{note}") + "````\n"
    assert [(block.line, kind_of(block)) for block in blocks_in("a.md", text)] == [(3, "tasks")]
    text = in_rst(ROOM).replace("\n", "\n   ").replace("Title\n   =====", ".. seealso::", 1)
    assert [(block.line, kind_of(block)) for block in blocks_in("a.rst", text)] == [(6, "tasks")]
    with pytest.raises(AssertionError, match="1 code blocks are written, 0 can be read"):
        blocks_in("a.rst", text.replace("seealso", "unknown"))
