"""Of trainings that are well nothing is said, and watching does not change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.datasets

import backproof as bp
from backproof import nn, optim
from tests.training.watching.networks import LINE, PLANE, RINGS, XOR, deep

# Thousands of steps are not looked at one by one.
pytestmark = pytest.mark.usefixtures("not_enforced")
Case = tuple[nn.Module, Any, Any, dict[str, Any]]


def digits() -> tuple[Any, Any]:
    images, target = sklearn.datasets.load_digits(return_X_y=True)
    return images[:600], target[:600]


def rings(model: nn.Module, **how: Any) -> Case:
    how = {"loss": "cross_entropy", "optimizer": "adam", "lr": 0.01, "epochs": 40, **how}
    return model, PLANE, RINGS, how


def line(model: nn.Module, **how: Any) -> Case:
    how = {"loss": "mse", "optimizer": "sgd", "lr": 0.001, "epochs": 150, "batch_size": None, **how}
    return model, LINE, 0.8 * LINE + 1, how


def scheduled(name: str, lr: float, **options: Any) -> Case:
    model = deep(nn.Tanh, 2, 16, 2)
    optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    schedule = getattr(optim.lr_scheduler, name)(optimizer, **options)
    return rings(model, optimizer=optimizer, lr=None, schedule=schedule, epochs=60)


def converged() -> Case:
    """A network that has learned, and is trained on with small steps."""
    model, X, y, how = rings(deep(nn.Tanh, 2, 16, 2), epochs=150, lr=0.02)
    bp.fit(model, X, y, **how, watch=False, progress=False)
    return rings(model, epochs=60, lr=1e-4)


def solved() -> Case:
    """A line that is known to the last bit."""
    model = nn.Linear(1, 1, dtype=np.float64)
    model.weight[...], model.bias[...] = 0.8, 1
    return line(model)


def dropped() -> nn.Sequential:
    first, last = deep(nn.ReLU, 2, 32, 32), nn.Linear(32, 2, rng=3)
    return nn.Sequential(*first, nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3, rng=0), last)


def of_noise() -> Case:
    """Targets of noise: there is nothing to learn."""
    how = {"loss": "mse", "optimizer": "adam", "lr": 0.003, "epochs": 40}
    return deep(nn.ReLU, 2, 16, 1), PLANE, np.random.default_rng(5).normal(size=200), how


CASES: dict[str, Callable[[], Case]] = {
    "a line of 23 points": lambda: line(nn.Linear(1, 1, rng=0)),
    "a line, in float64": lambda: line(nn.Linear(1, 1, rng=0, dtype=np.float64)),
    "a line that is known": solved,
    "a line that wavers": lambda: line(nn.Linear(1, 1, rng=0), lr=0.0033),
    "one column to 100": lambda: (
        nn.Linear(1, 1, rng=0),
        np.array([1.0, 5, 10, 10, 25, 50, 70, 75, 100]),
        np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]),
        {"loss": "bce_with_logits", "optimizer": "adam", "lr": 0.05, "epochs": 200},
    ),
    "rings, ReLU, Adam": lambda: rings(deep(nn.ReLU, 2, 16, 16, 2)),
    "rings, ReLU, SGD": lambda: rings(deep(nn.ReLU, 2, 16, 16, 2), optimizer="sgd", lr=0.1),
    "rings, one at a time": lambda: rings(deep(nn.ReLU, 2, 8, 2), optimizer="sgd", lr=0.02, batch_size=1,
                                          epochs=10),
    "rings, tanh, ten deep": lambda: rings(deep(nn.Tanh, 2, *[16] * 10, 2, scale=1.7), lr=0.003),
    "rings, sigmoid": lambda: rings(deep(nn.Sigmoid, 2, 16, 2), lr=0.03),
    "rings, dropout, normalised": lambda: rings(dropped(), epochs=12),
    "rings, in float64": lambda: rings(deep(nn.ReLU, 2, 16, 2, dtype=np.float64)),
    "rings, learned before": converged,
    "rings, small steps at last": lambda: scheduled("ExponentialLR", 0.1, gamma=0.8),
    "rings, small steps first": lambda: scheduled("LinearLR", 0.1, start_factor=1e-4, total_iters=20),
    "rings, restarts": lambda: scheduled("CosineAnnealingWarmRestarts", 0.1, T_0=10),
    "noise": of_noise,
    "exclusive or": lambda: (
        deep(nn.Tanh, 2, 4, 1),
        *XOR,
        {"loss": "bce_with_logits", "optimizer": "sgd", "lr": 0.3, "epochs": 1500, "batch_size": None},
    ),
    "exclusive or, ReLU": lambda: (
        deep(nn.ReLU, 2, 16, 1),
        *XOR,
        {"loss": "mse", "optimizer": "adam", "lr": 0.02, "epochs": 400, "batch_size": 2},
    ),
    "exclusive or, sigmoid": lambda: (
        deep(nn.Sigmoid, 2, 4, 1, scale=2.0),
        *XOR,
        {"loss": "mse", "optimizer": "sgd", "lr": 0.5, "epochs": 1500, "batch_size": None},
    ),
    "digits": lambda: (
        deep(nn.ReLU, 64, 128, 10),
        *digits(),
        {"loss": "cross_entropy", "optimizer": "adam", "lr": 0.001, "epochs": 15, "batch_size": 64},
    ),
    "digits, from 0 to 1, SGD": lambda: (
        deep(nn.ReLU, 64, 64, 10),
        digits()[0] / 16,
        digits()[1],
        {"loss": "cross_entropy", "optimizer": "sgd", "lr": 0.1, "epochs": 15},
    ),
    "a hinge that is met": lambda: (
        nn.Linear(2, 1, rng=0),
        PLANE,
        np.where(PLANE[:, 0] + PLANE[:, 1] > 0, 1.0, -1.0),
        {"loss": "soft_margin", "optimizer": "sgd", "lr": 1.0, "epochs": 60},
    ),
    "outliers": lambda: (
        nn.Linear(2, 1, rng=0),
        PLANE,
        np.where(np.arange(200) % 50 == 0, 1000.0, PLANE[:, 0]),
        {"loss": "huber", "optimizer": "sgd", "lr": 0.05, "epochs": 40, "batch_size": 4},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_said_and_nothing_changed(name: str) -> None:
    found = []
    for watch in (True, False):
        model, X, y, how = CASES[name]()
        history = bp.fit(model, X, y, **how, watch=watch, progress=False)
        assert history.troubles == []
        assert history.stopped == ""
        found.append((history["loss"], model.state_dict(), history.sizes))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][2] == found[1][2]
    for name_, array in found[1][1].items():
        np.testing.assert_array_equal(found[0][1][name_], array)
