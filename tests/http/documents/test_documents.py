# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every YAML block of the documentation runs, as it stands there. README.md in this directory has the conventions."""

from __future__ import annotations

import re

import pytest

from tests.support.document_run import GIVEN, DocumentRun, Given
from tests.support.documents import OTHER_LANGUAGES, YAML_LANGUAGES, blocks, documents
from tests.support.environment import ROOT

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
