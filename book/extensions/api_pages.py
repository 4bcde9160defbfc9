"""A Sphinx extension: a page for every module of the package, from its docstrings.

Nothing is installed for it: what the package imports from elsewhere is replaced by stand-ins
(autodoc's mocks), so the book is built without PyTorch. In a chapter, the first mention of a name
that the chapter imports from the package leads to its page.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from package_source import PACKAGE, Module, imports, modules, notebook_code, origin
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.util import inspect
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tools import address  # noqa: E402
from tools.address import Address  # noqa: E402

FOLDER = "book/api"

PAGE = """\
``{short}``
{underline}

.. rst-class:: api-source

{place} in the repository

.. automodule:: {name}
   :members:
   :ignore-module-all:
   :member-order: bysource
   :show-inheritance:
"""


def short(name: str) -> str:
    """A module's name without the package's: "figures.blocks"."""
    return name.removeprefix(f"{PACKAGE}.")


def page_text(module: Module, root: Path, published: Address | None) -> str:
    """The page of one module, in reStructuredText.

    Args:
        module: as `package_source.modules` found it.
        root: the repository's folder.
        published: where the repository is; None: nowhere.
    """
    title = short(module.name)
    path = module.path.relative_to(root).as_posix()
    place = f"`{path} <{published.files}/{path}>`_" if published else f"``{path}``"
    line = "=" * (len(title) + 4)
    text = PAGE.format(short=title, underline=line, name=module.name, place=place)
    elsewhere = [name for name in module.exported if name not in module.own]
    if elsewhere:
        listed = ", ".join(f"`{name}`" for name in elsewhere)
        text += f"\n.. rubric:: Also to be had from here\n\n{listed}\n"
    return text


def write_pages(app: Any, config: Any) -> None:
    """Write a page for every module, before Sphinx looks which pages there are."""
    root = Path(app.srcdir)
    sys.path.insert(0, str(root))  # autodoc imports the package
    known = modules(root)
    # The list of pages ends with the modules; with their functions, it would slow down every page.
    config.html_theme_options.setdefault("navigation_depth", 2)
    config.autodoc_mock_imports = sorted(set().union(*(m.libraries for m in known.values())))
    published = address.read(root)
    (root / FOLDER).mkdir(exist_ok=True)
    wanted = {root / FOLDER / f"{short(module.name)}.rst": module for module in known.values()}
    for old in set((root / FOLDER).glob("*.rst")) - set(wanted):
        old.unlink()
    for path, module in wanted.items():
        text = page_text(module, root, published)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# ----------------------------------------------------------------------------- names as links


def code_or_link(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any
) -> tuple[list, list]:
    """What single backticks mean in a docstring: code, and a link if the package has that name."""
    env = inliner.document.settings.env
    here = env.ref_context.get("py:module") or PACKAGE
    shown = nodes.literal(rawtext, text.removeprefix(f"{PACKAGE}."), classes=["xref", "py"])
    beside = here.rpartition(".")[0] or PACKAGE  # in the same folder of the package
    places = [f"{here}.{text}", f"{beside}.{text}", f"{PACKAGE}.{text}", text]
    target = find(places, Path(env.srcdir))
    return [reference(target, shown) if target else shown], []


def find(names: list[str], root: Path) -> str | None:
    """The first of these names that the package has, as the name of where it is defined."""
    known = modules(root)
    return next(filter(None, (origin(name, known) for name in names)), None)


def reference(target: str, shown: nodes.Node) -> addnodes.pending_xref:
    """A link to a dotted name of the package, to be resolved when all pages have been read."""
    options = {"refdomain": "py", "reftype": "obj", "reftarget": target, "refexplicit": False}
    return addnodes.pending_xref("", shown, **options)


def lead_to_module(app: Any, env: Any, node: addnodes.pending_xref, shown: Any) -> Any:
    """Let a name without a description of its own, such as a constant, lead to its module.

    The arguments are those of missing-reference.
    """
    module = node.get("reftarget", "").rpartition(".")[0]
    domain = env.get_domain("py")
    if node.get("refdomain") != "py" or module not in domain.modules:
        return None
    place = domain.modules[module]
    address = app.builder.get_relative_uri(node["refdoc"], place.docname)
    return nodes.reference("", "", shown, internal=True, refuri=f"{address}#{place.node_id}")


def names_of_others(app: Any, domain: Any, node: addnodes.pending_xref) -> bool | None:
    """Say nothing when a type of another library leads nowhere: the book holds no page of it."""
    return True if domain is not None and domain.name == "py" else None


class FirstMentions(SphinxTransform):
    """In a chapter, the first mention of each name that the chapter imports becomes a link."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        if not self.env.docname.startswith("notebooks/"):
            return
        root, linked = Path(self.app.srcdir), set()
        path = Path(self.env.doc2path(self.env.docname))
        imported = imports(ast.parse(notebook_code(path)), "")
        for shown in list(self.document.findall(nodes.literal)):
            first, *rest = shown.astext().removesuffix("()").split(".")
            target = find([".".join([imported.get(first, ""), *rest])], root)
            inside_a_link = isinstance(shown.parent, (nodes.reference, addnodes.pending_xref))
            if target and target not in linked and not inside_a_link:
                linked.add(target)
                shown.replace_self(reference(target, shown.deepcopy()))


# ----------------------------------------------------------------------------- docstrings


def keep_colons(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Keep napoleon from reading "The module: its channels" under Returns as a type and a text.

    The arguments are those of autodoc-process-docstring.
    """
    for i, line in enumerate(lines[:-1]):
        if line.strip() == "Returns:":
            lines[i + 1] = re.sub(r"^(\s+)(?=.*:(\s|$))", r"\1: ", lines[i + 1])


def own_signature(
    app: Any, what: str, name: str, thing: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """The signature of a class by its `__init__`; that of a stand-in's heir says nothing.

    A default such as <factory>, which is no Python, becomes three dots. The arguments are those of
    autodoc-process-signature.
    """
    if what == "class" and signature == "(*args: Any, **kwargs: Any)":
        own = inspect.signature(thing.__init__, bound_method=True)
        style = {"unqualified_typehints": True, "show_return_annotation": False}
        signature = inspect.stringify_signature(own, **style)
    return (re.sub(r"<[^<>]*>", "...", signature), returns) if signature else None


def skip_fields(
    app: Any, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """Skip the fields of a named tuple, of which Python says "Alias for field number 0"."""
    return True if type(thing).__name__ == "_tuplegetter" else None


class ModuleList(SphinxDirective):
    """Directive `module-list`: modules with their first lines, those of the chapters first."""

    def run(self) -> list[nodes.Node]:
        root = Path(self.env.srcdir)
        known = modules(root)
        used = set()
        for path in sorted((root / "notebooks").glob("*.ipynb")):
            self.env.note_dependency(str(path))
            for target in imports(ast.parse(notebook_code(path)), "").values():
                used |= {target if target in known else target.rpartition(".")[0]}
        self.env.note_dependency(__file__)
        groups = [
            ("What the chapters import", [known[name] for name in known if name in used]),
            ("What stands behind it", [known[name] for name in known if name not in used]),
        ]
        return [node for title, group in groups for node in self.group(title, group)]

    def group(self, title: str, group: list[Module]) -> list[nodes.Node]:
        """A heading and a list of modules."""
        listed = nodes.definition_list(classes=["module-list"])
        for module in group:
            link = reference(module.name, nodes.literal("", short(module.name)))
            summary, _ = self.state.inline_text(module.summary.replace("`", "``"), self.lineno)
            listed += nodes.definition_list_item(
                "",
                nodes.term("", "", link),
                nodes.definition("", nodes.paragraph("", "", *summary)),
            )
        return [nodes.rubric("", title), listed]


def setup(app: Any) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.setup_extension("sphinx.ext.viewcode")
    app.add_role("code-or-link", code_or_link)
    app.add_directive("module-list", ModuleList)
    app.add_transform(FirstMentions)
    app.connect("config-inited", write_pages, priority=100)  # before the contents are read
    app.connect("autodoc-process-docstring", keep_colons, priority=100)  # before napoleon
    app.connect("autodoc-process-signature", own_signature)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("missing-reference", lead_to_module)
    app.connect("warn-missing-reference", names_of_others)
    tools = sorted(Path(__file__).parent.glob("*.py"))
    return {
        "env_version": [path.read_text(encoding="utf-8") for path in tools],  # read all anew then
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
