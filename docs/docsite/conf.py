# Copyright: Contributors to the aws_ivs.chat collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx makes the documentation site. `make docs` puts the pages together in .cache/docs/source, laid out as the
checkout is, so that the relative links of the Markdown files work there, too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref, toctree
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ROOT = Path(__file__).resolve().parents[2]
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"

project = "{namespace}.{name}".format(**GALAXY)
version = release = GALAXY["version"]
copyright = GALAXY["authors"][0]

extensions = ["sphinx_antsibull_ext", "myst_parser"]
# index.md includes it.
exclude_patterns = ["README.md"]
myst_heading_anchors = 3
nitpicky = True
# As in the guides on docs.ansible.com.
default_role = "any"
highlight_language = "YAML+Jinja"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"{project} {version}"
html_show_sphinx = False
html_copy_source = False
pygments_style = "ansible"
pygments_dark_style = "github-dark"
# The colors of antsibull-docs follow the reader's system, not the switch of the theme. site.css has the others.
antsibull_ext_color_scheme = "none"
html_theme_options = {
    f"{scheme}_css_variables": {
        "antsibull-option-type": type_color,
        "antsibull-option-required": red,
        "antsibull-option-aliases": green,
        "antsibull-option-default": blue,
        "antsibull-attribute-support-partial": yellow,
    }
    for scheme, type_color, red, green, blue, yellow in (
        ("light", "#800080", "#b30000", "#006400", "#0000cc", "#6b6b00"),
        ("dark", "#ff93ff", "#ff8282", "#71d471", "#adadff", "#c9c900"),
    )
}

# Pages of others, which no build can fetch an inventory for when it is offline: label, and page of docs.ansible.com.
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
# The label of a plugin of another collection. One of this collection has to exist.
PLUGIN = re.compile(rf"ansible_collections\.(?!{re.escape(project)}\.)(?P<path>\w+\.\w+\.\w+_[a-z]+)")
CONTENTS = re.compile(r"^\.\. contents::.*\n(?:   .*\n)*", re.MULTILINE)
# antsibull-docs capitalizes the name of the collection in titles.
TITLE = re.compile(re.escape(project.title()).replace("_", r"\\?_"))
FILES = f"{GALAXY['repository']}/blob/main/"
IMAGES = f"{GALAXY['repository']}/raw/main/"


def tidy(app: Sphinx, name: str, source: list[str]) -> None:
    """Remove from what antsibull-docs writes the list of sections, which the theme shows beside the page."""
    if name.startswith("collection/"):
        source[0] = TITLE.sub(project, CONTENTS.sub("", source[0]))


def shorten(app: Sphinx, env: BuildEnvironment) -> None:
    """Show each page once in the sidebar, and a plugin by its name. The title of its page is longer."""
    for name, contents in env.tocs.items():
        if plugin := re.fullmatch(r"collection/(\w+)_(module|lookup|role)", name):
            label = plugin[1] if plugin[2] != "role" else f"{plugin[1]} role"
            title = next(contents.findall(nodes.reference))
            title.children = [nodes.Text(label)]
            env.titles[name].children = [nodes.Text(label)]
    # These pages are in the sidebar already.
    for pages in list(env.tocs["collection/index"].findall(toctree)):
        pages.parent.remove(pages)


def link_to_others(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.reference | None:
    """The link to a plugin of another collection, or to a page of Ansible."""
    if plugin := PLUGIN.fullmatch(node["reftarget"]):
        page = f"collections/{plugin['path'].replace('.', '/')}.html"
    else:
        page = PAGES.get(node["reftarget"], "")
    return nodes.reference("", "", text, internal=False, refuri=f"{ANSIBLE}/{page}") if page else None


def link_to_repository(app: Sphinx, doctree: nodes.document) -> None:
    """Let relative links of Markdown files to what is not at this path of the site point at the repository."""
    for node in list(doctree.findall(pending_xref)):
        if node["reftype"] != "myst" or node["refdomain"] or node["reftarget"].startswith("#"):
            continue
        path = (ROOT / node["refdoc"]).parent.joinpath(node["reftarget"]).resolve()
        if path.is_relative_to(ROOT) and path.exists():
            url = FILES + path.relative_to(ROOT).as_posix()
            node.replace_self(nodes.reference("", "", *node.children, internal=False, refuri=url))


def show_own_images(app: Sphinx, doctree: nodes.document) -> None:
    """Show images of the repository from the site itself, so that it is complete without a connection."""
    for node in doctree.findall(nodes.image):
        if node["uri"].startswith(IMAGES):
            node["uri"] = f"/{node['uri'].removeprefix(IMAGES)}"


def page_of(path: str) -> str:
    """The page that the site has of a file of the repository. antsibull-docs puts some in the folder `collection`."""
    page = path.removesuffix(".md").removesuffix(".rst")
    return "collection/changelog" if page == "CHANGELOG" else page.replace("docs/docsite/rst/", "collection/docsite/")


def link_to_pages(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Let links to files of the repository point at the pages that the site has of them."""
    for node in doctree.findall(nodes.reference):
        url, _hash, anchor = node.get("refuri", "").partition("#")
        page = page_of(url.removeprefix(FILES))
        if app.builder.format == "html" and url.startswith(FILES) and page in app.env.found_docs:
            # By anchor of GitHub: the line of the heading, its ID here, and its text.
            slugs = app.env.metadata[page].get("myst_slugs", {})
            anchor = slugs[anchor][1] if anchor in slugs else anchor
            uri = app.builder.get_relative_uri(name, page) + (f"#{anchor}" if anchor else "")
            node.attributes.update(refuri=uri, internal=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", tidy)
    app.connect("env-updated", shorten)
    app.connect("missing-reference", link_to_others)
    app.connect("doctree-read", link_to_repository)
    app.connect("doctree-read", show_own_images, priority=400)  # before Sphinx collects the images
    app.connect("doctree-resolved", link_to_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
