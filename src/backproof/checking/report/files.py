"""A report in a file: whole or not at all, and never in the place of code."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from backproof.checking.reading.targets import SUFFIXES

__all__ = ["obstacle", "write_whole"]

_MODE = 0o666


def obstacle(target: str, checked: Sequence[str]) -> str:
    """Say why a report must not or cannot be written there, before it is made; nothing where it may.

    ``checked`` are the paths that are checked: what is read is not written over, nor any other code.

    Examples
    --------
    >>> obstacle("", []), obstacle("report.html", ["a.py"])
    ('expected the name of a file, got an empty one', '')
    """
    if not target:
        return "expected the name of a file, got an empty one"
    path = Path(os.path.realpath(target))
    if path.is_dir():
        return f"expected the name of a file, got the folder {target}"
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} for {target}; make it first"
    files = (file.rpartition("::")[0] if "::" in file else file for file in checked)
    if path.exists() and (path.suffix.lower() in SUFFIXES or any(_is_same(path, file) for file in files)):
        return f"{target} is there and holds code, which the report would replace; give another name"
    return ""


def _is_same(path: Path, file: str) -> bool:
    try:
        return path.samefile(file)
    except OSError:  # it is not there
        return False


def write_whole(path: Path, text: str) -> None:
    """Put a text into a file, in one step: who reads the file meanwhile sees the old text or the new.

    What is no regular file, ``/dev/stdout`` say, is simply written to.

    Raises
    ------
    OSError
        If it cannot be written; the file is then as it was.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(target: Path) -> int:
    """Give the permissions that the file has, or that a new one gets."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return _MODE & ~mask
