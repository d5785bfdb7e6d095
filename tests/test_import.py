"""``import backproof`` is quick and needs NumPy alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "array_api_compat",
    "scipy",
    "sympy",
    "mpmath",
    "matplotlib",
    "rich",
    "typer",
    "nbformat",
    "safetensors",
    "jaxtyping",
)

#: Refuses every package but NumPy, as if it were not installed.
ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in ("backproof", "numpy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refuse())
"""


def run(program: str) -> str:
    """Run a program in an interpreter of its own, as a user's."""
    environment = {name: value for name, value in os.environ.items() if name != "BACKPROOF_ENFORCE_SHAPES"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "statement",
    ["import backproof", "from backproof import ops, updates, diagnoses", "from backproof import data, nn"],
)
def test_nothing_heavy_is_imported(statement: str) -> None:
    loaded = json.loads(run(f"{statement}; import json, sys; print(json.dumps(list(sys.modules)))"))
    assert "backproof" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.mark.parametrize(
    "statement",
    ["import backproof", "from backproof import ops, updates, diagnoses", "from backproof import data, nn"],
)
def test_numpy_alone_suffices(statement: str) -> None:
    assert run(f"{ALONE}\n{statement}") == ""


def test_an_op_runs_on_numpy_alone() -> None:
    printed = run(
        f"{ALONE}\nimport numpy as np; from backproof.ops import CATALOGUE\n"
        "print(CATALOGUE['Tanh'].gradients(np, np.array([5.0]), (np.array([0.0]),))['input'].tolist())"
    )
    assert printed.strip() == "[5.0]"


def test_the_refusal_works() -> None:
    with pytest.raises(AssertionError, match="No module named 'rich'"):
        run(f"{ALONE}\nimport rich")


def test_annotations_cost_nothing_outside_of_the_tests() -> None:
    printed = run("from backproof._typing import Float; print(Float[int, 'n d'])")
    assert printed.strip() == "<class 'int'>"
