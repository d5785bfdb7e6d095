"""The module that a user's file becomes, and the user's own modules that a notebook imports."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

__all__ = ["create", "own_modules"]


def create(path: str) -> ModuleType:
    """Make the module of a file, and enter it in ``sys.modules`` and its folders in ``sys.path``.

    A script gets the name that it is imported by, so that pickling, ``typing.get_type_hints`` and
    imports of itself find it; within a package, that is its full name. A notebook, and a script with
    the name of a module that is there already, get a name of their own. It is never ``__main__``.
    """
    file = Path(path)
    root = file.parent
    package: list[str] = []
    while file.suffix == ".py" and (root / "__init__.py").exists() and root.name.isidentifier():
        package.insert(0, root.name)
        root = root.parent
    name = ".".join((*package, file.stem))
    if package:
        # What lies in a package may have the name of a standard module: it comes last.
        sys.path[:] = [str(root), *sys.path, str(file.parent)]
    else:
        sys.path.insert(0, str(root))
        taken = file.stem in sys.modules or file.stem in sys.stdlib_module_names
        if taken or not file.stem.isidentifier() or file.suffix != ".py":
            name = re.sub(r"\W", "_", f"_{file.name}" if file.name[0].isdigit() or taken else file.name)
    sys.path += [folder for folder in _around(file.parent) if folder not in sys.path]
    module = ModuleType(name)
    module.__package__ = ".".join(package)
    if file.suffix == ".py":
        module.__file__ = path
    else:
        # What IPython puts in a notebook's reach, and what is shown by it has nobody to see it.
        vars(module).update(display=_nothing, get_ipython=_Shell)
    sys.modules[name] = module
    return module


def _around(folder: Path) -> Iterator[str]:
    """Give the folders that the modules of a project are found in, however the checker was started.

    They are where it was started, the root of the project, and ``src`` in it. They come last: nothing
    that is installed is hidden by them.
    """
    with contextlib.suppress(OSError):  # that folder may be gone
        yield str(Path.cwd())
    for root in (folder, *folder.parents):
        if any((root / sign).exists() for sign in ("pyproject.toml", ".git")):
            yield str(root)
            yield str(root / "src")
            return


def own_modules(module: ModuleType, folder: str) -> list[ModuleType]:
    """Give the modules in a folder, or below it, that a module's names come from, in their order.

    Installed ones are left out, also where Python itself is installed below the folder.
    """
    root = Path(folder).resolve()
    installed = [Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)]
    found: dict[str, ModuleType] = {}
    for candidate in _origins(module):
        file = getattr(candidate, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        if not path.is_relative_to(root):
            continue
        parts = path.relative_to(root).parts
        foreign = "site-packages" in parts or any(part.startswith(".") for part in parts)
        if not foreign and not any(root in home.parents and home in path.parents for home in installed):
            found.setdefault(str(path), candidate)
    return list(found.values())


def _origins(module: ModuleType) -> Iterator[ModuleType]:
    """Give the modules that a namespace holds, and those that its classes and functions come from."""
    for value in list(vars(module).values()):
        name = value.__module__ if isinstance(value, type | FunctionType) else None
        origin = value if isinstance(value, ModuleType) else sys.modules.get(str(name))
        if origin is not None and origin is not module:
            yield origin


class _Shell:
    """Stands in for IPython's shell: takes every call, and does nothing."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return _nothing


def _nothing(*_: object, **__: object) -> None:
    return None
