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
    module, function = reference.split(":")
    file = module_file(module)
    if file is None:
        raise ValueError(
            f"module:function, with {module.replace('.', '/')}.py in the working folder "
            f"({Path.cwd()}) or on the Python path"
        )
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        line = f"{file.name}, line {error.lineno}: {error.msg}"
        raise ValueError(f"a module that Python can read; {line}") from None
    except ValueError as error:  # not UTF-8
        raise ValueError(f"a module that Python can read; {file.name}: {error}") from None
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    if function not in defined:
        raise ValueError(f"what {file.name} defines: {', '.join(defined) or 'nothing'}")
    return file
