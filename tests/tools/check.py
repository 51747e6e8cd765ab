# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what is listed twice and could come apart, and of what no other tool reads: python -m tests.tools.check ...

action-groups      each module is in the action group
versions           README.md, requirements.txt, and the environment agree with tests/versions.toml
headers [--add]    each Python, YAML, TOML, and shell file names its license; --add adds missing lines
plugin-yaml        the YAML inside plugins is in the style of .yamllint
links              the relative links of Markdown files point at files and headings that exist
site DIRECTORY     so do the links of the documentation site built in it; external links are listed in links.txt
build DIRECTORY    the built collection in it has what users need, and nothing else
"""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from tests.tools.links import Page, broken, is_external, markdown
from tests.tools.versions import belongs, pairs, table

ROOT = Path(__file__).resolve().parents[2]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}

# Everything that a user gets, and nothing else.
BUILT = re.compile(
    r"FILES\.json|MANIFEST\.json|COPYING|README\.md|CHANGELOG\.md|requirements\.txt|changelogs/changelog\.yaml"
    r"|meta/(runtime|execution-environment)\.yml|plugins/"
    r"(modules|module_utils|doc_fragments|lookup|action|plugin_utils)/\w+\.py"
    r"|docs/(\w+\.md|(policies|images)/\w[\w-]*\.(json|png|svg)|docsite/(\w[\w-]*\.yml|rst/\w+\.rst))"
    r"|(roles|playbooks)/.+"
)


def action_groups() -> list[str]:
    """Each module is in the action group."""
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["aws"]
    listed = [entry for entry in group if isinstance(entry, str)]
    return [
        *(f"{name} is not in meta/runtime.yml" for name in sorted(MODULES - set(listed))),
        *(f"meta/runtime.yml lists {name}, which is no module" for name in sorted(set(listed) - MODULES)),
        *([] if listed == sorted(set(listed)) else ["meta/runtime.yml does not list each module once, in order"]),
    ]


def build(directory: str) -> list[str]:
    """The built collection holds all modules and nothing that only a developer needs."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    return contents(Path(directory) / "{namespace}-{name}-{version}.tar.gz".format(**galaxy))


def contents(archive: Path) -> list[str]:
    """What an archive of the collection lacks, and what it should not hold."""
    with tarfile.open(archive) as members:
        files = {member.name for member in members if member.isfile()}
    needed = {f"plugins/modules/{name}.py" for name in MODULES} | {"COPYING", "README.md", "meta/runtime.yml"}
    return [
        *(f"the built collection lacks {name}" for name in sorted(needed - files)),
        *(f"the built collection holds {name}" for name in sorted(files) if not BUILT.fullmatch(name)),
    ]


def versions() -> list[str]:
    """What differs from tests/versions.toml: README's table, the lowest versions, this environment."""
    oldest = pairs()[0]
    wanted = {
        "README.md": ["\n".join(table()), oldest.boto3.removesuffix(".0")],
        "requirements.txt": [f"boto3>={oldest.boto3}", f"botocore>={oldest.boto3}"],
        "galaxy.yml": [f'amazon.aws: ">={oldest.amazon_aws}"'],
        "meta/runtime.yml": [f'requires_ansible: ">={oldest.core}"'],
        "tests/config.yml": [f'python_requires: ">={oldest.python}"'],
        "plugins/doc_fragments/requirements.py": [f"python >= {oldest.python}"],
    }
    problems = [
        f"{name} lacks this, which tests/versions.toml asks for:\n{text}"
        for name, texts in wanted.items()
        for text in texts
        if text not in (ROOT / name).read_text()
    ]
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for pair in pairs():
        if pair.suite and pair.python == python:
            problems += environment(pair.core, pair.amazon_aws)
    return problems


def environment(core: str, amazon_aws: str) -> list[str]:
    """How the environment of this interpreter differs from the pair that .ci/run tests in it."""
    import ansible_collections.amazon.aws

    manifest = Path(next(iter(ansible_collections.amazon.aws.__path__))) / "MANIFEST.json"
    found = {
        "ansible-core": (importlib.metadata.version("ansible-core"), core),
        "amazon.aws": (json.loads(manifest.read_text())["collection_info"]["version"], amazon_aws),
    }
    return [
        f"this environment has {name} {version}, tests/versions.toml says {wanted}"
        for name, (version, wanted) in found.items()
        if not belongs(version, wanted)
    ]


SPDX = "# SPDX-License-Identifier: GPL-3.0-or-later"
COPYRIGHT = "# Copyright: Contributors to the aws_ivs.chat collection"
# antsibull-changelog writes the first and reads the second.
WITHOUT_HEADER = ("changelogs/changelog.yaml", "changelogs/fragments/")


def checkout(pattern: str) -> list[Path]:
    """The files of the checkout that git tracks or would track, and whose names match."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [ROOT / name for name in listed if re.search(pattern, name) and (ROOT / name).exists()]


def sources() -> list[Path]:
    """The files that need a header."""
    return [
        path
        for path in checkout(r"\.(py|ya?ml|toml|sh)$|^\.ci/run$")
        if not path.relative_to(ROOT).as_posix().startswith(WITHOUT_HEADER)
    ]


def headers(action: str = "") -> list[str]:
    """The files whose first lines lack the copyright or the license by SPDX."""
    problems = []
    for path in sources():
        lines = path.read_text().splitlines()
        head = lines[:6]
        if SPDX in head and COPYRIGHT in head:
            continue
        if action == "--add":
            path.write_text("\n".join(with_header(lines)) + "\n")
        else:
            problems.append(f"{path.relative_to(ROOT)} does not begin with {COPYRIGHT!r} and {SPDX!r}")
    return problems


def with_header(lines: list[str]) -> list[str]:
    """The lines of a file with the missing lines of the header, below `#!` and above everything else."""
    start = int(bool(lines) and lines[0].startswith("#!"))
    existing = [line for line in lines[start : start + 3] if re.match("# (Copyright:|GNU General|SPDX-License)", line)]
    body = lines[start + len(existing) :]
    license = [line for line in existing if line.startswith("# GNU")]
    return [*lines[:start], COPYRIGHT, *license, SPDX, *([""] if not existing and body[:1] != ["---"] else []), *body]


def plugin_yaml() -> list[str]:
    """What yamllint says about DOCUMENTATION, EXAMPLES and RETURN of each plugin, and about the doc fragments."""
    config = YamlLintConfig(file=str(ROOT / ".yamllint"))
    # A fragment begins without ---, and ansible-doc requires of no plugin to begin with it.
    config.rules["document-start"] = False
    problems = []
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for line, text in documents(path):
            # The string begins with a line break, and belongs to a Python file of its own width (ruff).
            found = linter.run(text.lstrip("\n"), config)
            problems += [f"{path.relative_to(ROOT)}:{line + each.line}: {each.message}" for each in found]
    return problems


def documents(path: Path) -> list[tuple[int, str]]:
    """The line and the text of each string that a plugin assigns to a name in capitals."""
    return [
        (node.value.lineno, node.value.value)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.isupper()
        and "\n" in node.value.value
    ]


def published() -> re.Pattern[str]:
    """The beginning of the URLs of files and folders in the repository."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    return re.compile(re.escape(galaxy["repository"]) + "/(?:blob|tree)/main/")


def links() -> list[str]:
    """The links of the Markdown files to files and headings that do not exist."""
    return broken(ROOT, {path: markdown(path) for path in checkout(r"\.md$")}, published())


def site(directory: str) -> list[str]:
    """The links inside the built site to pages, anchors, and files that do not exist. The others go to links.txt."""
    root = (Path(directory) / "html").resolve()
    pages = {path: Page(path.read_text()) for path in root.rglob("*.html")}
    external = sorted({link for page in pages.values() for link in page.links if is_external(link)})
    (Path(directory) / "links.txt").write_text("\n".join(external) + "\n")
    print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links, {len(external)} external URLs")
    repository = published()
    lacking = [
        f"a page links to {link}, which the checkout does not have"
        for link in external
        if (found := repository.match(link)) and not (ROOT / link[found.end() :].partition("#")[0]).exists()
    ]
    return broken(root, pages) + lacking if pages else [f"{root} has no pages"]


CHECKS: dict[str, Callable[..., list[str]]] = {
    "action-groups": action_groups,
    "versions": versions,
    "headers": headers,
    "plugin-yaml": plugin_yaml,
    "links": links,
    "site": site,
    "build": build,
}

if __name__ == "__main__":
    problems = CHECKS[sys.argv[1]](*sys.argv[2:])
    print("\n".join(problems) or f"{sys.argv[1]}: ok")
    sys.exit(bool(problems))
