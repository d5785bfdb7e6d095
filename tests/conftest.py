"""What holds for every test: shapes are enforced, chance is repeatable, and no plot opens a window.

`backproof.ops` and `backproof.updates` are imported here, before any test, through jaxtyping's
import hook, which makes each annotation such as ``Float[Array, "*batch out"]`` an assertion. The
switch does not stay in the environment: processes that tests start import the package as a user's do.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import jaxtyping
import pytest

import tests.enforcement  # the hook looks it up by its name

SWITCH = "BACKPROOF_ENFORCE_SHAPES"


def enforce_shapes() -> None:
    """Import the catalogues with their annotations enforced."""
    os.environ[SWITCH] = "1"
    try:
        rooms = ["backproof.ops", "backproof.updates"]
        with jaxtyping.install_import_hook(rooms, f"{tests.enforcement.__name__}.typechecker"):
            import backproof.ops
            import backproof.updates  # noqa: F401 - imported for the import's effect
    finally:
        del os.environ[SWITCH]


enforce_shapes()

# The same inputs in every run, and no test fails for being slow on a busy machine.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("repeatable")

# In the background of a shell interrupts are ignored, and would be by the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("MPLBACKEND", "Agg")  # matplotlib of a notebook under test draws into memory


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays anyway: modules, and tens of thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def not_enforced() -> Iterator[None]:
    """Let a test see what a user sees: no annotation is an assertion."""
    with tests.enforcement.unenforced():
        yield


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., str]:
    """Write a table, and give the name of its file."""

    def write(content: str | bytes, name: str = "data.csv") -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write
