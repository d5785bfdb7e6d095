"""What all estimators have: scikit-learn's interface, and what they say of what they are given."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import backproof as bp
from backproof import optim
from tests.training.estimators.samples import Numbers, iris, normal

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
        (bp.LogisticRegression(C=0), "expects C to be above 0; got C=0"),
        (bp.LogisticRegression(C=1e-310), "the penalty of C=1e-310 is beyond what float64 holds"),
        (bp.LogisticRegression(C=np.nan), "expects C to be above 0; got C=nan"),
        (bp.LogisticRegression().set_params(C="a"), r"expects C to be a number; got C='a' \(str\)"),
        (
            bp.LogisticRegression(learning_rate_init=100),
            "learning_rate_init=100 and optimizer=None, whose rate",
        ),
        (
            bp.MLPRegressor(optimizer=functools.partial(optim.SGD, lr=0.1), learning_rate_init=99),
            "with the name of an optimizer; got learning_rate_init=99 and optimizer=functools.partial",
        ),
        (bp.LinearRegression(tol=-1), "LinearRegression expects tol to be at least 0; got tol=-1"),
        (
            bp.LinearRegression(max_iter=0),
            "LinearRegression expects max_iter to be at least 1; got max_iter=0",
        ),
        (bp.MLPRegressor(n_iter_no_change=-3), "n_iter_no_change to be at least 1; got n_iter_no_change=-3"),
        (bp.MLPRegressor(validation_fraction=2), "between 0 and 1, .* got validation_fraction=2"),
        (bp.LogisticRegression(optimizer="rprop"), "and Rprop has none: take no penalty"),
        (bp.LinearRegression(optimizer="sgdd"), "'sgdd'; did you mean SGD?"),
        (bp.LinearRegression(optimizer="sgd", learning_rate_init=1e6), "the loss became (inf|nan) in epoch"),
        (bp.MLPRegressor(activation="rellu"), "'rellu'; did you mean ReLU?"),
        (bp.MLPRegressor(loss="mze"), "expected the name of a loss; got 'mze'"),
        (bp.MLPRegressor(hidden_layer_sizes=(0,)), r"got hidden_layer_sizes\[0\]=0"),
        (
            bp.MLPRegressor(batch_size=0),
            "batch_size to be a whole number of at least 1, or 'auto'; got batch_size=0",
        ),
        (bp.MLPRegressor(optimizer="sgd", learning_rate_init=1e9), "the loss became (inf|nan) in epoch"),
        (bp.MLPClassifier(), "samples of at least 2 classes; got y of one class, 1$"),
    ],
    ids=str,
)
# What is too large overflows on the way to the error that says so.
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_what_is_wrong_is_said(model: Any, said: str) -> None:
    y = [1, 1, 1] if isinstance(model, bp.MLPClassifier) else [0, 1, 3]
    with pytest.raises((TypeError, ValueError), match=said):
        model.fit(GOOD, y)


@pytest.mark.parametrize("kind", [bp.LinearRegression, bp.LogisticRegression])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("size", [1e200, 1e-170])
def test_what_is_too_large_or_too_small_is_said(kind: Any, size: float) -> None:
    with pytest.raises(ValueError, match=r"(inf|nan|0e\+00), is beyond what float64 holds"):
        kind().fit(GOOD * size, LABELS)
    with pytest.raises(ValueError, match=r"is beyond what float64 holds"):
        bp.LinearRegression().fit(GOOD, np.array(LABELS) * size)


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        ([(LABELS, None)], r"needs classes=…, all that there are to be; got None"),
        ([(LABELS, [0, 1]), ([0, 1, 7], None)], r"expected classes of \[0, 1\]; got y with \[7\]"),
        ([(LABELS, [0, 1]), (LABELS, [0, 1, 7])], r"with the classes \[0, 1\]; got \[0, 1, 7\]"),
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


@pytest.mark.parametrize("kind", [bp.LinearRegression, bp.LogisticRegression])
def test_linear_models_of_float32_are_computed_in_float64(kind: Any) -> None:
    X, y = normal("x", 20, 3).astype(np.float32), np.arange(20) % 2
    model, double = kind().fit(X, y), kind().fit(X.astype(np.float64), y)
    assert model.coef_.dtype == np.float32
    np.testing.assert_allclose(model.coef_, double.coef_, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        bp.LinearRegression(max_iter=1),
        bp.LogisticRegression(max_iter=1),
        bp.LogisticRegression(penalty=None),
        bp.MLPRegressor((2,), max_iter=1),
    ],
    ids=str,
)
def test_a_warning_is_of_the_line_that_fits(model: Any) -> None:
    with pytest.warns(ConvergenceWarning) as warned:
        model.fit(GOOD, [0, 0, 1])
    assert [each.filename for each in warned] == [__file__]


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
