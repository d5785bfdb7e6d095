"""Classes by a line: scikit-learn's coefficients and intercepts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import backproof as bp
from tests.training.estimators.samples import Numbers, iris, normal

# Many thousands of steps are made here, of ops that are enforced in tests of their own.
pytestmark = pytest.mark.usefixtures("not_enforced")


# A weaker penalty makes for a longer way.
@pytest.mark.parametrize(
    ("classes", "intercept", "C"),
    [(2, True, 1.0), (2, False, 0.01), (2, True, 100.0), (3, True, 0.01), (3, False, 1.0), (3, True, 10.0)],
)
def test_scikit_learn_has_the_same_likelihood(classes: int, intercept: bool, C: float) -> None:
    X, y = iris(classes)
    ours = bp.LogisticRegression(C=C, fit_intercept=intercept, max_iter=30_000).fit(X, y)
    theirs = sklearn.linear_model.LogisticRegression(
        C=C, fit_intercept=intercept, tol=1e-10, max_iter=100_000
    )
    theirs.fit(X, y)
    assert ours.coef_.shape == theirs.coef_.shape
    size = np.abs(theirs.coef_).max()
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=2e-5 * size)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-5)
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    assert ours.decision_function(X).shape == theirs.decision_function(X).shape
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X), rtol=1e-12)


def noisy(shares: list[int], spread: float = 0.3) -> tuple[Numbers, Any]:
    """Give so many samples of each class, which overlap."""
    y = np.repeat(np.arange(len(shares)), shares)
    return normal("noisy", len(y), 3) + spread * y[:, None], y


OVERLAPPING: dict[str, Callable[[], tuple[Numbers, Any]]] = {
    "as many": lambda: noisy([30, 30]),
    "one in fifty": lambda: noisy([200, 4]),
    "three": lambda: noisy([20, 20, 20]),
    "three, one of them rare": lambda: noisy([90, 90, 3]),
    "of different sizes": lambda: (noisy([30, 30])[0] * [1, 5, 0.2] + [0, 50, 3], noisy([30, 30])[1]),
    "small": lambda: (noisy([40, 20])[0] * 1e-3 + 1, noisy([40, 20])[1]),
}


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("name", OVERLAPPING)
def test_coefficients_and_intercepts_are_as_near_as_was_asked_for(name: str, intercept: bool) -> None:
    X, y = OVERLAPPING[name]()
    mean = X.mean(axis=0) * intercept
    unit = np.linalg.norm(X - mean, 2) / np.sqrt(len(X))
    for C in [1e-6, 1e-3, 1.0, 1e4]:
        ours = bp.LogisticRegression(C=C / unit**2, fit_intercept=intercept).fit(X, y)
        theirs = sklearn.linear_model.LogisticRegression(
            C=C, fit_intercept=intercept, tol=1e-12, max_iter=1000, solver="newton-cholesky"
        ).fit((X - mean) / unit, y)
        truth = theirs.intercept_ - theirs.intercept_.mean() * (len(theirs.intercept_) > 1)
        distance = np.hypot(
            np.linalg.norm(ours.coef_ * unit - theirs.coef_),
            np.linalg.norm(ours.intercept_ + ours.coef_ @ mean - truth),
        )
        assert distance <= 1.1 * ours.tol, f"C={C:g}"


def test_many_features_of_one_size() -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    theirs = sklearn.linear_model.LogisticRegression(tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(bp.LogisticRegression().fit(X, y).coef_, theirs.coef_, rtol=0, atol=1e-5)


def test_without_a_penalty_there_is_a_maximum_where_classes_overlap() -> None:
    X, y = iris(2)
    theirs = sklearn.linear_model.LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(X, y)
    for ours in (bp.LogisticRegression(penalty=None), bp.LogisticRegression(C=np.inf)):
        np.testing.assert_allclose(ours.fit(X, y).coef_, theirs.coef_, rtol=1e-5)


def test_without_a_penalty_separable_classes_are_said_to_be() -> None:
    X = np.array([[1.0], [2.0], [4.0], [5.0]])
    with pytest.warns(
        ConvergenceWarning, match=r"separable, so longer .* stopped after \d+ steps, at a loss of"
    ):
        model = bp.LogisticRegression(penalty=None).fit(X, [0, 0, 1, 1])
    assert model.score(X, [0, 0, 1, 1]) == 1
    assert -model.intercept_[0] / model.coef_[0, 0] == pytest.approx(3)


#: X, y, whether planes may lie anywhere, and whether the likelihood has a maximum.
APART: dict[str, tuple[Any, Any, bool, bool]] = {
    "but for a touch": ([[1.0], [2], [3], [3], [4], [5]], [0, 0, 0, 1, 1, 1], True, False),
    "not": ([[1.0], [4], [3], [3], [2], [5]], [0, 0, 0, 1, 1, 1], True, True),
    "but for the origin": ([[1.0], [2], [3], [4]], [0, 0, 1, 1], False, True),
    "one of three": ([[0.0], [0.1], [5], [6], [5.5], [6.5]], [0, 0, 1, 2, 2, 1], True, False),
}


@pytest.mark.parametrize("name", APART)
def test_where_there_is_no_maximum_it_is_said(name: str) -> None:
    X, y, intercept, is_bounded = APART[name]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        bp.LogisticRegression(penalty=None, fit_intercept=intercept, max_iter=300).fit(X, y)
    assert any("classes are separable" in str(each.message) for each in warned) is not is_bounded


def test_probabilities_at_the_ends() -> None:
    model = bp.LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert model.predict_proba([[1e6], [-1e6]]).tolist() == [[0, 1], [1, 0]]
    assert np.isfinite(model.predict_log_proba([[1e6], [-1e6]])).all()
