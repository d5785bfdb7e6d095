"""What a user points at, as files: paths, folders and ``FILE::Name`` expanded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backproof.checking.findings import Problem

__all__ = ["SUFFIXES", "Target", "collect"]

#: What is read.
SUFFIXES = (".py", ".ipynb")
#: Folders of other people's code. A folder that holds ``pyvenv.cfg`` is one too, whatever its name.
_SKIPPED = frozenset({"__pycache__", "site-packages", "node_modules", "venv"})
#: What is made of a project beside its pyproject.toml or setup.py: copies of its code.
_MADE = frozenset({"build", "dist"})
_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(frozen=True)
class Target:
    """A file to check; with ``names``, only the candidates of these names in it.

    ``by_folder`` says that it was not named itself, but is in a folder that was.
    """

    file: str
    names: tuple[str, ...] = ()
    by_folder: bool = False


def collect(paths: Sequence[str]) -> tuple[list[Target], list[Problem]]:
    """Expand files, folders and ``FILE::Name`` into the files to check, each once, and what was wrong.

    A folder gives its ``.py`` and ``.ipynb`` files, those of its folders included, in the order of
    their names; hidden ones, virtual environments, caches and empty files are left out. A file named
    outright is taken as it is; whether it can be read is seen when it is read.
    """
    found: dict[str, Target] = {}
    problems: list[Problem] = []
    for path in paths:
        file, separator, name = path.rpartition("::")
        if not separator:
            file, name = path, ""
        problem = _problem(file, name if separator else None)
        if problem:
            problems.append(Problem(file or path, problem))
            continue
        files = list(_inside(file, problems)) if Path(file).is_dir() else [file]
        if not files:
            problems.append(Problem(file, f"{file} holds no .py or .ipynb file"))
        for each in files:
            _add(found, Target(each, (name,) if name else (), by_folder=Path(file).is_dir()))
    return list(found.values()), problems


def _problem(file: str, name: str | None) -> str:
    """Say what is wrong with a path as such; nothing where it can be looked at."""
    if not file:
        return "expected a path, got an empty one"
    if not (Path(file).exists() or Path(file).is_symlink()):
        return f"{file} does not exist"
    if name is None:
        return ""
    if Path(file).is_dir():
        return f"{file} is a folder; FILE::Name needs a file"
    if not name.isidentifier():
        return f"expected FILE::Name with the name of a class or function, got name={name!r}"
    return ""


def _inside(folder: str, problems: list[Problem]) -> Iterator[str]:
    def report(error: OSError) -> None:
        problems.append(Problem(error.filename, f"{error.filename} cannot be listed: {error.strerror}"))

    for here, folders, files in os.walk(folder, onerror=report):
        folders[:] = sorted(name for name in folders if _is_own(Path(here, name)))
        for name in sorted(files):
            path = Path(here, name)
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            # An empty file, often __init__.py, has nothing to check; a dangling link is for `read` to tell.
            if path.exists() and path.stat().st_size == 0:
                continue
            yield str(path)


def _is_own(folder: Path) -> bool:
    hidden = folder.name.startswith(".")
    made = folder.name in _MADE and any((folder.parent / name).exists() for name in _PROJECTS)
    return not (hidden or made or folder.name in _SKIPPED or (folder / "pyvenv.cfg").exists())


def _add(found: dict[str, Target], target: Target) -> None:
    key = os.path.realpath(target.file)  # unlike Path.resolve it does not mind a loop of links
    earlier = found.get(key)
    if earlier is None:
        found[key] = target
    elif not (earlier.names and target.names):
        # The whole file holds its parts.
        found[key] = Target(earlier.file, by_folder=earlier.by_folder and target.by_folder)
    else:
        found[key] = Target(earlier.file, tuple(dict.fromkeys((*earlier.names, *target.names))))
