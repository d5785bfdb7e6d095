"""Networks with scikit-learn's interface: what they learn, and how their training ends."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pytest
import sklearn.linear_model
import sklearn.neural_network
import torch
from sklearn.exceptions import ConvergenceWarning

import backproof as bp
from backproof import nn, optim
from tests.training.estimators.samples import iris, normal, rings

# Many thousands of steps are made here, of ops that are enforced in tests of their own.
pytestmark = pytest.mark.usefixtures("not_enforced")


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


@pytest.mark.parametrize(
    ("sizes", "said"), [(0, r"\[0\] to be at least 1"), ((3, 0.5), r"\[1\] to be a whole")]
)
def test_sizes_are_called_what_they_are_given_as(sizes: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"MLPRegressor expects hidden_layer_sizes{said}"):
        bp.MLPRegressor(sizes).fit([[0.0], [1.0]], [0.0, 1.0])


def test_warm_start_goes_on() -> None:
    X, y = rings()
    cold, warm = (bp.MLPClassifier((8,), tol=1.0, random_state=0, warm_start=warm) for warm in (False, True))
    losses = [[model.fit(X, y).loss_curve_[0] for _ in range(2)] for model in (cold, warm)]
    assert losses[0][0] == losses[0][1] == losses[1][0]
    assert losses[1][1] < losses[1][0]


THREE, TARGETS = np.arange(12) % 3, normal("targets", 12, 2)
#: A network that goes on, what it was given, and what it is given then.
CHANGED: dict[str, tuple[Any, Any, Any, Any, Any, str]] = {
    "fewer classes": (bp.MLPClassifier, TARGETS, THREE, TARGETS, THREE // 2, r"\[0, 1, 2\]; got \[0, 1\]"),
    "other classes": (bp.MLPClassifier, TARGETS, THREE, TARGETS, THREE + 1, r"\[0, 1, 2\]; got \[1, 2, 3\]"),
    "fewer features": (bp.MLPClassifier, TARGETS, THREE, TARGETS[:, :1], THREE, "X has 1 features, but"),
    "fewer targets": (bp.MLPRegressor, TARGETS, TARGETS, TARGETS, TARGETS[:, 0], "with 2 targets; got y of"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_what_goes_on_goes_on_with_the_same(name: str) -> None:
    kind, X, y, other, different, said = CHANGED[name]
    model = kind((2,), tol=1.0, random_state=0, warm_start=True).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=said):
        model.fit(other, different)
    if "classes" not in name:  # those of partial_fit may be some of them
        with pytest.raises(ValueError, match=said):
            model.partial_fit(other, different)
    np.testing.assert_array_equal(model.predict(X), before)


def test_partial_fit_is_an_epoch() -> None:
    X, y = rings()
    model = bp.MLPClassifier((8,), learning_rate_init=0.05, random_state=0)
    for _ in range(30):
        model.partial_fit(X, y, classes=["in", "out"])
    assert model.n_iter_ == len(model.loss_curve_) == len(model.history_) == 30
    np.testing.assert_array_equal(model.history_["loss"], model.loss_curve_)
    np.testing.assert_array_equal(model.history_["epoch"], np.arange(1, 31))
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
