"""Regressions with their residuals, and logistic curves with their threshold."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from scipy.special import expit, logit
from sklearn.linear_model import LinearRegression, LogisticRegression

from backproof import nn
from backproof.training import plots
from tests.training.plots.samples import ACROSS, NAN, PLANE, RNG, line, xs, ys

Y = (1.5 * ACROSS[:, 0] - 1) + RNG.normal(size=len(ACROSS))


def test_one_feature_is_a_line_with_data_and_residuals() -> None:
    model = LinearRegression().fit(ACROSS, Y)
    (ax,) = plots.regression(model, ACROSS, Y, names=("hours", "points")).axes
    curve, data = ax.lines
    np.testing.assert_allclose(ys(curve), model.predict(np.c_[xs(curve)]))
    np.testing.assert_array_equal(data.get_xydata(), np.c_[ACROSS, Y])
    (residuals,) = (each for each in ax.collections if isinstance(each, LineCollection))
    ends = np.array(residuals.get_segments())
    np.testing.assert_allclose(ends[:, 0, 1] - ends[:, 1, 1], Y - model.predict(ACROSS))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("hours", "points")


def test_several_features_are_predicted_against_actual() -> None:
    y = PLANE[:, 0] - PLANE[:, 1] + RNG.normal(size=len(PLANE))
    model = LinearRegression().fit(PLANE, y)
    (ax,) = plots.regression(model, PLANE, y).axes
    diagonal, data = ax.lines
    np.testing.assert_array_equal(xs(diagonal), ys(diagonal))
    np.testing.assert_allclose(np.c_[xs(data), ys(data)], np.c_[y, model.predict(PLANE)])


def test_of_many_points_some_are_drawn_and_it_is_said() -> None:
    x = np.linspace(0, 1, 5001)
    (ax,) = plots.regression(line, x, 2 * x).axes
    assert len(xs(ax.lines[1])) == 2000
    assert ax.get_title(loc="right") == "2000 of 5001 samples"
    assert not ax.collections


def _crossing(ax: Any) -> tuple[float, float]:
    across = next(each for each in ax.lines if each.get_label().startswith("threshold"))
    said = re.search(r"= (-?[\d.]+)$", across.get_label())
    assert said is not None
    return float(xs(across)[0]), float(said[1])


@pytest.mark.parametrize("threshold", [0.5, 0.2])
@pytest.mark.parametrize("gives", ["logits", "probabilities", "rows", "a module"])
def test_a_logistic_curve_crosses_its_threshold(gives: str, threshold: float) -> None:
    module = nn.Linear(1, 1, dtype=np.float64)
    module.load_state_dict({"weight": [[3.0]], "bias": [-1.0]})
    models = {
        "logits": lambda x: 3 * x - 1,
        "probabilities": lambda x: expit(3 * x[:, 0] - 1),
        "rows": lambda x: np.c_[expit(1 - 3 * x), expit(3 * x - 1)],
        "a module": module,
    }
    (ax,) = plots.logistic(models[gives], ACROSS, np.where(Y > 0, "yes", "no"), threshold=threshold).axes
    where, said = _crossing(ax)
    assert where == pytest.approx((1 + logit(threshold)) / 3, abs=1e-3)
    assert said == pytest.approx(where, abs=6e-3)
    curve = next(each for each in ax.lines if each.get_label() == "model")
    np.testing.assert_allclose(ys(curve), expit(3 * xs(curve) - 1))
    assert ax.get_ylabel() == "probability of class yes"


def test_an_estimator_gives_probabilities() -> None:
    y = (Y > 0).astype(int)
    model = LogisticRegression().fit(ACROSS, y)
    (ax,) = plots.logistic(model, ACROSS, y, name="dose").axes
    where, _ = _crossing(ax)
    assert where == pytest.approx(-model.intercept_[0] / model.coef_[0, 0], abs=1e-3)
    no, yes = ax.lines[:2]
    np.testing.assert_array_equal(xs(no), ACROSS[y == 0, 0])
    np.testing.assert_array_equal(xs(yes), ACROSS[y == 1, 0])


REFUSED: dict[str, tuple[Any, Any, Any, str]] = {
    "nothing": (line, [], [], r"at least one sample with numbers; got X of shape \(0,\)"),
    "not as many": (line, [1.0, 2.0], [1.0], "got X of 2 rows and y of 1"),
    "a number": (line, 1.0, 1.0, "got one number, 1.0"),
    "words": (line, ["a", "b"], [1, 2], "expected X to hold real numbers; got dtype=<U1"),
    "NaN": (line, [NAN, 1.0], [1, 2], r"expected finite numbers; got NaN.* in X \(row 0\)"),
    "several targets": (line, [1.0, 2.0], [[1, 2], [3, 4]], r"got y of shape \(2, 2\)"),
    "several outputs": (lambda x: np.c_[x, x], [1.0, 2.0], [1, 2], r"got the prediction of shape \(2, 2\)"),
    "too few outputs": (lambda x: x[:1], [1.0, 2.0], [1, 2], "for each of 2 inputs; got 1"),
}


@pytest.mark.parametrize(("model", "x", "y", "said"), REFUSED.values(), ids=REFUSED)
def test_what_no_regression_can_be_drawn_of(model: Any, x: Any, y: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        plots.regression(model, x, y)


def test_what_no_logistic_curve_can_be_drawn_of() -> None:
    with pytest.raises(ValueError, match=r"one number a sample; got X of shape \(90, 2\)"):
        plots.logistic(line, PLANE, PLANE[:, 0] > 0)
    with pytest.raises(ValueError, match="expected two classes; got 3"):
        plots.logistic(lambda x: 3 * x, ACROSS, np.arange(23) % 3)
    for threshold in (0, 1, NAN):
        with pytest.raises(ValueError, match="expected a threshold between 0 and 1"):
            plots.logistic(line, ACROSS, Y > 0, threshold=threshold)


def test_data_may_be_read_only_integers_or_strided() -> None:
    x = np.arange(20)[::2]
    x.flags.writeable = False
    (ax,) = plots.regression(line, x, x).axes
    np.testing.assert_array_equal(xs(ax.lines[1]), x)


def test_a_single_sample() -> None:
    (ax,) = plots.regression(line, [[1.0]], [2.0]).axes
    assert xs(ax.lines[1]).tolist() == [1.0]
