"""The code on the pages: run, and given to the checker."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import backproof as bp
from backproof.checking.findings import Judgement, Report
from backproof.checking.run import check_paths
from backproof.checking.settings import Settings

__all__ = ["checked", "checked_as_a_file"]

#: The module that the code of a page is, while it is judged.
MODULE = "example_of_a_page"


def checked(code: str) -> Judgement:
    """Check the component of a page: its last class, or its forward and backward."""
    with _defined(code) as own:
        classes = [value for value in own if isinstance(value, type)]
        return bp.check(classes[-1] if classes else tuple(own))


@contextmanager
def _defined(code: str) -> Iterator[list[object]]:
    """Run code as a module, and give what it defines, in its order."""
    module = types.ModuleType(MODULE)
    sys.modules[MODULE] = module
    try:
        exec(compile(code, MODULE, "exec"), vars(module))  # noqa: S102  # the examples of our own pages
        yield [value for value in vars(module).values() if getattr(value, "__module__", None) == MODULE]
    finally:
        del sys.modules[MODULE]


def checked_as_a_file(code: str, folder: Path, *, timeout: float) -> Report:
    """Check code as the command line does, in a process of its own."""
    path = folder / "example.py"
    path.write_text(code, encoding="utf-8")
    return check_paths([str(path)], Settings(jobs=1, timeout=timeout))
