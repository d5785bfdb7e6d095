"""The estimators: scikit-learn's interface, and its numbers."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.linear_model
import sklearn.neural_network
import torch
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_linnerud
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import backproof as bp
from backproof import nn, optim
from tests.ops.examples import generator

Numbers = NDArray[np.float64]
# Many thousands of steps are made here, of ops that are enforced in tests of their own.
pytestmark = pytest.mark.usefixtures("not_enforced")

#: Small networks: what is checked is the interface, and each check trains several.
CHECKED = [
    bp.LinearRegression(),
    bp.LogisticRegression(),
    bp.MLPClassifier((10,), learning_rate_init=0.01, max_iter=100),
    bp.MLPRegressor((10,), learning_rate_init=0.01, max_iter=100),
]


# Some checks train on noise, where a network has not come to its end after 100 epochs, and says so.
@pytest.mark.filterwarnings("ignore:MLP:sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(CHECKED)  # type: ignore[untyped-decorator]  # scikit-learn brings no types
def test_scikit_learn_takes_it_for_an_estimator(estimator: Any, check: Any) -> None:
    check(estimator)


# --- Least squares ------------------------------------------------------------------------------


def normal(text: str, *shape: int) -> Numbers:
    return generator(text).normal(size=shape)


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


# --- Classes by a line --------------------------------------------------------------------------


def iris(classes: int) -> tuple[Numbers, Any]:
    data = load_iris()
    kept = data.target >= 3 - classes
    return data.data[kept], data.target_names[data.target[kept]]


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


def test_probabilities_at_the_ends() -> None:
    model = bp.LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert model.predict_proba([[1e6], [-1e6]]).tolist() == [[0, 1], [1, 0]]
    assert np.isfinite(model.predict_log_proba([[1e6], [-1e6]])).all()


# --- Networks -----------------------------------------------------------------------------------


def rings() -> tuple[Numbers, Any]:
    X = normal("rings", 150, 2)
    return X, np.array(["in", "out"])[(np.linalg.norm(X, axis=1) > 1.2).astype(int)]


def test_a_network_learns_what_no_line_parts() -> None:
    X, y = rings()
    how: dict[str, Any] = {"learning_rate_init": 0.02, "max_iter": 300, "random_state": 0, "batch_size": 32}
    ours = bp.MLPClassifier((16,), **how).fit(X, y)
    theirs = sklearn.neural_network.MLPClassifier((16,), **how).fit(X, y)
    assert ours.score(X, y) > 0.97
    assert ours.score(X, y) >= theirs.score(X, y) - 0.02
    assert bp.LogisticRegression().fit(X, y).score(X, y) < 0.8
    np.testing.assert_allclose(ours.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    assert ((ours.decision_function(X) > 0) == (ours.predict(X) == "out")).all()
    assert [coef.shape for coef in ours.coefs_] == [(2, 16), (16, 2)]
    assert [bias.shape for bias in ours.intercepts_] == [(16,), (2,)]


def test_the_penalty_is_what_it_is_said_to_be() -> None:
    X, y = normal("x", 8, 3), normal("y", 8)
    still, moving = (functools.partial(optim.SGD, lr=lr) for lr in (0.0, 0.1))
    how: dict[str, Any] = {"alpha": 2.0, "batch_size": 8, "random_state": 0}
    before, after = (
        bp.MLPRegressor((4,), "tanh", optimizer=optimizer, **how).partial_fit(X, y)
        for optimizer in (still, moving)
    )
    twin: Any = before.model_.to_torch()
    loss = torch.nn.functional.mse_loss(twin(torch.tensor(X))[:, 0], torch.tensor(y))
    (loss + 2.0 / (2 * 8) * sum((twin[place].weight ** 2).sum() for place in (0, 2))).backward()
    for name, parameter in twin.named_parameters():
        step = after.model_.state_dict()[name] - parameter.detach().numpy()
        np.testing.assert_allclose(step, -0.1 * parameter.grad.numpy(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kind", [bp.MLPClassifier, bp.MLPRegressor])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay(kind: Any, dtype: Any) -> None:
    X, y = normal("x", 20, 3).astype(dtype), np.arange(20) % 2
    model = kind((4,), tol=1.0).fit(X, y)
    assert {coef.dtype for coef in model.coefs_} == {np.dtype(dtype)}
    answer = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    assert answer.dtype == dtype


@pytest.mark.parametrize("kind", [bp.LinearRegression, bp.LogisticRegression])
def test_linear_models_of_float32_are_computed_in_float64(kind: Any) -> None:
    X, y = normal("x", 20, 3).astype(np.float32), np.arange(20) % 2
    model, double = kind().fit(X, y), kind().fit(X.astype(np.float64), y)
    assert model.coef_.dtype == np.float32
    np.testing.assert_allclose(model.coef_, double.coef_, rtol=1e-6)


def test_early_stopping_keeps_the_best() -> None:
    X, y = normal("x", 60, 4), normal("y", 60)  # noise: the loss on what is held apart soon rises
    model = bp.MLPRegressor(
        (50,),
        learning_rate_init=0.02,
        early_stopping=True,
        validation_fraction=0.25,
        random_state=0,
        max_iter=500,
    ).fit(X, y)
    validation = model.history_["validation"]
    assert model.history_.stopped
    assert model.n_iter_ < 500
    assert validation.argmin() < len(validation) - 1
    _, held, _, aside = sklearn.model_selection.train_test_split(
        X, y, test_size=0.25, random_state=np.random.RandomState(0).randint(2**31 - 1)
    )
    assert np.mean((model.predict(held) - aside) ** 2) == pytest.approx(validation.min(), rel=1e-12)


def test_early_stopping_holds_samples_of_every_class_apart() -> None:
    X, y = iris(3)
    model = bp.MLPClassifier((8,), early_stopping=True, learning_rate_init=0.05, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9


def test_warm_start_goes_on() -> None:
    X, y = rings()
    cold, warm = (bp.MLPClassifier((8,), tol=1.0, random_state=0, warm_start=warm) for warm in (False, True))
    losses = [[model.fit(X, y).loss_curve_[0] for _ in range(2)] for model in (cold, warm)]
    assert losses[0][0] == losses[0][1] == losses[1][0]
    assert losses[1][1] < losses[1][0]


def test_partial_fit_is_an_epoch() -> None:
    X, y = rings()
    model = bp.MLPClassifier((8,), learning_rate_init=0.05, random_state=0)
    for _ in range(30):
        model.partial_fit(X, y, classes=["in", "out"])
    assert model.n_iter_ == len(model.loss_curve_) == 30
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    assert model.score(X, y) > 0.8
    line = bp.MLPRegressor((), learning_rate_init=0.1, random_state=0)
    for _ in range(150):
        line.partial_fit(X, X @ [1.0, 2.0])
    np.testing.assert_allclose(line.coefs_[0][:, 0], [1, 2], atol=0.01)


@pytest.mark.parametrize("loss", ["huber", "l1", nn.SmoothL1Loss(beta=0.5)])
def test_outliers_pull_less_with_other_losses(loss: Any) -> None:
    X = np.linspace(-1, 1, 41)[:, None]
    y = 2 * X[:, 0]
    y[-1] = 100
    how: dict[str, Any] = {"learning_rate_init": 0.05, "max_iter": 400, "random_state": 0, "tol": 1e-6}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # Adam goes around the minimum
        slopes = [bp.MLPRegressor((), loss=each, **how).fit(X, y).coefs_[0].item() for each in (loss, None)]
    assert abs(slopes[0] - 2) < 0.5
    assert slopes[1] > 3


# --- What they are given ------------------------------------------------------------------------

ALL = [bp.LinearRegression, bp.LogisticRegression, bp.MLPClassifier, bp.MLPRegressor]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("kind", [bp.LinearRegression, bp.LogisticRegression])
def test_frames_have_names(kind: Any, frame: Any) -> None:
    X, y = normal("x", 20, 2), np.arange(20) % 2
    table = frame(dict(zip(["height", "weight"], X.T, strict=True)))
    model = kind().fit(table, y)
    assert model.feature_names_in_.tolist() == ["height", "weight"]
    np.testing.assert_allclose(model.predict(table), kind().fit(X, y).predict(X), rtol=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table[["weight", "height"]])


def strided(X: Numbers) -> Numbers:
    return np.repeat(X, 2, axis=1)[:, ::2]


def locked(X: Numbers) -> Numbers:
    X = X.copy()
    X.setflags(write=False)
    return X


@pytest.mark.parametrize(
    "given", [strided, locked, np.asfortranarray, np.ndarray.tolist], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("kind", ALL)
def test_memory_does_not_matter(kind: Any, given: Any) -> None:
    X, y = normal("x", 12, 3), np.arange(12) % 2
    how = {"hidden_layer_sizes": (3,), "tol": 1.0, "random_state": 0} if "MLP" in kind.__name__ else {}
    np.testing.assert_allclose(
        kind(**how).fit(given(X), y).predict(X), kind(**how).fit(X, y).predict(X), rtol=1e-9, atol=1e-9
    )


GOOD, LABELS = np.arange(6.0).reshape(3, 2), [0, 1, 0]


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (GOOD[:, 0], LABELS, "Expected 2D array, got 1D array"),
        (5.0, LABELS, "Expected 2D array, got scalar"),
        (GOOD[:0], [], "0 sample"),
        (GOOD[:, :0], LABELS, "0 feature"),
        (GOOD, LABELS[:2], "inconsistent numbers of samples"),
        (np.where(GOOD == 3, np.nan, GOOD), LABELS, "NaN"),
        (np.where(GOOD == 3, np.inf, GOOD), LABELS, "infinity"),
        (GOOD, [0, 1, np.nan], "NaN"),
        (GOOD * 1j, LABELS, "Complex"),
        ([["a", "b"]] * 3, LABELS, "could not convert"),
        (GOOD, None, "y should be a 1d array|requires y to be passed"),
    ],
)
@pytest.mark.parametrize("kind", ALL)
def test_data_that_is_none_is_refused(kind: Any, X: Any, y: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kind().fit(X, y)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (
            bp.LogisticRegression().set_params(penalty="l1"),
            "expected penalty to be 'l2' or None; got penalty='l1'",
        ),
        (bp.LogisticRegression(C=0), "expected C to be above 0; got C=0"),
        (bp.LogisticRegression(C=np.nan), "expected C to be above 0; got C=nan"),
        (bp.LogisticRegression(optimizer="rprop"), "and Rprop has none: take no penalty"),
        (bp.LinearRegression(optimizer="sgdd"), "'sgdd'; did you mean SGD?"),
        (bp.LinearRegression(optimizer="sgd", learning_rate_init=1e6), "the loss became (inf|nan) in epoch"),
        (bp.MLPRegressor(activation="rellu"), "'rellu'; did you mean ReLU?"),
        (bp.MLPRegressor(loss="mze"), "expected the name of a loss; got 'mze'"),
        (bp.MLPRegressor(hidden_layer_sizes=(0,)), r"hidden\[0\]=0"),
        (
            bp.MLPRegressor(batch_size=0),
            "batch_size to be a whole number of at least 1, or 'auto'; got batch_size=0",
        ),
        (bp.MLPRegressor(optimizer="sgd", learning_rate_init=1e9), "the loss became (inf|nan) in epoch"),
        (bp.MLPClassifier(), "samples of at least 2 classes; got y of one class"),
    ],
    ids=str,
)
# What is too large overflows on the way to the error that says so.
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_what_is_wrong_is_said(model: Any, said: str) -> None:
    y = [1, 1, 1] if isinstance(model, bp.MLPClassifier) else [0, 1, 3]
    with pytest.raises(ValueError, match=said):
        model.fit(GOOD, y)


@pytest.mark.parametrize("kind", [bp.LinearRegression, bp.LogisticRegression])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_what_is_too_large_is_said(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"beyond what float64 holds|or the data too large"):
        kind().fit(GOOD * 1e200, LABELS)


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([(LABELS, None)], r"needs classes=…, all that there are to be; got None"),
        ([(LABELS, [0, 1]), ([0, 1, 7], None)], r"expected classes of \[0, 1\]; got y with \[7\]"),
    ],
)
def test_partial_fit_knows_the_classes(calls: list[tuple[Any, Any]], said: str) -> None:
    model = bp.MLPClassifier((2,))
    for y, classes in calls[:-1]:
        model.partial_fit(GOOD, y, classes=classes)
    with pytest.raises(ValueError, match=said):
        model.partial_fit(GOOD, calls[-1][0], classes=calls[-1][1])


@pytest.mark.parametrize("kind", ALL)
def test_nothing_is_predicted_before_fit(kind: Any) -> None:
    with pytest.raises(NotFittedError):
        kind().predict(GOOD)


# --- Where they are used ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_pickled_and_cloned(kind: Any) -> None:
    X, y = normal("x", 12, 3), np.arange(12) % 2
    how = {"hidden_layer_sizes": (3,), "tol": 1.0, "random_state": 0} if "MLP" in kind.__name__ else {}
    model = kind(**how).fit(X, y)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - it was pickled a moment ago
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_allclose(clone(model).fit(X, y).predict(X), model.predict(X), rtol=1e-12)


def test_in_a_pipeline_and_a_search() -> None:
    X, y = iris(3)
    pipe = make_pipeline(StandardScaler(), bp.LogisticRegression())
    assert cross_val_score(pipe, X, y, cv=3).mean() > 0.9
    search = GridSearchCV(pipe, {"logisticregression__C": [1e-4, 1.0]}, cv=3).fit(X, y)
    assert search.best_params_ == {"logisticregression__C": 1.0}


def test_without_scikit_learn_it_is_said_what_to_install() -> None:
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import backproof\ntry:\n    backproof.LinearRegression\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert 'pip install "backproof[train]"' in done.stdout, done.stderr
