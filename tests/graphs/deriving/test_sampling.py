"""Numbers of a solution: its lines as NumPy computes them, and what they tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.graphs.deriving.solution import Task
from backproof.graphs.deriving.verdict import Kind

#: Lines, the name they are differentiated for, and what the numbers may tell of the second.
LINES: dict[tuple[str, str, str | None], set[Kind | None]] = {
    ("x + x", "2*x", None): {"holds"},
    ("tanh(x)", "1 - tanh(x)**2", "x"): {"holds"},
    ("tanh(x)", "1 - tanh(x)", "x"): {"refuted"},
    ("sqrt(x)*sqrt(y)", "sqrt(x*y)", None): {"holds"},
    ("relu(x - 10)", "0", None): {"refuted"},
    ("1e15 + x - 1e15", "x", None): {"holds", None},  # rounding may hide it
    ("log(-1 - x**2)", "x", None): {None},  # nowhere a real number
    ("kl_div(x, t)", "t*(log(t) - x)", None): {"holds"},  # of probabilities alone
}


@pytest.mark.parametrize(("one", "other", "wrt"), LINES)
def test_what_numbers_tell(one: str, other: str, wrt: str | None) -> None:
    (found,) = Task([one, other], "", wrt, {}).numbers().verdicts(5.0)
    assert (found.kind if found else None) in LINES[one, other, wrt]


def test_the_lines_have_the_numbers_of_numpy() -> None:
    point: dict[str, Any] = {"X": np.arange(6.0).reshape(2, 3), "w": np.array([0.5, -1.0, 2.0])}
    lines = Task(["sum((X@w)**2)", "X@w"], "", "w", {"X": [2, 3], "w": [3]}).numbers().at(point)
    np.testing.assert_allclose(lines[0], 2 * point["X"].T @ (point["X"] @ point["w"]), rtol=1e-14)
    np.testing.assert_allclose(lines[1], point["X"] @ point["w"], rtol=1e-14)
