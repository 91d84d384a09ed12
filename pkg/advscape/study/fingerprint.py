"""A hash of a script and of everything it imports from this library.

Snakemake sees changes of a script but not of the modules it imports. Each rule therefore carries
this fingerprint in its parameter: it is taken over syntax trees, so a comment, a docstring or a
line break changes nothing, and the modules are found by following the imports.

A package's ``__init__.py`` counts only where a name is imported from it; ours are docstrings, so
code imports from the module that holds what it needs.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def fingerprint(script: str | Path) -> str:
    """Hash of the code that a script runs.

    Args:
        script: path of a Python file that may import ``advscape`` modules.

    Returns:
        16 hexadecimal digits, the same on every supported Python.
    """
    found: dict[str, str] = {}
    _collect(Path(script).resolve(), found)
    lines = "".join(f"{name} {found[name]}\n" for name in sorted(found))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def _collect(path: Path, found: dict[str, str]) -> None:
    inside = path.is_relative_to(PACKAGE)
    name = path.relative_to(PACKAGE).as_posix() if inside else path.name
    if name in found:
        return
    digest, imported = _read(path)
    found[name] = digest
    for module in imported:
        _collect(module, found)


@cache
def _read(path: Path) -> tuple[str, tuple[Path, ...]]:
    """Digest of one file's syntax tree, and the files of the library that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    imported = tuple(sorted(set(_imports(tree))))
    return hashlib.sha256(_tree_text(tree).encode()).hexdigest(), imported


def _imports(tree: ast.AST) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # `from advscape.a import b`: b is a module of the package a, or a name in a
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            file = _module_file(name)
            if file is not None:
                yield file


def _module_file(name: str) -> Path | None:
    """File of ``advscape.a.b``, or of ``advscape.a`` where b is a name inside it."""
    parts = name.split(".")
    if parts[0] != PACKAGE.name:
        return None
    for end in (len(parts), len(parts) - 1):
        base = PACKAGE.joinpath(*parts[1:end])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return file
    return None


def _tree_text(node: object) -> str:
    """A syntax tree as text, without docstrings, positions and what differs between Pythons.

    ``ast.dump`` will not do: its text changed in 3.13, and 3.12 added empty fields to nodes.
    """
    if isinstance(node, ast.AST):
        fields = [
            f"{name}={_tree_text(value)}"
            for name, value in sorted(_fields(node).items())
            if value is not None and value != []
        ]
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return "[" + ",".join(map(_tree_text, node)) + "]"
    return repr(node)


def _fields(node: ast.AST) -> dict[str, object]:
    fields = dict(ast.iter_fields(node))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.JoinedStr):  # 3.12 puts empty pieces into nested format specs
        fields["values"] = [v for v in node.values if getattr(v, "value", None) != ""]
    return fields
