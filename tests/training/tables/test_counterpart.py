"""The best linear model by other means, in the units of the data: against NumPy and scikit-learn on raw "
"data."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from backproof.training.tables.choices import Choices
from backproof.training.tables.fitting import Fitted, train
from backproof.training.tables.preparing import prepared
from backproof.training.tables.reading import Table

RNG = np.random.default_rng(3)
X = RNG.normal(size=(80, 2)) * [5.0, 0.1] + [100.0, 3.0]
SCORES = X @ [0.3, -4.0] - 18 + RNG.logistic(size=80)


def fitted(y: Any, X: Any = X, **choices: Any) -> Fitted:
    frame = pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": y})
    return train(prepared(Table(frame, "t"), Choices("y", **choices)), progress=False)


@pytest.mark.parametrize("standardize", [True, False])
def test_least_squares_is_that_of_numpy(standardize: bool) -> None:
    found = fitted(SCORES, epochs=1, standardize=standardize).counterpart()
    assert found.coefficients is not None
    best = np.linalg.lstsq(np.c_[np.ones(80), X], SCORES, rcond=None)[0]
    again = fitted(SCORES, epochs=1, standardize=standardize).in_units(found.coefficients)
    assert list(again["y"].values()) == pytest.approx(best.tolist(), rel=1e-8)


@pytest.mark.parametrize("loss", [None, "cross-entropy"])
def test_two_classes_are_those_of_scikit_learn(loss: str | None) -> None:
    labels = np.where(SCORES > 0, "yes", "no")
    model = fitted(labels, loss=loss)
    found = model.counterpart()
    assert (found.note, found.coefficients is None) == ("", False)
    assert found.coefficients is not None
    best = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit((X - X.mean(0)) / X.std(0), labels)
    slopes = best.coef_[0] / X.std(0)
    expected = [best.intercept_[0] - slopes @ X.mean(0), *slopes]
    for coefficients in (found.coefficients, model.coefficients):
        assert coefficients is not None
        units = model.in_units(coefficients)
        assert list(units) == ["yes"]
        assert list(units["yes"].values()) == pytest.approx(expected, 1e-3)


def test_three_classes_are_those_of_scikit_learn() -> None:
    labels = np.digitize(SCORES, [-1.5, 1.5])
    model = fitted(labels, model="logistic")
    found, own = model.counterpart(), model.coefficients
    assert found.coefficients is not None
    assert own is not None
    units, theirs = model.in_units(own), model.in_units(found.coefficients)
    assert list(units) == ["0", "1", "2"]
    for name, row in units.items():
        assert list(row.values()) == pytest.approx(list(theirs[name].values()), rel=2e-3, abs=2e-3)


WITHOUT = {
    "another loss": ({"y": SCORES, "loss": "l1"}, "another loss than L1Loss"),
    "apart": ({"y": np.where(X[:, 0] > 100, "u", "v")}, "no finite maximum"),
    "one of three apart": (
        {"y": np.digitize(X[:, 0], [95, 200]) + (X[:, 0] > 95) * (SCORES > 0)},
        "no finite maximum",
    ),
}


@pytest.mark.parametrize(("choices", "said"), WITHOUT.values(), ids=WITHOUT)
def test_where_there_is_none_it_says_why(choices: dict[str, Any], said: str) -> None:
    logistic = {} if "loss" in choices else {"model": "logistic"}
    found = fitted(**choices, **logistic, epochs=2).counterpart()
    assert found.coefficients is None
    assert said in found.note


def test_where_it_is_not_known_the_best_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few steps have rows wrong that planes can tell apart: scikit-learn's solution has none."""
    monkeypatch.setattr("backproof.training.tables.counterpart.separable", lambda *rows: None)
    labels = np.digitize(X[:, 0], [95, 105])
    model = fitted(labels, model="logistic", epochs=1)
    assert model.scores(model.prepared.train)["accuracy"] < 1
    found = model.counterpart()
    assert found.coefficients is None
    assert "no finite maximum" in found.note


def test_inputs_that_depend_on_one_another_are_told() -> None:
    twice = np.c_[X[:, 0], 2 * X[:, 0]]
    found = fitted(SCORES, twice, epochs=1).counterpart()
    assert "2 of 3" in found.note
    assert found.coefficients is not None
    model = fitted(SCORES, twice, epochs=1)
    row = model.in_units(found.coefficients)["y"]
    best = LinearRegression().fit(X[:, :1], SCORES)
    assert row["a"] + 2 * row["b"] == pytest.approx(best.coef_[0])


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    found = fitted(np.where(SCORES > 0, "yes", "no"), epochs=1).counterpart()
    assert 'pip install "backproof[train]"' in found.note


def test_scores_are_those_of_scikit_learn() -> None:
    model = fitted(SCORES)
    best = LinearRegression().fit(X, SCORES)
    off = best.predict(X) - SCORES
    assert model.scores(model.prepared.train) == pytest.approx(
        {
            "loss": np.mean(off**2) / SCORES.var(),
            "rmse": np.sqrt(np.mean(off**2)),
            "mae": np.mean(np.abs(off)),
            "r2": best.score(X, SCORES),
        },
        rel=1e-6,
    )
