# Copyright: Contributors to the aws_ivs.chat collection
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs in tests/tools notice what they are for, and tests/versions.toml is what everything follows."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from tests.tools import check, matrix, release, versions

ROOT = Path(__file__).resolve().parents[2]
PAIR = versions.Pair(name="one", python="3.99", core="2.17", amazon_aws="10", ansible="12", boto3="newest")


@pytest.mark.parametrize(
    ("version", "wanted", "belongs"),
    [
        ("2.17.3", "2.17", True),
        ("2.17.0", "2.17.0", True),
        ("2.17.1", "2.17.0", False),
        ("2.1.7", "2.17", False),
        ("2.17.0", "2.1", False),
        ("11.4.0", "11", True),
        ("1.44.5", "newest", True),
    ],
)
def test_belongs(version: str, wanted: str, belongs: bool) -> None:
    assert versions.belongs(version, wanted) is belongs


@pytest.mark.parametrize(
    ("version", "requirement"),
    [("2.17.0", "p==2.17.0"), ("2.17", "p==2.17.*"), ("14", "p==14.*"), ("12.0.0a8", "p==12.0.0a8"), ("newest", "p")],
)
def test_requirement(version: str, requirement: str) -> None:
    assert versions.requirement("p", version) == requirement


def test_interpreter_is_the_one_of_that_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert versions.interpreter(running)
    # A program of the right name that is another Python.
    (tmp_path / "python3.99").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert versions.interpreter("3.99") is None


def run_matrix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *pairs: versions.Pair
) -> tuple[int, list[str]]:
    monkeypatch.setattr(matrix, "pairs", lambda: pairs)
    monkeypatch.setattr(sys, "argv", ["matrix"])
    return matrix.main(), capsys.readouterr().out.splitlines()


def test_a_missing_interpreter_is_not_run_and_not_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = run_matrix(monkeypatch, capsys, PAIR)
    assert code == 1
    assert "not run no working python3.99 with ensurepip" in lines[-2]
    assert lines[-1] == "0 passed, 0 failed, 1 not run"


@pytest.mark.parametrize(
    ("status", "last"), [(0, "1 passed, 0 failed, 0 not run"), (1, "0 passed, 1 failed, 0 not run")]
)
def test_the_outcome_is_that_of_ansible_test(
    status: int, last: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = []

    def run_in_tree(command: list[str], *_: object, **__: object) -> int:
        commands.append(command)
        return status

    found = {"core": "2.17.3", "amazon.aws": "10.1.2", "Python": "3.99.1", "target": "3.98.0", "boto3": "1.44.5"}
    pair = versions.Pair(**{**vars(PAIR), "target": "3.98"})
    monkeypatch.setattr(
        matrix, "set_up", lambda pair: matrix.Environment(Path("/c/python"), Path("/t/python"), Path("/aws"))
    )
    monkeypatch.setattr(matrix, "versions", lambda pair: found)
    monkeypatch.setattr(matrix, "run_in_tree", run_in_tree)
    code, lines = run_matrix(monkeypatch, capsys, pair)
    assert (code, lines[-1]) == (status, last)
    target = ["--controller=origin:python=3.99@/c/python", "--target=controller:python=3.98@/t/python"]
    assert commands == [["ansible-test", "integration", *target]]


def test_an_environment_of_other_versions_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"core": "2.18.0", "amazon.aws": "10.1.2", "Python": "3.99.1", "target": "3.99.1", "boto3": "1.44.5"}
    monkeypatch.setattr(matrix, "set_up", lambda pair: None)
    monkeypatch.setattr(matrix, "versions", lambda pair: found)
    code, lines = run_matrix(monkeypatch, capsys, PAIR)
    assert code == 1
    assert "failed  tests/versions.toml asks for another core than core 2.18.0" in lines[-2]


def test_an_unknown_pair_is_an_error_that_lists_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["matrix", "--pairs", "oldest,no-such"])
    with pytest.raises(SystemExit):
        matrix.main()
    assert "'no-such' is not in tests/versions.toml, which lists oldest, " in capsys.readouterr().err


def test_the_list_has_the_ends_and_each_core_between() -> None:
    pairs = versions.pairs()
    assert [pair.name for pair in pairs if pair.end] == [pairs[0].name, pairs[-1].name]
    minors = {int(pair.core.split(".")[1]) for pair in pairs}
    assert minors == set(range(min(minors), max(minors) + 1))
    assert any(pair.target and pair.target < pair.python for pair in pairs)


def test_the_workflow_gets_the_pairs() -> None:
    def outputs(choice: str) -> dict[str, list[dict[str, str]]]:
        return {
            name: json.loads(value) for name, equals, value in (line.partition("=") for line in versions.github(choice))
        }

    names = [pair.name for pair in versions.pairs()]
    assert [job["pair"] for job in outputs("all")["pairs"]] == names
    assert [job["pair"] for job in outputs("ends")["pairs"]] == [names[0], names[-1]]
    assert outputs("all")["pairs"][0] == {"pair": "oldest", "pythons": "3.10\n3.13"}
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert set(re.findall(r"needs\.versions\.outputs\.(\w+)", workflow)) == set(outputs("all"))


def test_the_workflow_makes_targets_that_exist() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    suite = yaml.safe_load(workflow)["jobs"]["suite"]["strategy"]["matrix"]["target"]
    made = set(re.findall(r"make ([\w-]+)", workflow)) | set(suite)
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert made and made <= targets


def test_pre_commit_fetches_nothing() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for repo in config["repos"] for hook in repo["hooks"]} == {"system"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that check.py compares."""
    for name in (
        "README.md",
        "requirements.txt",
        "galaxy.yml",
        "meta/runtime.yml",
        "tests/config.yml",
        "plugins/doc_fragments/requirements.py",
        "plugins/modules/ivschat_room.py",
        ".yamllint",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("README.md", "| 2.17.0 | 10.1.0 | 3.10 | 1.34.0 |", "| 2.17.0 | 10.1.0 | 3.9 | 1.34.0 |"),
        ("requirements.txt", "botocore>=1.34.0", "botocore>=1.33.0"),
        ("galaxy.yml", ">=10.1.0", ">=9.0.0"),
        ("meta/runtime.yml", ">=2.17.0", ">=2.16.0"),
        ("tests/config.yml", ">=3.10", ">=3.9"),
        ("plugins/doc_fragments/requirements.py", "python >= 3.10", "python >= 3.6"),
    ],
)
def test_another_version_is_noticed(name: str, old: str, new: str, checkout: Path) -> None:
    assert check.versions() == []
    replace(checkout / name, old, new)
    assert [problem for problem in check.versions() if problem.startswith(f"{name} lacks this")]


def test_another_environment_is_noticed() -> None:
    assert check.environment("2.16", "9") == [
        problem for problem in check.environment("2.16", "9") if "tests/versions.toml says" in problem
    ]
    assert len(check.environment("2.16", "9")) == 2


def test_yaml_inside_a_plugin_is_checked(checkout: Path) -> None:
    assert check.plugin_yaml() == []
    replace(checkout / "plugins/modules/ivschat_room.py", "    name: lobby\n", "    name:  lobby\n")
    problems = check.plugin_yaml()
    line = (checkout / "plugins/modules/ivschat_room.py").read_text().splitlines().index("    name:  lobby") + 1
    assert problems and problems[0].startswith(f"plugins/modules/ivschat_room.py:{line}: too many spaces after colon")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import re\n", f"{check.COPYRIGHT}\n{check.SPDX}\n\nimport re\n"),
        ("---\na: 1\n", f"{check.COPYRIGHT}\n{check.SPDX}\n---\na: 1\n"),
        ("#!/bin/sh\n# What it does.\nls\n", f"#!/bin/sh\n{check.COPYRIGHT}\n{check.SPDX}\n\n# What it does.\nls\n"),
        (f'{check.COPYRIGHT}\n# GNU GPL\n"""Doc."""\n', f'{check.COPYRIGHT}\n# GNU GPL\n{check.SPDX}\n"""Doc."""\n'),
    ],
)
def test_a_missing_header_is_noticed_and_added(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = (
        text.replace("# GNU GPL", "# GNU General Public License v3.0+ (see COPYING)") for text in (before, after)
    )
    source = tmp_path / "file"
    source.write_text(before)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "sources", lambda: [source])
    assert check.headers() == [f"file does not begin with {check.COPYRIGHT!r} and {check.SPDX!r}"]
    assert check.headers("--add") == []
    assert source.read_text() == after
    assert check.headers() == []


@pytest.mark.parametrize(
    ("sections", "version"),
    [
        (set(), "1.2.3"),
        ({"bugfixes", "trivial"}, "1.2.4"),
        ({"bugfixes", "minor_changes"}, "1.3.0"),
        ({"minor_changes", "breaking_changes"}, "2.0.0"),
        ({"removed_features"}, "2.0.0"),
    ],
)
def test_next_version(sections: set[str], version: str) -> None:
    assert release.next_version("1.2.3", sections) == version


@pytest.mark.parametrize(
    "outdated", ["MANIFEST.json", release.MODULE_FILE, "changelogs/changelog.yaml", "CHANGELOG.md"]
)
def test_release_check_notices_another_version(tmp_path: Path, outdated: str) -> None:
    texts = {
        "MANIFEST.json": '{{"collection_info": {{"version": "{}"}}}}',
        release.MODULE_FILE: 'VERSION = "{}"\n',
        "changelogs/changelog.yaml": "releases: {{0.9.0: {{}}, {}: {{}}}}",
        "CHANGELOG.md": "# Release Notes\n\n## v{}\n\n## v0\\.9\\.0\n",
    }
    with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as archive:
        for name, text in texts.items():
            version = "1.0.0" if name == outdated else "1.10.0"
            path = tmp_path / "member"
            path.write_text(text.format(version))
            archive.add(path, name)
    problems = release.stated_versions(tmp_path / "archive.tar.gz", "1.10.0")
    assert problems == [f"{outdated} says version 1.0.0, not 1.10.0"]
