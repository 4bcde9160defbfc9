"""What stands in the package's files, read without importing them: no torch is needed for that."""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = "densenet_lesson"


@dataclass(frozen=True)
class Module:
    """A module of the package: where it is, its first line of words, and where its names are from.

    `imported` leads from a name to the dotted name of what it stands for.
    """

    name: str
    path: Path
    summary: str
    own: frozenset[str]
    exported: tuple[str, ...] = ()
    imported: dict[str, str] = field(default_factory=dict)
    libraries: frozenset[str] = frozenset()


@cache
def modules(root: Path) -> dict[str, Module]:
    """Read every module of the package that can be imported; a `__main__` is only to be run.

    Args:
        root: the repository's folder.

    Returns:
        The modules by their dotted names, in alphabetical order.
    """
    paths = (path for path in (root / PACKAGE).rglob("*.py") if path.stem != "__main__")
    found = (read(root, path) for path in paths)
    return {module.name: module for module in sorted(found, key=lambda module: module.name)}


def read(root: Path, path: Path) -> Module:
    """Read one file of the package."""
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return Module(
        name=name,
        path=path,
        summary=(ast.get_docstring(tree) or "").partition("\n")[0],
        own=frozenset(defined(tree)),
        exported=exports(tree),
        imported=imports(tree, name if is_package else name.rpartition(".")[0]),
        libraries=libraries(tree),
    )


def defined(tree: ast.Module) -> list[str]:
    """Names that a module defines itself: functions, classes, constants."""
    names = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def exports(tree: ast.Module) -> tuple[str, ...]:
    """Names that a module lists in `__all__`; none if it has no such list."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return tuple(ast.literal_eval(node.value))
    return ()


def imports(tree: ast.AST, package: str) -> dict[str, str]:
    """Where names come from that code imports from the course's package.

    Args:
        tree: the code, parsed.
        package: the package that the code belongs to, on which relative imports build.

    Returns:
        The dotted name of what each imported name stands for.
    """
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            if source.split(".")[0] == PACKAGE:
                found |= {a.asname or a.name: f"{source}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import) and any(a.name.startswith(PACKAGE) for a in node.names):
            found[PACKAGE] = PACKAGE
    return found


def libraries(tree: ast.AST) -> frozenset[str]:
    """The libraries outside the course and Python's own that code imports, wherever it does."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module.partition(".")[0])
    return frozenset(names - set(sys.stdlib_module_names) - {PACKAGE, "__future__"})


def origin(name: str, known: dict[str, Module]) -> str | None:
    """Follow a dotted name of the package to where it is defined.

    Args:
        name: such as "densenet_lesson.training.evaluate".
        known: what `modules` returned.

    Returns:
        Such as "densenet_lesson.training.evaluation.evaluate"; None if the package has none.
    """
    module, _, last = name.rpartition(".")
    if module in known:
        source = known[module].imported.get(last, name)
        if source != name:
            return origin(source, known)
        return name if last in known[module].own or name in known else None
    if name in known or not module:
        return name if name in known else None
    owner = origin(module, known)  # a module under another name, or a class
    if owner in known:
        return origin(f"{owner}.{last}", known)
    return f"{owner}.{last}" if owner else None


def notebook_code(path: Path) -> str:
    """All code of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
