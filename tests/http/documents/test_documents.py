# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of the documentation runs, as it stands there. README.md in this directory has the conventions."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.support.document_run import GIVEN, DocumentRun, Given, kind_of
from tests.support.documents import OTHER_LANGUAGES, YAML_LANGUAGES, blocks, documents
from tests.support.environment import ROOT
from tests.support.playbooks import run_ansible

# antsibull-docutils calls docutils in a way of the past.
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning:antsibull_docutils")

DOCUMENTS = documents()
TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
# A command at the start of a line, of a code span, or of a step of a workflow.
COMMAND = re.compile(r"(?:^[ $]*|`|- run: )make((?: [a-z-]+(?![a-z=/]))+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_blocks_run(document, emulator, clients, tmp_path):
    found = blocks(document)
    known = (*YAML_LANGUAGES, *OTHER_LANGUAGES)
    assert [f"{block.place}: {block.language!r}" for block in found if block.language not in known] == []
    run = DocumentRun(document, found, Given.of(document), tmp_path, emulator.url, clients)
    problems = run.problems()
    assert not problems, "\n".join(["", *problems])


def test_lint(tmp_path):
    """ansible-lint accepts all playbooks and tasks, in the profile of the collection."""
    folders = {"playbook": "playbooks", "tasks": "tasks"}
    for block in (block for document in DOCUMENTS for block in blocks(document) if block.is_yaml):
        if folder := folders.get(kind_of(block)):
            path = tmp_path / block.document / folder / f"{block.line}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.at_its_line())
    shutil.copy(ROOT / ".yamllint", tmp_path)
    # What belongs to a file of its own, and not to a block in a document.
    config = (ROOT / ".ansible-lint").read_text() + "skip_list: ['yaml[document-start]', 'yaml[empty-lines]']\n"
    (tmp_path / ".ansible-lint").write_text(config)
    finished = run_ansible("ansible-lint", "--nocolor", "-q", "--format", "pep8", home=tmp_path, settings={})
    told = re.sub(r"/(?:playbooks|tasks)/\d+\.yml:(\d+)(?::\d+)?", r":\1", finished.stdout)
    assert finished.returncode == 0, told


def test_nothing_is_given_in_vain():
    given = [path.relative_to(GIVEN).as_posix().removesuffix(".yml") for path in GIVEN.rglob("*.yml")]
    assert set(given) <= set(DOCUMENTS)
    for document in given:
        titles = {block.title for block in blocks(document)}
        assert set(Given.of(document).blocks) <= titles
        text = "".join(block.text for block in blocks(document))
        assert [old for old in Given.of(document).replace if old not in text] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, ".github/workflows/ci.yml"])
def test_targets_exist(document):
    named = {target for targets in COMMAND.findall((ROOT / document).read_text()) for target in targets.split()}
    assert named <= TARGETS
