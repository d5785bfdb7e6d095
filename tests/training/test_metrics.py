"""Metrics agree with scikit-learn, and are of all predictions at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as theirs

import backproof as bp
from backproof import nn
from backproof.training.metrics import accuracy, metrics_of, r2

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(50, 4))
CLASSES = RNG.integers(0, 4, 50)
LOGITS, BITS = RNG.normal(size=50), RNG.integers(0, 2, 50)
PROBABILITIES = 1 / (1 + np.exp(-LOGITS))
Y, T = RNG.normal(size=(50, 2)), RNG.normal(size=(50, 2))


#: The loss that the model is trained by, predictions, targets, and the same as scikit-learn takes it.
ACCURACIES: dict[str, tuple[Any, Any, Any, Any, Any]] = {
    "classes": (nn.CrossEntropyLoss(), SCORES, CLASSES, CLASSES, SCORES.argmax(1)),
    "log-probabilities": (nn.NLLLoss(), SCORES, CLASSES, CLASSES, SCORES.argmax(1)),
    "classes in a column": (nn.CrossEntropyLoss(), SCORES, CLASSES[:, None], CLASSES, SCORES.argmax(1)),
    "shares": (nn.CrossEntropyLoss(), SCORES, np.eye(4)[CLASSES], CLASSES, SCORES.argmax(1)),
    "one-hot by squares": (nn.MSELoss(), SCORES, np.eye(4)[CLASSES], CLASSES, SCORES.argmax(1)),
    "logits": (nn.BCEWithLogitsLoss(), LOGITS, BITS, BITS, LOGITS > 0),
    "logits in a column": (nn.BCEWithLogitsLoss(), LOGITS[:, None], BITS[:, None], BITS, LOGITS > 0),
    "logits, targets not": (nn.BCEWithLogitsLoss(), LOGITS[:, None], BITS, BITS, LOGITS > 0),
    "PyTorch's logits": (torch.nn.BCEWithLogitsLoss(), LOGITS, BITS, BITS, LOGITS > 0),
    "probabilities": (nn.BCELoss(), PROBABILITIES, BITS, BITS, PROBABILITIES > 0.5),
    "probabilities in a column": (nn.BCELoss(), PROBABILITIES[:, None], BITS, BITS, PROBABILITIES > 0.5),
    "signs": (nn.SoftMarginLoss(), LOGITS, 2 * BITS - 1, 2 * BITS - 1, np.where(LOGITS > 0, 1, -1)),
    "bits by squares": (nn.MSELoss(), PROBABILITIES[:, None], BITS[:, None], BITS, PROBABILITIES > 0.5),
    "a loss of one's own": (object(), PROBABILITIES, BITS, BITS, PROBABILITIES > 0.5),
    "many bits": (
        nn.BCEWithLogitsLoss(),
        SCORES,
        (SCORES + Y.repeat(2, 1) > 0) * 1.0,
        (SCORES + Y.repeat(2, 1) > 0).ravel(),
        (SCORES > 0).ravel(),
    ),
}


@pytest.mark.parametrize(("loss", "given", "target", "t", "y"), ACCURACIES.values(), ids=ACCURACIES)
def test_accuracy(loss: Any, given: Any, target: Any, t: Any, y: Any) -> None:
    found = metrics_of(["accuracy"], loss)["accuracy"](given, target)
    assert found == pytest.approx(theirs.accuracy_score(t, y), abs=1e-15)


def test_the_accuracy_of_pixels() -> None:
    scores, classes = RNG.normal(size=(3, 4, 5, 6)), RNG.integers(0, 4, (3, 5, 6))
    assert accuracy(scores, classes) == np.mean(scores.argmax(1) == classes)


REGRESSIONS: dict[str, tuple[Any, Any]] = {
    "one": (Y[:, 0], T[:, 0]),
    "a column": (Y[:, :1], T[:, :1]),
    "several": (Y, T),
    "right": (Y, Y),
    "float32": (Y.astype(np.float32), T.astype(np.float32)),
    "targets that are the same": (Y[:, 0], np.ones(50)),
    "targets that are the same and met": (np.ones(50), np.ones(50)),
    "one of them the same": (Y, T * [1, 0]),
    "far from zero": (T + 1e6, T + 1e6 + Y),
}


@pytest.mark.parametrize(("y", "t"), REGRESSIONS.values(), ids=REGRESSIONS)
def test_metrics_of_numbers(y: Any, t: Any) -> None:
    found = {name: metric(y, t) for name, metric in metrics_of(["r2", "mae", "mse", nn.HuberLoss()]).items()}
    # A dozen roundings of float64, or of what the numbers are in.
    near = 1e-12 if y.dtype == np.float64 else 1e-6
    assert found["r2"] == pytest.approx(theirs.r2_score(t, y), rel=near, abs=near)
    assert found["mae"] == pytest.approx(theirs.mean_absolute_error(t, y), rel=near)
    assert found["mse"] == pytest.approx(theirs.mean_squared_error(t, y), rel=near)
    assert found["HuberLoss"] == pytest.approx(
        float(torch.nn.HuberLoss()(torch.tensor(y), torch.tensor(t))), rel=near
    )


def test_predictions_of_several_batches_are_measured_together() -> None:
    x, t = RNG.normal(size=(300, 3)), RNG.normal(size=300)
    model = nn.Linear(3, 1, rng=0, dtype=np.float64)
    history = bp.fit(
        model,
        x,
        t,
        loss="mse",
        optimizer="sgd",
        validation=(x[:257], t[:257]),  # 257 are measured as 256 and 1
        metrics=["r2", "mse"],
        progress=False,
    )
    y = model(x[:257])
    assert history[-1].metrics["r2"] == pytest.approx(theirs.r2_score(t[:257], y), rel=1e-12)
    assert history[-1].metrics["mse"] == pytest.approx(theirs.mean_squared_error(t[:257], y), rel=1e-12)
    assert history[-1].validation == pytest.approx(history[-1].metrics["mse"], rel=1e-12)


def test_metrics_have_names() -> None:
    def mine(prediction: Any, target: Any) -> float:
        return 7.0

    found = metrics_of([mine, nn.L1Loss(), torch.nn.MSELoss(), "Huber"])
    assert list(found) == ["mine", "L1Loss", "MSELoss", "Huber"]
    assert found["mine"](Y, T) == 7
    assert found["MSELoss"](Y, T) == pytest.approx(theirs.mean_squared_error(T, Y))
    assert list(metrics_of({"error": "mae", "mine": mine})) == ["error", "mine"]
    assert list(metrics_of("r2")) == ["r2"]
    assert metrics_of(()) == {}


def test_a_loss_that_trains_measures_too() -> None:
    loss = nn.MSELoss()
    value = loss(Y, T)
    assert metrics_of([loss])["MSELoss"](T, T) == 0
    np.testing.assert_allclose(loss.backward(), 2 * (Y - T) / Y.size)
    assert value == pytest.approx(theirs.mean_squared_error(T, Y))


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a slip": (lambda: metrics_of(["acuracy"]), ValueError, "did you mean accuracy"),
    "no name": (lambda: metrics_of(["zzzz"]), ValueError, "there are accuracy, r2"),
    "a class": (lambda: metrics_of([nn.L1Loss]), TypeError, "expected a metric"),
    "a number": (lambda: metrics_of([3]), TypeError, r"got 3 \(int\)"),
    "a number for all": (lambda: metrics_of(3), TypeError, r"got 3 \(int\)"),
    "one twice": (lambda: metrics_of(["r2", "r2"]), ValueError, "different names; got r2, r2"),
    "a number by name": (lambda: metrics_of({"r2": 3}), TypeError, r"got 3 \(int\)"),
    "shapes that differ": (lambda: r2(Y, T[:-1]), ValueError, "reshape"),
}


@pytest.mark.parametrize(("make", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make()
