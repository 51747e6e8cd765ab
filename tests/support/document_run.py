# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the YAML blocks of a document against the emulator, in order, with one ansible-playbook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.support.documents import Block
from tests.support.environment import ACCOUNT, REGION, ROOT, aws_settings
from tests.support.playbooks import on_localhost, run_ansible
from tests.support.service import create_function, free_port, list_rooms

GIVEN = ROOT / "tests" / "http" / "documents" / "given"
CALLBACKS = ROOT / "tests" / "http" / "documents" / "callback_plugins"
REVIEW = "def handler(event, context):\n    return {'ReviewResult': 'ALLOW', 'Content': event['Content']}\n"

Clients = Callable[..., Any]


@dataclass(frozen=True)
class Given:
    """What a document leaves to its reader; tests/http/documents/README.md describes the members."""

    calls: list[dict[str, dict[str, Any]]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    replace: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, dict[str, str]] = field(default_factory=dict)

    @staticmethod
    def of(document: str) -> Given:
        path = GIVEN / f"{document}.yml"
        return Given(**yaml.safe_load(path.read_text())) if path.exists() else Given()

    def prepare(self, clients: Clients) -> None:
        """Create with boto3 what exists before the first block runs."""
        for call in self.calls:
            for name, parameters in call.items():
                service, operation = name.split(".")
                getattr(clients(service), operation)(**parameters)
        if self.functions:
            trust = json.dumps({"Statement": []})
            clients("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=trust)
        for name in self.functions:
            create_function(clients, f"arn:aws:iam::{ACCOUNT}:role/functions", name, REVIEW)


PLAY_MEMBERS = {"hosts", "import_playbook", "ansible.builtin.import_playbook"}
# By kind, the program that checks a block that is not for ansible-playbook, and its arguments before the file.
CHECKS = {
    # Every collection must be installed, in a version that the file names.
    "requirements": ("ansible-galaxy", "collection", "install", "--offline", "--requirements-file"),
    "workflow": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    "pipeline": ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci"),
    "template": ("cfn-lint", "--non-zero-exit-code", "error", "--regions", REGION, "--template"),
    # Runs the scenario, with the playbooks in the same folder.
    "molecule": ("molecule", "test", "--scenario-name"),
}


class _Loader(yaml.SafeLoader):
    """Reads the tags of Ansible and CloudFormation as if they were not there."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, node: getattr(node, "value", None))


@cache
def content_of(block: Block) -> Any:
    """Return the content of a YAML block, or raise a ValueError with the document and the line."""
    try:
        return yaml.load(block.at_its_line(), Loader=_Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else block.line
        raise ValueError(f"{block.document}:{line}: {error.problem}") from error


@cache
def kind_of(block: Block) -> str:
    """Return what a YAML block is: `playbook`, `tasks`, `variables`, or a key of CHECKS; otherwise `unknown`."""
    content = content_of(block)
    if isinstance(content, list) and content and all(isinstance(item, dict) for item in content):
        plays = [item for item in content if PLAY_MEMBERS & set(item)]
        return "tasks" if not plays else "playbook" if plays == content else "unknown"
    if not isinstance(content, dict) or not content:
        return "unknown"
    members = set(content)
    if members <= {"collections", "roles"}:
        return "requirements"
    if "jobs" in members:
        return "workflow"
    if block.file_name == ".gitlab-ci.yml":
        return "pipeline"
    if "Resources" in members:
        return "template"
    return "molecule" if members & {"driver", "platforms", "provisioner"} else "variables"


@dataclass
class DocumentRun:
    """The blocks of one document, and the directory of a reader who saves them in files."""

    document: str
    blocks: list[Block]
    given: Given
    directory: Path
    url: str
    clients: Clients

    @cached_property
    def replacements(self) -> dict[str, str]:
        rooms = {room["name"]: room["arn"] for room in list_rooms(self.clients()) if "name" in room}
        values = {"url": self.url, "directory": self.directory, "room": rooms, "port": free_port()}
        return {old: new.format(**values) for old, new in self.given.replace.items()}

    def problems(self) -> list[str]:
        """Run everything and return what is wrong, each with document and line, and the output."""
        self.given.prepare(self.clients)
        for name, text in self.given.files.items():
            self.write(name, text)
        if self.given.tasks:
            self.write("given.yml", yaml.safe_dump(on_localhost(*self.given.tasks, name="given")))
        hosts = {"localhost": {"ansible_connection": "local", **self.given.variables}}
        self.write("inventory.json", json.dumps({"all": {"hosts": hosts}}))
        problems: list[str] = []
        before = ["given.yml"] if self.given.tasks else []
        for group in self.groups():
            problems += self.run(group, before)
            before = []
        return problems

    def groups(self) -> list[list[Block]]:
        """Split the blocks where a new process has to start: after a failure, and before a file that changes."""
        groups: list[list[Block]] = [[]]
        names: set[str] = set()
        for block in self.blocks:
            if block.file_name in names or (groups[-1] and self.expected(groups[-1][-1], "fails")):
                groups.append([])
                names = set()
            groups[-1].append(block)
            names |= {block.file_name} if block.file_name else set()
        return [group for group in groups if group]

    def expected(self, block: Block, what: str) -> str:
        return self.given.blocks.get(block.title, {}).get(what, "")

    def write(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def text(self, block: Block) -> str:
        text = block.at_its_line() if block.is_yaml else block.text
        for old, new in self.replacements.items():
            text = text.replace(old, new)
        return text

    def file(self, block: Block) -> str:
        return block.file_name or f"line-{block.line}.yml"

    def run(self, group: list[Block], before: list[str]) -> list[str]:
        """Run blocks with one ansible-playbook and return what is wrong, and the output."""
        for block in group:
            if block.file_name or block.is_yaml:
                self.write(self.file(block), self.text(block))
        try:
            kinds = {block: kind_of(block) for block in group if block.is_yaml}
        except ValueError as error:
            return [str(error)]
        results = self.directory / f"results-{group[0].line}"
        results.touch()
        recorded = {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "RESULTS": str(results),
        }
        problems: list[str] = []
        playbooks = list(before)
        for block, kind in kinds.items():
            problems += self.names(block, kind)
            if kind in CHECKS:
                problems += self.check(block, kind, recorded)
            elif kind == "unknown":
                problems.append(f"{block.place}: the block is no playbook, no tasks, and no variables")
            elif not self.is_part(block):
                playbooks += self.playbooks(block, kind)
        output = ""
        if playbooks:
            finished = run_ansible(
                "ansible-playbook",
                *("-i", "inventory.json", *playbooks),
                home=self.directory,
                settings={
                    **aws_settings(self.url),
                    **recorded,
                    "ANSIBLE_ASYNC_DIR": str(self.directory / "async"),
                },
            )
            output = self.with_places(finished.stdout)
            problems += self.judge(group, finished.returncode, output, results.read_text())
        ran = [json.loads(line) for line in results.read_text().splitlines()]
        files = {result["file"] for result in ran if result["status"] != "skipped"}
        for block, kind in () if problems else kinds.items():
            written = {self.file(block), *(self.file(item) for item in self.items(block))}
            if kind in ("playbook", "tasks") and not files & {str(self.directory / name) for name in written}:
                problems.append(f"{block.place}: no task of the block ran")
        return [*problems, *([output] if output else [])] if problems else []

    def check(self, block: Block, kind: str, settings: dict[str, str]) -> Iterator[str]:
        """What the program for a kind says against a block."""
        program, *arguments = CHECKS[kind]
        subject = Path(self.file(block)).parent.name if kind == "molecule" else self.file(block)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        finished = run_ansible(
            program, *arguments, subject, home=self.directory, settings={**settings, "NO_COLOR": "1", "PATH": path}
        )
        if finished.returncode:
            yield f"{block.place}: {' '.join([program, *arguments])} fails: {self.with_places(finished.stdout)}"
        for command in commands(content_of(block)) if kind in ("workflow", "pipeline") else ():
            parsed = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False)
            if parsed.returncode:
                yield f"{block.place}: bash cannot read {command!r}: {parsed.stderr}"

    def judge(self, group: list[Block], status: int, output: str, results: str) -> Iterator[str]:
        """What is wrong with a run of ansible-playbook."""
        done = [json.loads(line) for line in results.splitlines()]

        def place(result: dict[str, Any]) -> str:
            return self.with_places(f"{result['file']}:{result['line']}")

        last = group[-1]
        fails = self.expected(last, "fails")
        words = " ".join(output.split())
        if status != 0 and not ERROR.search(output):
            yield f"{self.document}: ansible-playbook ends with status {status}"
        if fails and (status == 0 or " ".join(fails.split()) not in words):
            yield f"{last.place}: the block does not fail with {fails!r}"
        if not fails and status != 0:
            failed = [result for result in done if result["status"] == "failed"]
            for result in failed:
                yield f"{place(result)}: the task '{result['task']}' failed: {result['msg']}"
            for said in [] if failed else ERROR.finditer(output):
                yield f"{said['place'] or self.document}: {said['message']}"
        expected = {block: warns for block in group if (warns := self.expected(block, "warns"))}
        warnings = []
        for found in WARNING.finditer(output):
            warnings.append(" ".join(found[0].split()))
            if not any(text in warnings[-1] for text in (HINT, OF_LAMBDA_INFO, *expected.values())):
                task = re.findall(r"^TASK \[(.*)\] \*+$", output[: found.start()], re.MULTILINE)[-1:]
                places = [place(result) for result in done if [result["task"]] == task]
                yield f"{places[-1] if places else self.document}: {warnings[-1]}"
        for block, text in expected.items():
            if not any(text in warning for warning in warnings):
                yield f"{block.place}: the block does not warn of {text!r}"
        for result in done if self.document.endswith(".py") else ():
            again = result["play"].endswith(AGAIN)
            if again and result["changed"]:
                yield f"{place(result)}: the task '{result['task']}' changes something in its second run, too"
            if not again and result["module"] in DECLARED and not result["changed"]:
                yield f"{place(result)}: the task '{result['task']}' changes nothing"
            if result["status"] == "skipped" and not result["play"].endswith(IN_CHECK_MODE):
                yield f"{place(result)}: the task '{result['task']}' was skipped"

    def with_places(self, text: str) -> str:
        """Replace places in files of the directory by places in the document."""
        files = [re.escape(block.file_name or "") or r"line-\d+\.yml" for block in self.blocks if block.is_yaml]
        pattern = rf"(?:{re.escape(str(self.directory))}/)?(?:{'|'.join(files)}):(\d+)(?::\d+)?"
        return re.sub(pattern, rf"{self.document}:\1", text)

    def names(self, block: Block, kind: str) -> Iterator[str]:
        """Names of variables that nothing reads: Ansible itself ignores them."""
        for name in re.findall(rf"^[ -]*((?:{'|'.join(ROLE_OPTIONS)})_\w+):", block.text, re.MULTILINE):
            if not any(name in options for options in ROLE_OPTIONS.values()):
                yield f"{block.place}: no role has the variable {name}"
        if kind == "variables":
            others = " ".join(other.text for other in self.blocks if other.is_yaml and other != block)
            for name in content_of(block):
                roles = [f"aws_ivs.chat.{role}" for role, options in ROLE_OPTIONS.items() if name in options]
                if not any(re.search(rf"\b{re.escape(word)}\b", others) for word in [str(name), *roles]):
                    yield f"{block.place}: no other block uses the variable {name}"

    def is_part(self, block: Block) -> bool:
        """Whether other blocks, or programs by themselves, read the file of this block."""
        name = block.file_name or ""
        others = " ".join(
            other.text
            for other in self.blocks
            if other.is_yaml and other.file_name != name and kind_of(other) not in CHECKS
        )
        mentioned = name and re.search(rf"(?<![\w.-]){re.escape(Path(name).name)}\b", others)
        return bool(mentioned) or name.startswith(("roles/", "group_vars/", "host_vars/", "molecule/"))

    def items(self, block: Block) -> list[Block]:
        """The tasks of EXAMPLES; other blocks are not split."""
        return list(block.items()) if self.document.endswith(".py") else []

    def playbooks(self, block: Block, kind: str) -> list[str]:
        """Write what runs a block, and return the names of the playbooks."""
        file = self.file(block)
        if kind == "playbook":
            return [file]
        plays = []
        if kind == "variables":
            plays += on_localhost({"ansible.builtin.include_vars": file}, name=block.place)
        elif not self.items(block):
            plays += on_localhost({"ansible.builtin.import_tasks": file}, name=block.place)
        for task in self.items(block):
            file = self.file(task)
            self.write(file, self.text(task))
            run = {"ansible.builtin.import_tasks": file}
            (keywords,) = yaml.safe_load(task.text)
            if "async" not in keywords:  # Ansible refuses both at once.
                plays += on_localhost(run, name=f"{task.place}{IN_CHECK_MODE}", check_mode=True)
            plays += on_localhost(run, name=task.place)
            if DECLARED & set(keywords) and "check_mode" not in keywords:
                plays += on_localhost(run, name=f"{task.place}{AGAIN}")
        name = f"play-{block.line}.yml"
        self.write(name, yaml.safe_dump(plays, sort_keys=False))
        return [name]


ERROR = re.compile(r"^\[ERROR\]: (?P<message>.*)$(?:\nOrigin: (?P<place>.*))?", re.MULTILINE)
# Ends before an empty line, the result of a task, another warning, or its origin.
WARNING = re.compile(r"\[(?:DEPRECATION )?WARNING\].*?(?=\n\n|\n\S+ ?\[|\n\[|\nOrigin:|\Z)", re.DOTALL)
# Follows the first deprecation.
HINT = "Deprecation warnings can be disabled"
# amazon.aws 10 says this of each call of lambda_info, even if only the other key is read.
OF_LAMBDA_INFO = "The returned key 'function', which returned a dictionary of dictionaries, is deprecated"
IN_CHECK_MODE, AGAIN = " in check mode", " again"
# The modules whose second run reports no change.
DECLARED = {
    f"aws_ivs.chat.{path.stem}"
    for path in (ROOT / "plugins" / "modules").glob("*.py")
    if "aws_ivs.chat.attributes.declared" in path.read_text()
}
# By role of this collection, its variables.
ROLE_OPTIONS = {
    path.parents[1].name: set(yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"])
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")
}


def commands(content: Any) -> Iterator[str]:
    """Find the commands of a workflow or pipeline, however deep."""
    for name, inner in content.items() if isinstance(content, dict) else ():
        if name in ("run", "script", "before_script", "after_script"):
            yield from [inner] if isinstance(inner, str) else inner
    for inner in content.values() if isinstance(content, dict) else content if isinstance(content, list) else ():
        yield from commands(inner)
