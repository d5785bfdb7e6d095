"""Metrics agree with scikit-learn, and are of all predictions at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as theirs

import backproof as bp
from backproof import nn
from backproof.training.metrics import accuracy, metrics_of, r2
from backproof.training.parts import loss_named

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
    "some ignored": (
        nn.CrossEntropyLoss(ignore_index=3),
        SCORES,
        CLASSES,
        CLASSES[CLASSES < 3],
        SCORES.argmax(1)[CLASSES < 3],
    ),
    "PyTorch's ignored": (
        torch.nn.NLLLoss(),
        SCORES,
        np.where(CLASSES < 3, CLASSES, -100),
        CLASSES[CLASSES < 3],
        SCORES.argmax(1)[CLASSES < 3],
    ),
    "shares ignore none": (
        nn.CrossEntropyLoss(ignore_index=3),
        SCORES,
        np.eye(4)[CLASSES],
        CLASSES,
        SCORES.argmax(1),
    ),
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
    right = scores.argmax(1) == classes
    assert accuracy(scores, classes) == np.mean(right)
    assert accuracy(scores, classes, ignored=2) == np.mean(right[classes != 2])
    assert np.isnan(accuracy(scores, np.full((3, 5, 6), 2), ignored=2))


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
    assert list(metrics_of([functools.partial(theirs.mean_squared_error)])) == ["mean_squared_error"]
    assert metrics_of(()) == metrics_of(None) == {}


def test_a_loss_that_trains_measures_too() -> None:
    loss = nn.MSELoss()
    value = loss(Y, T)
    assert metrics_of([loss])["MSELoss"](T, T) == 0
    np.testing.assert_allclose(loss.backward(), 2 * (Y - T) / Y.size)
    assert value == pytest.approx(theirs.mean_squared_error(T, Y))


class Squares:
    """A loss of somebody's own, with losses of ours within."""

    def __init__(self) -> None:
        self.parts = {"squares": [nn.MSELoss()]}
        self.whole = nn.Sequential(nn.Tanh())

    def __call__(self, prediction: Any, target: Any) -> Any:
        self.whole(prediction)
        return self.parts["squares"][0](prediction, target)

    def backward(self) -> Any:
        raise RuntimeError("nobody goes back through what is measured")


def test_a_loss_of_ones_own_measures_and_keeps_no_call() -> None:
    own = Squares()
    metric = metrics_of([own])["Squares"]
    assert metric(Y, T) == pytest.approx(theirs.mean_squared_error(T, Y))
    assert metric.mode == "min"
    assert not own.parts["squares"][0]._calls
    assert not own.whole[0]._calls


@pytest.mark.parametrize(
    ("loss", "given", "target", "made"),
    [
        ("cross_entropy", SCORES, CLASSES, lambda p, t: theirs.accuracy_score(t, p.argmax(1))),
        ("bce_with_logits", LOGITS[:, None], BITS[:, None], lambda p, t: theirs.accuracy_score(t, p > 0)),
    ],
)
def test_metrics_of_scikit_learn_that_take_classes(loss: str, given: Any, target: Any, made: Any) -> None:
    named = loss_named(loss)
    with pytest.raises(
        ValueError, match=r"accuracy_score of scikit-learn refuses.*can't handle.*If it"
    ) as error:
        metrics_of([theirs.accuracy_score], named)["accuracy_score"](given, target)
    advised = eval(str(error.value).partition("metrics=")[2], {"accuracy_score": theirs.accuracy_score})  # noqa: S307 - our own
    found = metrics_of(advised, named)["accuracy_score"](given, target)
    assert found == made(given, target) == metrics_of("accuracy", named)["accuracy"](given, target)


def test_functions_get_what_they_take_in_their_order() -> None:
    pinball = functools.partial(theirs.mean_pinball_loss, alpha=0.1)
    found = metrics_of({"r2": theirs.r2_score, "pinball": pinball, "l1": torch.nn.functional.l1_loss})
    assert found["r2"](Y, T) == pytest.approx(theirs.r2_score(T, Y))
    assert found["pinball"](Y, T) == pytest.approx(theirs.mean_pinball_loss(T, Y, alpha=0.1))
    assert found["l1"](Y, T) == pytest.approx(theirs.mean_absolute_error(T, Y))


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a slip": (lambda: metrics_of(["acuracy"]), ValueError, "did you mean accuracy"),
    "no name": (lambda: metrics_of(["zzzz"]), ValueError, "there are accuracy, r2"),
    "a class": (lambda: metrics_of([nn.L1Loss]), TypeError, "expected a metric"),
    "a number": (lambda: metrics_of([3]), TypeError, r"got 3 \(int\)"),
    "a number for all": (lambda: metrics_of(3), TypeError, r"got 3 \(int\)"),
    "one twice": (lambda: metrics_of(["r2", "r2"]), ValueError, "different names; got r2, r2"),
    "a number by name": (lambda: metrics_of({"r2": 3}), TypeError, r"got 3 \(int\)"),
    "a loss that is no number": (
        lambda: metrics_of([nn.L1Loss(reduction="none")]),
        ValueError,
        "one number; got L1Loss.*say 'mean'",
    ),
    "a loss of torch that is none": (
        lambda: metrics_of([torch.nn.L1Loss(reduction="none")]),
        ValueError,
        "one number; got L1Loss",
    ),
    "nothing": (
        lambda: metrics_of({"mine": lambda y, t: None})["mine"](Y, T),
        TypeError,
        r"metric mine to give one number; got None \(NoneType\)",
    ),
    "an array": (
        lambda: metrics_of({"mine": lambda y, t: y})["mine"](Y, T),
        TypeError,
        r"metric mine to give one number; got ndarray of shape \(50, 2\)",
    ),
    "accuracy of numbers": (
        lambda: metrics_of("accuracy", nn.HuberLoss())["accuracy"](Y, T),
        ValueError,
        "HuberLoss, a loss of numb",
    ),
    "shapes that differ": (lambda: r2(Y, T[:-1]), ValueError, "reshape"),
}


@pytest.mark.parametrize(("make", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        make()


@pytest.mark.parametrize("validation", [None, (Y, T)])
def test_accuracy_of_numbers_is_refused_before_training(validation: Any) -> None:
    steps: list[int] = []
    with pytest.raises(ValueError, match=r"targets that are classes for accuracy: with MSELoss, .*'r2'"):
        bp.fit(nn.Linear(2, 2), Y, T, loss="mse", optimizer="sgd", metrics="accuracy", progress=False,
               validation=validation, callbacks=lambda training: steps.append(1))  # fmt: skip
    assert not steps
