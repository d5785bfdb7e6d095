"""The loop: what its losses are, and how far it is."""

from __future__ import annotations

import types
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import backproof as bp
from backproof import nn, optim
from backproof.training.training import Training

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 2)).astype(np.float32)
Y = (X @ [[1.0], [2.0]] + 1).astype(np.float32)
HOW: dict[str, Any] = {"optimizer": "sgd", "lr": 1e-3, "progress": False}


@pytest.mark.parametrize(
    ("batches", "position", "done"),
    [(range(4), 2, 0.25), (iter(()), 2, 0.0), (range(0), 0, 0.0), (range(1), 5, 0.5)],
)
def test_how_much_is_done(batches: Any, position: int, done: float) -> None:
    training: Any = types.SimpleNamespace(batches=batches, position=position, epoch=0, epochs=2)
    share: Any = vars(Training)["share"].fget
    assert share(training) == done
    training.epochs = 0
    assert share(training) == 1.0


# --- Losses that sum --------------------------------------------------------------------------------------


def models(home: Any) -> Any:
    model = nn.Linear(2, 1, rng=0)
    return model if home is nn else model.to_torch()


@pytest.mark.parametrize("home", [nn, torch.nn], ids=["NumPy", "PyTorch"])
def test_of_a_loss_that_sums_the_history_has_means(home: Any) -> None:
    """The batches are of 8, 8 and 7 samples; of validation all are together."""
    model, steps, loss = models(home), [], home.MSELoss(reduction="sum")

    class Steps(bp.Callback):
        def on_step(self, training: Any, loss: float) -> None:
            steps.append(loss)

    history = bp.fit(model, X, Y, loss=loss, batch_size=8, validation=(X, Y), callbacks=[Steps()], **HOW)
    outputs = model(X) if home is nn else model(torch.from_numpy(X)).detach().numpy()
    assert history[-1].loss == pytest.approx(sum(steps) / len(X), rel=1e-12)
    assert history[-1].validation == pytest.approx(np.mean((outputs - Y) ** 2), rel=1e-5)
    assert steps[0] > 3 * history[-1].loss  # a step's is the sum


def rates(loss: Any) -> NDArray[Any]:
    model = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(model.parameters())
    return bp.find_lr(model, X, Y, loss=loss, optimizer=optimizer, batch_size=8, high=1e-5).losses


def test_find_lr_compares_batches_of_different_sizes() -> None:
    """With rates that move nothing the losses of a sum are those of a mean."""
    np.testing.assert_allclose(rates(nn.MSELoss(reduction="sum")), rates(nn.MSELoss()), rtol=1e-2)


@pytest.mark.filterwarnings("ignore::backproof.TrainingWarning")
@pytest.mark.parametrize("lr", [1e-7, 1.0])
def test_the_watch_sees_the_same_in_a_sum(lr: float) -> None:
    """Of one batch with an eighth of the rate nothing differs, but for the factor."""
    found = []
    for reduction, rate in (("mean", lr), ("sum", lr / 8)):
        history = bp.fit(
            nn.Linear(2, 1, dtype=np.float64, rng=0), X[:8], Y[:8], epochs=120, batch_size=None,
            loss=nn.MSELoss(reduction=reduction), **{**HOW, "lr": rate}, watch=True,
        )  # fmt: skip
        found.append([(each.kind, each.step) for each in history.troubles])
    assert found[0]
    assert found[0] == found[1]


# --- A loss of one's own ----------------------------------------------------------------------------------


class Own:
    """All that is asked of a loss; what is within keeps each call for its backward."""

    def __init__(self) -> None:
        self.within = nn.MSELoss()

    def __call__(self, prediction: Any, target: Any) -> float:
        return float(self.within(prediction, target))

    def backward(self) -> Any:
        return self.within.backward()


#: How it is trained: with validation, and so that the watch asks for the loss.
TRAINED: dict[str, dict[str, Any]] = {
    "validation": {"validation": 0.25},
    "metrics": {"metrics": [Own()]},
    "a rate too low": {"lr": 1e-7, "epochs": 40},
    "a rate too high": {"lr": 1.5, "epochs": 20},
}


@pytest.mark.filterwarnings("ignore::backproof.TrainingWarning")
@pytest.mark.parametrize("name", TRAINED)
def test_a_loss_of_ones_own_is_enough(name: str, tmp_path: Path) -> None:
    """It gives what the loss within gives, and keeps no call."""
    own, histories = Own(), list[Any]()
    for loss in (own, nn.MSELoss()):
        how = {"checkpoint": tmp_path / f"{len(histories)}.safetensors", "batch_size": 8, **TRAINED[name]}
        model = nn.Linear(2, 1, dtype=np.float64, rng=0)
        histories.append(bp.fit(model, X, Y, loss=loss, **{**HOW, **how}))
    first, second = histories
    for column in ("loss", *(["validation"] if name == "validation" else [])):
        np.testing.assert_allclose(first[column], second[column], rtol=1e-9)
    assert [each.kind for each in first.troubles] == [each.kind for each in second.troubles]
    assert not own.within._calls


class Each(Own):
    def __call__(self, prediction: Any, target: Any) -> Any:
        return (prediction - target) ** 2


class Nothing(Own):
    def backward(self) -> None:
        self.within.backward()


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (Each(), r"loss Each to give one number; got ndarray of shape \(.*, 1\)"),
        (Nothing(), "loss Nothing .*None"),
    ],
)
def test_what_a_loss_of_ones_own_gives(loss: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"expected the .*{said}"):
        bp.fit(nn.Linear(2, 1, rng=0), X, np.reshape(Y, (-1, 1)), loss=loss, optimizer="sgd")


def test_early_stopping_knows_what_a_loss_of_ones_own_is() -> None:
    how: dict[str, Any] = {"metrics": [Own()], "callbacks": bp.EarlyStopping(monitor="Own")}
    assert len(bp.fit(nn.Linear(2, 1, rng=0), X, Y, loss="mse", optimizer="sgd", **how)) == 1


def test_a_loss_of_ones_own_elsewhere() -> None:
    model = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    assert bp.find_lr(model, X, Y, loss=Own(), optimizer=optimizer).lr > 0
    assert bp.compare(model, X, Y, loss=Own(), optimizer=optimizer, like_loss=torch.nn.MSELoss())
    history = bp.fit(model, X, Y, loss=Own(), optimizer=optimizer, callbacks=[bp.Path()], progress=False)
    assert history.plot("loss").axes
    assert history.plot("surface", points=3).axes


# --- Schedules --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", [optim, torch.optim], ids=["NumPy", "PyTorch"])
def test_a_schedule_derived_from_one_that_waits_is_told_the_loss(home: Any) -> None:
    class Mine(home.lr_scheduler.ReduceLROnPlateau):  # type: ignore[misc]  # of either library
        pass

    model = models(nn if home is optim else torch.nn)
    optimizer = home.SGD(model.parameters(), lr=1e-3)
    schedule = Mine(optimizer, factor=0.5, patience=0, threshold=1e9)  # nothing is better by so much
    how = {**HOW, "optimizer": optimizer, "lr": None}
    history = bp.fit(model, X, Y, loss="mse", schedule=schedule, epochs=4, **how)
    assert history["lr"].tolist() == [1e-3, 5e-4, 2.5e-4, 1.25e-4]


# --- What is whose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("watch", [True, False])
def test_variables_of_a_context_go_in_and_out(watch: bool) -> None:
    told: ContextVar[int] = ContextVar("told", default=0)
    heard = []

    class Hearing(nn.Identity):
        def forward(self, input: Any) -> Any:
            heard.append(told.get())
            return super().forward(input)

    class Saying(bp.Callback):
        def on_step(self, training: Any, loss: float) -> None:
            told.set(training.step)

    model = nn.Sequential(nn.Linear(2, 1, rng=0), Hearing())
    bp.fit(model, X, Y, loss="mse", optimizer="sgd", lr=0.01, epochs=3, batch_size=None, callbacks=[Saying()])
    assert heard[-1] == 2
    assert sorted(set(heard)) == [0, 1, 2]
