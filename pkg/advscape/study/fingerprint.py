"""A hash of a script and of everything it imports from this library.

Snakemake sees changes of a script but not of the modules it imports. Each rule therefore carries
this fingerprint in its parameter: it is taken over syntax trees, so a comment, a docstring or a
line break changes nothing, and the modules are found by following the imports. What a catalogue
names in text, as ``advscape.a.b:c``, is imported from there later and followed too; what is
imported for type checkers alone is not.

What is no Python, a module finds in the folder ``templates`` of its package: each file there counts
with every module of the package, byte by byte.

A package's ``__init__.py`` counts only where a name is imported from it; ours are docstrings, so
code imports from the module that holds what it needs.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from advscape.references import OWN

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


def module_of(reference: str) -> Path:
    """File of the library's module that a reference ``advscape.a.b:c`` names.

    Raises:
        ValueError: there is no such module.
    """
    found = _module_file(reference.split(":")[0])
    if found is None:
        raise ValueError(f"{reference} names no module of the library")
    return found


def _collect(path: Path, found: dict[str, str]) -> None:
    name, digest, imported = _read(path)
    if name in found:
        return
    found[name] = digest
    for module in imported:
        _collect(module, found)


@cache
def _read(path: Path) -> tuple[str, str, tuple[Path, ...]]:
    """Name and digest of one file, and the files of the library that it imports or may fill in."""
    inside = path.is_relative_to(PACKAGE)
    name = path.relative_to(PACKAGE).as_posix() if inside else path.name
    if inside and path.suffix != ".py":
        return name, hashlib.sha256(path.read_bytes()).hexdigest(), ()
    tree = ast.parse(path.read_bytes(), filename=str(path))
    imports: list[ast.AST] = []
    digest = hashlib.sha256(_tree_text(tree, imports).encode()).hexdigest()
    # a set first: the same module is imported for many names
    files = {_module_file(name) for name in set(_names(imports))}
    if inside:
        files.update(_templates(path.parent))
    return name, digest, tuple(sorted(file for file in files if file is not None))


def _templates(package: Path) -> Iterator[Path]:
    """Files of a package that are filled in; hidden ones are an editor's or a file manager's."""
    for file in package.joinpath("templates").rglob("[!.]*"):
        if file.is_file() and file.suffix not in (".py", ".pyc"):
            yield file


def _names(imports: list[ast.AST]) -> Iterator[str]:
    """What import statements and references import from this library, as ``advscape.a.b``."""
    for node in imports:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant):
            names = [str(node.value).split(":")[0]]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # `from advscape.a import b`: b is a module of the package a, or a name in a
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == PACKAGE.name)


def _module_file(name: str) -> Path | None:
    """File of ``advscape.a.b``, or of ``advscape.a`` where b is a name inside it."""
    parts = name.split(".")
    for end in (len(parts), len(parts) - 1):
        base = PACKAGE.joinpath(*parts[1:end])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return file
    return None


def _tree_text(node: object, imports: list[ast.AST]) -> str:
    """A syntax tree as text, without docstrings, positions and what differs between Pythons.

    ``ast.dump`` will not do: its text changed in 3.13, and 3.12 added empty fields to nodes. Every
    start of the workflow waits for this, so it goes through the tree once.

    Args:
        node: a node, or what stands in a node's field.
        imports: gets the import statements and the references of the tree.
    """
    if isinstance(node, ast.AST):
        kind = type(node)
        fields = []
        for name in _field_names(kind):  # type: ignore[arg-type]  # typeshed: AST is unhashable
            value = getattr(node, name, None)
            if name in ("body", "values"):
                value = _without_noise(node, name, value)
            if value is not None and value != []:
                fields.append(f"{name}={_tree_text(value, imports)}")
        if kind is ast.Import or kind is ast.ImportFrom or _is_reference(node):
            imports.append(node)
        return f"{kind.__name__}({','.join(fields)})"
    if isinstance(node, list):
        kept = [item for item in node if not _for_type_checkers(item)]
        return "[" + ",".join([_tree_text(item, imports) for item in kept]) + "]"
    return repr(node)


def _is_reference(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and OWN.fullmatch(node.value) is not None
    )


def _for_type_checkers(node: object) -> bool:
    """Whether a statement is an ``if TYPE_CHECKING``, which never runs."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


@cache
def _field_names(kind: type[ast.AST]) -> list[str]:
    return sorted(kind._fields)


def _without_noise(node: ast.AST, name: str, value: Any) -> Any:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if name == "body" and isinstance(node, documented):
        return value if ast.get_docstring(node, clean=False) is None else value[1:]
    if isinstance(node, ast.JoinedStr):  # 3.12 puts empty pieces into nested format specs
        return [piece for piece in value if getattr(piece, "value", None) != ""]
    return value
