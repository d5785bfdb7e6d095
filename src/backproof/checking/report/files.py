"""A report in a file: whole or not at all, and never in the place of code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backproof._files import write_whole
from backproof.checking.reading.targets import SUFFIXES

__all__ = ["obstacle", "write_whole"]


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
