"""A function of the user's own that a config names as ``module:function``.

The file is found and parsed, never imported: the user's module would load torch, and this runs
at every start of the workflow.
"""

import ast
import sys
from pathlib import Path


def module_file(module: str) -> Path | None:
    """File of the module ``a.b``: in the current folder first, then on the Python path."""
    for folder in (Path.cwd(), *map(Path, sys.path)):
        base = folder.joinpath(*module.split("."))
        for file in (base / "__init__.py", base.with_suffix(".py")):
            if file.is_file():
                return file.resolve()
    return None


def find_function(reference: str) -> Path:
    """File of the module that defines a function, or a class, at its top level.

    Args:
        reference: module:function.

    Raises:
        ValueError: the module or the function is not there; the message says what is allowed.
    """
    return _defined(reference)[0]


def keywords(reference: str) -> dict[str, bool] | None:
    """Names of the arguments that a function, or a class, can be given by name, and which must be.

    None where they are not to be read off: it takes any, or is decorated, or is a class whose
    ``__init__`` is not its own.

    Args:
        reference: module:function.

    Raises:
        ValueError: as of :func:`find_function`.
    """
    _, node = _defined(reference)
    skipped = 0
    if isinstance(node, ast.ClassDef):
        own = [inner for inner in node.body if isinstance(inner, ast.FunctionDef)]
        made = next((inner for inner in own if inner.name == "__init__"), None)
        if made is None or node.decorator_list or node.keywords:
            return None
        node, skipped = made, 1
    if node.decorator_list or node.args.kwarg is not None:
        return None
    # positional-only ones come first, and self with them
    named = [*node.args.posonlyargs, *node.args.args]
    without_default = len(named) - len(node.args.defaults)
    found = {argument.arg: i < without_default for i, argument in enumerate(named)}
    by_name = dict([*found.items()][max(skipped, len(node.args.posonlyargs)) :])
    defaults = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return by_name | {argument.arg: default is None for argument, default in defaults}


def _defined(reference: str) -> tuple[Path, ast.FunctionDef | ast.ClassDef]:
    module, function = reference.split(":")
    file = module_file(module)
    if file is None:
        raise ValueError(
            f"module:function, with {module.replace('.', '/')}.py in the working folder "
            f"({Path.cwd()}) or on the Python path"
        )
    try:
        tree = ast.parse(file.read_bytes())  # bytes: with a byte order mark or a coding line too
    except SyntaxError as error:
        line = f"{file.name}, line {error.lineno}: {error.msg}"
        raise ValueError(f"a module that Python can read; {line}") from None
    except ValueError as error:  # not UTF-8
        raise ValueError(f"a module that Python can read; {file.name}: {error}") from None
    nodes = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    defined = {node.name: node for node in nodes}
    if function not in defined:
        raise ValueError(f"what {file.name} defines: {', '.join(defined) or 'nothing'}")
    return file, defined[function]
