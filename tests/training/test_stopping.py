"""Training ends when nothing is gained any more, with the best parameters."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof import nn
from backproof.training.history import Epoch, History
from backproof.training.metrics import metrics_of
from backproof.training.training import Validation

NAN, INF = float("nan"), float("inf")


class Pretended:
    """Stands in for a training with given losses: its one parameter is the number of the epoch."""

    def __init__(self, values: list[float], column: str = "validation") -> None:
        self.values, self.column = values, column
        measured = {} if column in ("loss", "validation") else {column: lambda output, target: 0.0}
        measured |= metrics_of([column]) if column in ("accuracy", "mae") else {}
        self.validation = Validation(is_apart=True, metrics=measured)
        self.history, self.model, self.stopped = History(), nn.Tanh(), ""
        self.epoch = self.step = 0
        self.weight = np.zeros(1)
        self.engine = SimpleNamespace(parameters=lambda: {"w": self.weight}, load=self._load)

    def _load(self, parameters: Any) -> None:
        self.weight[...] = parameters["w"]

    def stop(self, why: str) -> None:
        self.stopped = self.stopped or why

    def run(self, until: bp.EarlyStopping) -> int:
        """Give the epoch that training ended after."""
        until.on_start(self)  # type: ignore[arg-type]  # it has all that is looked at
        return self.go_on(until)

    def go_on(self, until: bp.EarlyStopping) -> int:
        for value in self.values[self.epoch :]:
            self.epoch = self.step = self.epoch + 1
            self.weight[...] = self.epoch
            columns: dict[str, Any] = {"metrics": {self.column: value}}
            if self.column in ("loss", "validation"):
                columns = {self.column: value}
            self.history.epochs.append(Epoch(**{**BLANK, "epoch": self.epoch, **columns}))
            until.on_epoch(self)  # type: ignore[arg-type]  # as above
            if self.stopped:
                break
        until.on_end(self)  # type: ignore[arg-type]  # as above
        return self.epoch


BLANK: dict[str, Any] = {"epoch": 0, "step": 0, "loss": 1.0, "lr": 0.1, "seconds": 0.0}
#: The values, how it waits, the epoch that it ends after, and whose parameters are kept.
CASES: dict[str, tuple[list[float], dict[str, Any], str, int, int]] = {
    "it falls": ([5, 4, 3, 2, 1], {"patience": 1}, "validation", 5, 5),
    "it rises": ([1, 2, 3, 4, 5], {"patience": 2}, "validation", 3, 1),
    "it stays": ([1, 1, 1, 1, 1], {"patience": 2}, "validation", 3, 1),
    "it comes back": ([3, 4, 2, 3, 3, 1], {"patience": 2}, "validation", 5, 3),
    "by too little": ([1, 0.95, 0.9, 0.85, 0.5], {"patience": 2, "min_delta": 0.1}, "validation", 3, 3),
    "by enough": ([1, 0.8, 0.6, 0.4, 0.2], {"patience": 1, "min_delta": 0.1}, "validation", 5, 5),
    "it is not to be restored": ([1, 2, 3], {"patience": 2, "restore_best": False}, "validation", 3, 3),
    "of the loss": ([1, 2, 3, 4], {"patience": 2, "monitor": "loss"}, "loss", 3, 1),
    "of more": ([0.5, 0.7, 0.6, 0.6], {"patience": 2, "monitor": "accuracy"}, "accuracy", 4, 2),
    "of more, in capitals": ([0.5, 0.7, 0.6, 0.6], {"patience": 2, "monitor": "Accuracy"}, "accuracy", 4, 2),
    "of less": ([0.5, 0.7, 0.6, 0.6], {"patience": 2, "monitor": "mae"}, "mae", 3, 1),
    "of more, as is said": ([0.5, 0.7, 0.6, 0.6], {"patience": 2, "monitor": "f", "mode": "max"}, "f", 4, 2),
    "of less, as is said": ([0.5, 0.7, 0.6, 0.6], {"patience": 2, "monitor": "f", "mode": "min"}, "f", 3, 1),
    "not finite": ([2, 1, INF, 0], {"patience": 2}, "validation", 3, 2),
    "not a number": ([2, NAN, 1], {"patience": 2}, "validation", 2, 1),
    "not a number at first": ([NAN, 2, 1], {"patience": 2}, "validation", 1, 1),
    "below 0": ([-1, -2, -2, -2], {"patience": 2}, "validation", 4, 2),
}


@pytest.mark.parametrize("name", CASES)
def test_it_ends_and_keeps_the_best(name: str) -> None:
    values, how, column, ends, kept = CASES[name]
    training = Pretended(values, column)
    assert training.run(bp.EarlyStopping(**how)) == ends
    assert training.weight.item() == kept


@pytest.mark.parametrize(("at", "ends", "kept"), [*[(at, 5, 3) for at in range(1, 5)], (5, 6, 6)])
def test_it_goes_on_from_a_checkpoint(at: int, ends: int, kept: int) -> None:
    """One that has stopped goes on, too, and the sixth value is better than all before."""
    values = [3.0, 4, 2, 3, 3, 1]
    first = bp.EarlyStopping(patience=2)
    training = Pretended(values[:at])
    training.run(first)
    second, training.values, training.stopped = bp.EarlyStopping(patience=2), values, ""
    second.on_start(training)  # type: ignore[arg-type]  # as above
    second.load_state_dict(first.state_dict())
    assert training.go_on(second) == ends
    assert training.weight.item() == kept


def test_the_model_has_the_best_parameters() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.normal(size=60)  # noise: the loss on other data soon rises
    model = nn.Sequential(nn.Linear(4, 50, rng=0), nn.ReLU(), nn.Linear(50, 1, rng=1))
    until = bp.EarlyStopping(patience=5)
    how: dict[str, Any] = {
        "loss": "mse",
        "optimizer": "adam",
        "lr": 0.02,
        "epochs": 500,
        "callbacks": [until],
    }
    history = bp.fit(model, X[:40], y[:40], validation=(X[40:], y[40:]), **how, progress=False)
    assert history.stopped == "validation has not become better for 5 epochs"
    assert until.best == history["validation"].min()
    assert until.best_epoch == history[-1].epoch - 5
    assert np.mean((model(X[40:])[:, 0] - y[40:]) ** 2) == pytest.approx(until.best, rel=1e-5)


def test_running_means_are_brought_back_too() -> None:
    X = np.random.default_rng(0).normal(size=(40, 2))
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1, rng=0))
    until = bp.EarlyStopping(patience=2, monitor="loss", min_delta=100.0)
    seen: dict[int, Any] = {}
    how: dict[str, Any] = {"loss": "mse", "optimizer": "sgd", "lr": 10.0, "epochs": 9, "watch": False}
    with np.errstate(all="ignore"):
        bp.fit(model, X, X[:, 0], **how, progress=False,
               callbacks=[lambda t: seen.update({t.epoch: t.model.state_dict()}), until])  # fmt: skip
    assert until.best_epoch < max(seen)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, seen[until.best_epoch][name])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"patience": 0}, "patience=0"),
        ({"min_delta": -1.0}, "min_delta=-1.0"),
        ({"min_delta": NAN}, "min_delta=nan"),
        ({"min_delta": "a"}, r"expects min_delta to be a number; got min_delta='a' \(str\)"),
        ({"mode": "auto"}, "expected mode 'min' or 'max'; got mode='auto'"),
    ],
)
def test_refusals(how: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        bp.EarlyStopping(**how)


def mine(prediction: Any, target: Any) -> float:
    return float((prediction.argmax(1) == target).mean())


#: What is measured, what is waited for, and what is said of it.
MODES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "one's own": (mine, {"monitor": "mine"}, "whether more or less of mine is better; .* mode='max' or"),
    "less of what more is better of": ("accuracy", {"monitor": "accuracy", "mode": "min"}, "more is better"),
    "more of a loss": ("mae", {"monitor": "loss", "mode": "max"}, "of loss less is better; got mode='max'"),
}


@pytest.mark.parametrize(("measured", "how", "said"), MODES.values(), ids=MODES)
def test_the_direction_is_known_before_training(measured: Any, how: dict[str, Any], said: str) -> None:
    X, steps = np.eye(4), list[int]()
    until = [bp.EarlyStopping(**how), lambda training: steps.append(1)]
    with pytest.raises(ValueError, match=said):
        bp.fit(nn.Linear(4, 2), X, np.arange(4) % 2, loss="cross_entropy", optimizer="sgd", metrics=measured,
               callbacks=until, progress=False)  # fmt: skip
    assert not steps


@pytest.mark.parametrize("name", ["R2", "Accuracy"])
def test_our_metrics_are_known_in_capitals(name: str) -> None:
    X = np.random.default_rng(0).normal(size=(20, 2))
    y, loss = (X[:, 0], "mse") if name == "R2" else ((X[:, 0] > 0).astype(int), "cross_entropy")
    until = bp.EarlyStopping(30, monitor=name)
    model = nn.Linear(2, 1 if name == "R2" else 2, rng=0)
    history = bp.fit(model, X, y, loss=loss, optimizer="adam", lr=0.05, epochs=20, metrics=name,
                     callbacks=[until], progress=False)  # fmt: skip
    assert until.best == history[name.lower()].max() > history[name.lower()].min()


def test_what_does_not_come_is_not_waited_for() -> None:
    X = np.ones((4, 2))
    for monitor in ("validation", "accuracy"):
        with pytest.raises(ValueError, match=f"monitor loss or mae; got monitor='{monitor}'"):
            bp.fit(
                nn.Linear(2, 1), X, X[:, 0], loss="mse", optimizer="sgd", metrics=["mae"],
                callbacks=[bp.EarlyStopping(monitor=monitor)],
            )  # fmt: skip
