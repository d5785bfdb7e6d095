"""Bounds: wide enough for any right implementation, too narrow for a wrong one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backproof.checking.bounds import Yardstick, agrees, rounding_bound

RNG = np.random.default_rng(5)
X = RNG.uniform(-3, 3, (7, 5))


def _naive_tanh(x: Any) -> Any:
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def _naive_softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def _stable_softmax(x: Any) -> Any:
    return _naive_softmax(x - x.max(-1, keepdims=True))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("mine", "reference"),
    [
        (_naive_tanh, np.tanh),
        (_naive_softmax, _stable_softmax),
        (lambda x: 1 - 2 / (1 + np.exp(2 * x)), np.tanh),
        (lambda x: x * x * x, lambda x: x**3),
        (lambda x: sum(x.ravel().tolist()) / x.size, np.mean),
    ],
)
def test_another_way_to_write_it_is_within_the_bound(mine: Any, reference: Any, dtype: Any) -> None:
    x = X.astype(dtype)
    bound = rounding_bound(
        lambda arrays: reference(arrays[0]), [x.astype(float)], Yardstick.of(np.dtype(dtype).name, exact=True)
    )
    assert agrees(np.asarray(mine(x)), np.asarray(reference(x.astype(float))), bound)


@pytest.mark.parametrize("relative", [1e-3, 1e-6, 1e-9, 1e-11])
def test_a_small_mistake_in_one_element_is_out_of_the_bound(relative: float) -> None:
    bound = rounding_bound(lambda arrays: np.tanh(arrays[0]), [X], Yardstick.of("float64", exact=True))
    wrong = np.tanh(X)
    wrong[3, 2] *= 1 + relative
    assert not agrees(wrong, np.tanh(X), bound)


def test_the_bound_of_an_element_does_not_grow_with_the_array() -> None:
    bounds = []
    for size in (10, 100_000):
        x = np.resize([0.5, -1.5, 2.5], size)
        bounds.append(
            rounding_bound(lambda arrays: np.tanh(arrays[0]), [x], Yardstick.of("float64", exact=True)).max()
        )
    assert bounds[1] <= 2 * bounds[0]


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        ([np.nan], [np.nan], True),
        ([np.inf], [np.inf], True),
        ([np.inf], [-np.inf], False),
        ([np.nan], [1.0], False),
        ([[1.0]], [1.0], False),
        ([], [], True),
    ],
)
def test_agreement_of_what_is_not_finite(got: Any, expected: Any, same: bool) -> None:
    got_array, expected_array = np.array(got), np.array(expected)
    assert agrees(got_array, expected_array, np.zeros(expected_array.shape)) is same


@pytest.mark.parametrize("bound", [np.inf, np.nan])
def test_a_bound_that_is_not_finite_bounds_nothing(bound: float) -> None:
    assert not agrees(np.array([5.0]), np.array([np.inf]), np.array([bound]))
    assert agrees(np.array([np.inf]), np.array([np.inf]), np.array([bound]))
