"""Finite differences: right, and honest about how right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from backproof.checking.oracles import along, differentiate, directional

FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "sine": (np.sin, np.cos),
    "exponential": (np.exp, np.exp),
    "tenth power": (lambda x: x**10, lambda x: 10 * x**9),
    "tangent": (np.tan, lambda x: 1 / np.cos(x) ** 2),
    "steep sigmoid": (
        lambda x: 1 / (1 + np.exp(-50 * (x - 0.7))),
        lambda x: 12.5 / np.cosh(25 * (x - 0.7)) ** 2,
    ),
    "constant": (lambda x: 3.0, lambda x: 0.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("at", [-1.3, 0.2, 0.9])
def test_the_error_estimate_holds_and_is_small(name: str, at: float) -> None:
    function, derivative = FUNCTIONS[name]
    estimate = directional(lambda step: (function(at + step), abs(function(at + step))))
    assert abs(estimate.value - derivative(at)) <= estimate.error
    assert estimate.error <= 1e-6 * (1 + abs(derivative(at)) + abs(function(at)))


def test_a_kink_between_the_points_is_seen_in_the_estimate() -> None:
    estimate = directional(lambda step: (abs(step - 1e-9), abs(step - 1e-9)))
    assert estimate.error > 0.1


def test_a_kink_near_by_only_asks_for_a_smaller_step() -> None:
    estimate = directional(lambda step: (abs(step - 1e-3), abs(step - 1e-3)))
    assert estimate.value == pytest.approx(-1, abs=1e-8)
    assert estimate.error < 1e-6


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_directions_and_elements_agree_with_the_matrix(dtype: str) -> None:
    rng = np.random.default_rng(1)
    matrix, x, g = (rng.standard_normal(s).astype(dtype) for s in ((4, 3), (3,), (4,)))
    exact = g.astype(float) @ matrix.astype(float)
    slack = {"float64": 1e-10, "float32": 1e-3}[dtype]
    found = differentiate(lambda arrays: matrix @ arrays[0], [x], 0, g, dtype)
    np.testing.assert_allclose(found, exact, atol=slack)
    direction = rng.standard_normal(3)
    line = along(lambda arrays: matrix @ arrays[0], [x], [direction], g)
    estimate = directional(line, dtype)
    assert abs(estimate.value - exact @ direction) <= estimate.error


def test_a_directional_derivative_costs_the_same_at_any_size() -> None:
    calls = []
    for size in (10, 10_000):
        count = 0

        def forward(arrays: Any) -> Any:
            nonlocal count
            count += 1
            return np.tanh(arrays[0])

        x = np.linspace(-1, 1, size)
        directional(along(forward, [x], [np.ones(size)], np.ones(size)))
        calls.append(count)
    assert calls[0] == calls[1] == 7
