"""Trainings that are interrupted and gone on with: each is small, and has something else to remember."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof import data, nn, optim
from backproof.optim import lr_scheduler
from backproof.training.callbacks import Callback
from backproof.training.history import History
from backproof.training.recording import Path

_RNG = np.random.default_rng(7)
#: Five batches of 5 and one of 3.
X, Y = _RNG.normal(size=(28, 3)), _RNG.normal(size=(28, 2))
CLASSES = _RNG.integers(0, 2, 28)


class Trained:
    """What was trained, and all of it that must be the same to the bit."""

    def __init__(self, model: nn.Module, optimizer: optim.Optimizer, schedule: Any, **how: Any) -> None:
        self.model, self.optimizer, self.schedule, self.how = model, optimizer, schedule, how
        self.history: History | None = None

    def fit(self, **how: Any) -> dict[str, Any]:
        """Train, and give what came of it."""
        given = {"loss": "mse", "epochs": 7, "batch_size": 5, "seed": 3, "progress": False, **self.how, **how}
        x, y = given.pop("X", X), given.pop("y", Y)
        self.history = bp.fit(self.model, x, y, optimizer=self.optimizer, schedule=self.schedule, **given)
        return {
            "model": {name: array.tobytes() for name, array in self.model.state_dict().items()},
            "optimizer": bits(self.optimizer.state_dict()),
            "schedule": None if self.schedule is None else bits(self.schedule.state_dict()),
            "history": [each._replace(seconds=0.0) for each in self.history],
            "sizes": self.history.sizes,
            "troubles": self.history.troubles,
            "stopped": self.history.stopped,
        }


def bits(state: Any) -> Any:
    """Give a state with the bits of its arrays."""
    if isinstance(state, dict):
        return {name: bits(value) for name, value in state.items()}
    if isinstance(state, list):
        return [bits(value) for value in state]
    return (state.dtype.str, state.tobytes()) if isinstance(state, np.ndarray) else state


def mlp(*between: nn.Module, dtype: Any = np.float64) -> nn.Sequential:
    first, last = nn.Linear(3, 6, dtype=dtype, rng=1), nn.Linear(6, 2, dtype=dtype, rng=2)
    return nn.Sequential(first, *(between or (nn.Tanh(),)), last)


def momentum() -> Trained:
    model = mlp()
    return Trained(model, optim.SGD(model.parameters(), lr=0.05, momentum=0.9), None)


def adam() -> Trained:
    model = mlp(dtype=np.float32)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    return Trained(model, optimizer, lr_scheduler.StepLR(optimizer, 3, 0.5))


def plateau() -> Trained:
    model = mlp()
    optimizer = optim.AdamW(model.parameters(), lr=0.2)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, factor=0.5)
    return Trained(model, optimizer, schedule, validation=0.3, metrics=["mae"])


def dropout() -> Trained:
    rng = np.random.Generator(np.random.MT19937(5))
    model = mlp(nn.Dropout(0.4, rng=rng), nn.ReLU(), nn.Dropout(0.2, rng=6))
    return Trained(model, optim.RMSprop(model.parameters(), lr=0.01), None, validation=(X, Y))


def normalized() -> Trained:
    model = mlp(nn.BatchNorm1d(6), nn.Tanh())
    optimizer = optim.NAdam(model.parameters(), lr=0.01)
    return Trained(
        model, optimizer, None, loss="cross_entropy", y=CLASSES, metrics=["accuracy"], validation=0.2
    )


def one_cycle() -> Trained:
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return Trained(model, optimizer, lr_scheduler.OneCycleLR(optimizer, 0.2, total_steps=40))


def groups() -> Trained:
    """Two groups, with a layer that is frozen, and gradients that are rounded otherwise in the first step."""
    model = mlp(nn.Tanh(), nn.Linear(6, 6, rng=3))
    weight = model[0]._parameters["weight"]
    assert weight is not None
    weight.data = np.asfortranarray(weight.data)
    model[2].requires_grad_(False)
    parts: list[dict[str, Any]] = [
        {"params": list(model[0].parameters()), "lr": 0.01},
        {"params": list(model[3].parameters())},
    ]
    return Trained(model, optim.Adam(parts, lr=0.002), None)


def loaded() -> Trained:
    """Batches of a loader of one's own, and the way that the parameters take."""
    model = mlp()
    loader = data.DataLoader(data.TensorDataset(X, Y), 5, shuffle=True, seed=9)
    how = {"X": loader, "y": None, "callbacks": [Path(most=6)]}
    return Trained(model, optim.Rprop(model.parameters()), None, **how)


def batches() -> Trained:
    """Batches of which nobody knows how many there are, all samples but the last."""
    model = mlp()
    parts = [slice(start, start + 6) for start in range(0, 27, 6)]
    how = {"X": lambda: ((X[part], Y[part]) for part in parts), "y": None, "batch_size": 32}  # as by default
    return Trained(model, optim.ASGD(model.parameters(), lr=0.01), None, **how)


SCENARIOS: dict[str, Callable[[], Trained]] = {
    made.__name__: made
    for made in (momentum, adam, plateau, dropout, normalized, one_cycle, groups, loaded, batches)
}


class Signal(Callback):
    """Sends a signal to its own process, in a step or at the end of an epoch."""

    def __init__(self, number: int, *, step: int = 0, epoch: int = 0) -> None:
        self.number, self.at, self.epoch = number, step, epoch

    def on_step(self, training: Any, loss: float) -> None:
        if training.step == self.at:
            os.kill(os.getpid(), self.number)

    def on_epoch(self, training: Any) -> None:
        if training.epoch == self.epoch:
            os.kill(os.getpid(), self.number)


def interrupted(training: Trained, path: Any, when: dict[str, int], *, resume: bool = False) -> None:
    """Train until a signal comes."""
    looking_on = [*training.how.get("callbacks", ()), Signal(signal.SIGINT, **when)]
    with pytest.raises(KeyboardInterrupt) as stop:
        training.fit(checkpoint=path, resume=resume, callbacks=looking_on)
    assert f"written down in {path}" in stop.value.__notes__[0]
