"""Whether the likelihood has a maximum: hand-made cases, and what scikit-learn's coefficients do."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from backproof.training.separation import separable

CASES = {
    "apart": ([[1], [2], [3], [4]], [0, 0, 1, 1], True),
    "apart but for a touch": ([[1], [2], [2], [3]], [0, 0, 1, 1], True),
    "mixed": ([[1], [2], [3], [4]], [0, 1, 0, 1], False),
    "a word that decides": ([[0], [0], [0], [1]], [0, 1, 0, 1], True),
    "a word that does not": ([[0], [0], [1], [1]], [0, 1, 0, 1], False),
    "one of three apart": ([[0], [0.1], [5], [6], [5.5], [6.5]], [0, 0, 1, 2, 2, 1], True),
    "three mixed": ([[0], [1], [2], [0], [1], [2], [0], [1], [2]], [0, 1, 2, 1, 2, 0, 2, 0, 1], False),
    "a plane": ([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 1, 1, 1], True),
    "an exclusive or": ([[0, 0], [1, 1], [0, 1], [1, 0]], [0, 0, 1, 1], False),
}


@pytest.mark.parametrize(("inputs", "labels", "expected"), CASES.values(), ids=CASES)
def test_separable(inputs: list[list[float]], labels: list[int], expected: bool) -> None:
    assert separable(np.array(inputs, float), np.array(labels), max(labels) + 1) is expected


@pytest.mark.parametrize("seed", range(6))
def test_coefficients_grow_exactly_where_it_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(12, 2))
    labels = (inputs @ [2.0, -1.0] + rng.logistic(size=12) > 0).astype(int)

    def size(penalty: float) -> float:
        return float(
            abs(LogisticRegression(C=penalty, max_iter=10_000, tol=1e-12).fit(inputs, labels).coef_).max()
        )

    grows = size(1e8) > 1.2 * size(1e4)
    assert separable(inputs, labels, 2) is grows


def test_iris_has_a_class_apart_and_two_that_are_not() -> None:
    inputs, labels = load_iris(return_X_y=True)
    assert separable(inputs, labels, 3) is True
    assert separable(inputs[50:], labels[50:] - 1, 2) is False


def test_of_too_many_rows_it_is_not_found_out() -> None:
    assert separable(np.zeros((3_000_000, 1)), np.zeros(3_000_000, int), 2) is None
