"""Finite differences: the error that they give is not exceeded."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

from backproof.graphs.deriving.differences import derivative

FUNCTIONS: dict[str, Callable[..., object]] = {
    "exp": lambda m, x: m.exp(x),
    "sin(50 x)": lambda m, x: m.sin(50 * x),
    "1/x": lambda m, x: 1 / x,
    "tanh(10 x)": lambda m, x: m.tanh(10 * x),
    "log": lambda m, x: m.log(x),
    "(x - 1)^9": lambda m, x: (x - 1) ** 9,
    "3": lambda m, x: 3 + 0 * x,
}


@pytest.mark.parametrize("at", [0.01, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_error_is_no_larger_than_said(name: str, at: float) -> None:
    function = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        found, error = derivative(lambda x: float(function(np, np.float64(x))), at)  # type: ignore[arg-type]
    with mpmath.workdps(40):
        true = float(mpmath.diff(lambda x: function(mpmath, x), mpmath.mpf(at)))
    assert abs(found - true) <= error


#: At steps of the size of x, or of 1, these are over more than one period.
FAST: dict[str, tuple[Callable[..., object], float]] = {
    "far": (lambda m, x: m.sin(x), 1e9),
    "further": (lambda m, x: m.cos(x), -7e7),
    "fast": (lambda m, x: m.sin(1e6 * x), 1.0),
    "fast and small": (lambda m, x: m.exp(-x * x) * m.sin(300 * x), 0.7),
    "both": (lambda m, x: m.sin(20 * x) + x, 1e5),
}


@pytest.mark.parametrize("name", FAST)
def test_a_step_over_a_period_is_no_certainty(name: str) -> None:
    function, at = FAST[name]
    found, error = derivative(lambda x: float(function(np, np.float64(x))), at)  # type: ignore[arg-type]
    with mpmath.workdps(60):
        true = float(mpmath.diff(lambda x: function(mpmath, x), mpmath.mpf(at)))
    assert abs(found - true) <= error


def test_at_a_kink_it_knows_nothing() -> None:
    _, error = derivative(abs, 0.0)
    assert error > 0.5
