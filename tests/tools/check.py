# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of what is listed twice and could come apart: check.py action-groups | build DIRECTORY."""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}

# Everything that a user gets, and nothing else.
BUILT = re.compile(
    r"FILES\.json|MANIFEST\.json|COPYING|README\.md|CHANGELOG\.md|requirements\.txt|changelogs/changelog\.yaml"
    r"|meta/(runtime|execution-environment)\.yml|plugins/"
    r"(modules|module_utils|doc_fragments|lookup|action|plugin_utils)/\w+\.py"
    r"|(roles|playbooks|docs)/.+"
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
    with tarfile.open(Path(directory) / "{namespace}-{name}-{version}.tar.gz".format(**galaxy)) as archive:
        files = {member.name for member in archive if member.isfile()}
    needed = {f"plugins/modules/{name}.py" for name in MODULES} | {"COPYING", "README.md", "meta/runtime.yml"}
    return [
        *(f"the built collection lacks {name}" for name in sorted(needed - files)),
        *(f"the built collection holds {name}" for name in sorted(files) if not BUILT.fullmatch(name)),
    ]


if __name__ == "__main__":
    problems = {"action-groups": action_groups, "build": build}[sys.argv[1]](*sys.argv[2:])
    print("\n".join(problems) or f"{sys.argv[1]}: ok")
    sys.exit(bool(problems))
