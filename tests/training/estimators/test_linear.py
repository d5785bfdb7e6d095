"""Least squares by descent: the solutions of closed forms."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.datasets import load_diabetes, load_linnerud
from sklearn.exceptions import ConvergenceWarning

import backproof as bp
from backproof import optim
from tests.training.estimators.samples import Numbers, normal

# Many thousands of steps are made here, of ops that are enforced in tests of their own.
pytestmark = pytest.mark.usefixtures("not_enforced")


def related(eps: float) -> tuple[Numbers, Numbers]:
    """Give features of which the third is the second, but for a little, at very different sizes."""
    X = normal("related", 50, 3)
    X[:, 2] = X[:, 1] + eps * X[:, 2]
    X = X * [1, 1e3, 1e-3] + [5, 1e4, 0]
    return X, X @ [1, 2, 3] + normal("noise", 50)


REGRESSIONS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "three targets": lambda: load_linnerud(return_X_y=True),
    "one column of targets": lambda: (normal("x", 20, 2), normal("y", 20, 1)),
    "related features": lambda: related(0.1),
    "hardly different features": lambda: related(0.01),
    "far from zero": lambda: (normal("x", 30, 2) + 1e6, normal("y", 30) - 1e6),
    "a constant feature": lambda: (np.column_stack([normal("x", 20, 2), np.full(20, 0.1)]), normal("y", 20)),
    "a constant target": lambda: (normal("x", 20, 2), np.full(20, 3.0)),
    "a feature twice": lambda: (np.repeat(normal("x", 20, 2), 2, axis=1), normal("y", 20)),
    "more features than samples": lambda: (normal("x", 5, 9), normal("y", 5)),
    "one sample": lambda: (normal("x", 1, 2), normal("y", 1)),
}


def standardised(X: Numbers, y: Numbers, intercept: bool) -> tuple[Numbers, Numbers]:
    """Give the least squares in standardised units, by NumPy's SVD, and the units of each coefficient."""
    y = y.reshape(len(y), -1)
    by = [np.where(array.std(axis=0) > 1e-12, array.std(axis=0), 1) for array in (X, y)]
    means = [array.mean(axis=0) * intercept for array in (X, y)]
    Z, t = ((array - mean) / unit for array, mean, unit in zip((X, y), means, by, strict=True))
    return np.linalg.lstsq(Z, t, rcond=1e-13)[0].T, by[1][:, None] / by[0]


# Without an intercept features far from zero are one direction, to twelve digits.
CENTRED = [(name, True) for name in REGRESSIONS]
THROUGH_ZERO = [(name, False) for name in REGRESSIONS if name != "far from zero"]


@pytest.mark.parametrize(("name", "intercept"), CENTRED + THROUGH_ZERO)
def test_least_squares_are_reached(name: str, intercept: bool) -> None:
    X, y = REGRESSIONS[name]()
    model = bp.LinearRegression(fit_intercept=intercept, max_iter=30_000)
    model.fit(X, y)
    truth, units = standardised(X, y, intercept)
    # `tol` bounds how far off the coefficients are; the rest is rounding on the way in and out.
    distance = np.linalg.norm(np.atleast_2d(model.coef_) / units - truth)
    assert distance <= 1.1 * model.tol
    assert model.coef_.shape == (() if y.ndim == 1 else (y.shape[1],)) + (X.shape[1],)
    assert np.shape(model.intercept_) == y.shape[1:]
    assert model.predict(X).shape == y.shape
    if not intercept:
        assert not np.any(model.intercept_)


def test_scikit_learn_has_the_same_coefficients() -> None:
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = bp.LinearRegression().fit(X, y), sklearn.linear_model.LinearRegression().fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-12)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-8)
    assert abs(ours.score(X, y) - theirs.score(X, y)) < 1e-12
    assert abs(ours.loss_curve_[-1] - (1 - theirs.score(X, y))) < 1e-12


def test_what_is_not_reached_is_said() -> None:
    X, y = related(0.001)
    with pytest.warns(ConvergenceWarning, match="stopped after max_iter=50 epochs: not yet at the solution"):
        model = bp.LinearRegression(max_iter=50).fit(X, y)
    assert model.n_iter_ == 50
    assert not model.history_.stopped


@pytest.mark.parametrize(
    ("optimizer", "lr"),
    [("sgd", 0.1), (functools.partial(optim.SGD, lr=0.05, momentum=0.5), None)],
)
def test_other_optimizers_arrive_by_the_same_rule(optimizer: Any, lr: float | None) -> None:
    X, y = normal("x", 30, 2), normal("y", 30)
    model = bp.LinearRegression(optimizer=optimizer, learning_rate_init=lr, tol=1e-6).fit(X, y)
    truth, units = standardised(X, y, intercept=True)
    assert model.history_.stopped.startswith("the gradient is")
    assert np.linalg.norm(model.coef_ / units - truth) <= 1.1e-6
