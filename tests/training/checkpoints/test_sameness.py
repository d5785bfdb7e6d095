"""A checkpoint of another training is refused, and what differs is said; the same one goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from tests.training.checkpoints.scenarios import Trained, X, Y, interrupted, mlp, momentum

pytestmark = pytest.mark.usefixtures("not_enforced")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


def _other(model: nn.Module | None = None, optimizer: Any = None, **how: Any) -> Trained:
    model = model or mlp()
    made = optimizer or (lambda parameters: optim.SGD(parameters, lr=0.05, momentum=0.9))
    return Trained(model, made(model.parameters()), None, **how)


def _scheduled(make: Callable[..., Any] = optim.lr_scheduler.StepLR, *how: Any, **named: Any) -> Trained:
    made = momentum()
    made.schedule = make(made.optimizer, *(how or (2,)), **named)
    return made


def _changed(array: Any, place: Any) -> Any:
    array = array.copy()
    array[place] += 1.0
    return array


OTHERS: dict[str, tuple[Callable[[], Trained], str]] = {
    "wider": (
        lambda: _other(nn.Sequential(nn.Linear(3, 7, rng=0), nn.Tanh(), nn.Linear(7, 2, rng=0))),
        r"model, 0: Linear\(in_features=3, out_features=6.* in the checkpoint, Linear\(in_features=3, out_f",
    ),
    "another activation": (
        lambda: _other(mlp(nn.ReLU())),
        r"model, 1: Tanh\(\) in the checkpoint, ReLU\(\) here",
    ),
    "another precision": (
        lambda: _other(mlp(dtype=np.float32)),
        r"model, 0.weight: float64 \(6, 3\) in the checkpoint, float32 \(6, 3\) here",
    ),
    "another optimizer": (
        lambda: _other(optimizer=lambda p: optim.Adam(p, lr=0.05)),
        "optimizer, kind: SGD in the checkpoint, Adam here",
    ),
    "another rate": (
        lambda: _other(optimizer=lambda p: optim.SGD(p, lr=0.1, momentum=0.9)),
        "optimizer, lr: 0.05 in the checkpoint, 0.1 here",
    ),
    "a schedule": (_scheduled, "schedule, kind: none in the checkpoint, StepLR here"),
    "another loss": (
        lambda: _other(loss="l1"),
        r"training, loss: MSELoss\(\) in the checkpoint, L1Loss\(\) here",
    ),
    "less data": (lambda: _other(X=X[:-1], y=Y[:-1]), "data, samples: 28 in the checkpoint, 27 here"),
    "another sample": (
        lambda: _other(X=_changed(X, 14)),
        r"data, content: sum \w{8} in the checkpoint, sum \w{8} here\)",
    ),
    "another target": (lambda: _other(y=_changed(Y, -1)), "data, content: sum"),
    "a share apart": (lambda: _other(validation=0.5), "data, batches an epoch: 6 in the checkpoint, 3 here"),
    "data to validate on": (
        lambda: _other(validation=(X[:9], Y[:9])),
        "validation, samples: absent in the checkpoint, 9 here; validation, ",
    ),
    "a metric": (lambda: _other(metrics=["r2"]), "training, metrics: none in the checkpoint, r2 here"),
    "larger batches": (lambda: _other(batch_size=6), "data, batch_size: 5 in the checkpoint, 6 here"),
    "another seed": (lambda: _other(seed=4), "data, seed: 3 in the checkpoint, 4 here"),
    "no shuffling": (lambda: _other(shuffle=False), "data, shuffle: True in the checkpoint, False here"),
}


@pytest.mark.parametrize(("make", "said"), OTHERS.values(), ids=OTHERS)
def test_another_training_is_refused(make: Callable[[], Trained], said: str, path: Path) -> None:
    interrupted(momentum(), path, {"step": 9})
    content, other = path.read_bytes(), make()
    before = other.model.state_dict()
    with pytest.raises(ValueError, match=f"is of another training .*{said}"):
        other.fit(checkpoint=path, resume=True)
    assert path.read_bytes() == content
    assert all(np.array_equal(before[name], array) for name, array in other.model.state_dict().items())


def _validated(*how: Any, **named: Any) -> Trained:
    return _other(**{"validation": (X[:9], Y[:9]), "metrics": ["r2", "mae"], **named})


def _of_lists(first: Any) -> Trained:
    return _other(X=[(first, Y[:9]), (X[9:], Y[9:])], y=None, batch_size=32)


def _of_tensors(inputs: Any) -> Trained:
    tensors = torch.utils.data.TensorDataset(torch.tensor(inputs), torch.tensor(Y))
    part = torch.utils.data.Subset(tensors, range(3, 28))
    return _other(X=torch.utils.data.DataLoader(part, 5), y=None)


def _of_file(inputs: Any) -> Trained:
    with tempfile.TemporaryFile() as file:
        mapped: Any = np.memmap(file, np.float64, "w+", shape=X.shape)
    mapped[...] = inputs
    return _other(X=mapped)


_rates, _cycle = optim.lr_scheduler.LambdaLR, optim.lr_scheduler.OneCycleLR
_steps = optim.lr_scheduler.MultiStepLR
#: What was begun, what it is gone on with, and what is said.
PAIRS: dict[str, tuple[Callable[[], Trained], Callable[[], Trained], str]] = {
    "gamma": (
        lambda: _scheduled(gamma=0.5),
        lambda: _scheduled(gamma=0.1),
        "schedule, gamma: 0.5 in the checkpoint, 0.1 here",
    ),
    "milestones": (
        lambda: _scheduled(_steps, [2, 4]),
        lambda: _scheduled(_steps, [2, 5]),
        r"schedule, milestones: \[2, 4\] in the checkpoint, \[2, 5\] here",
    ),
    "the highest rate": (
        lambda: _scheduled(_cycle, 0.5, 7),
        lambda: _scheduled(_cycle, 0.4, 7),
        "schedule, max_lr of group 0: 0.5 in the checkpoint, 0.4 here",
    ),
    "a function": (
        lambda: _scheduled(_rates, lambda epoch: 0.9**epoch),
        lambda: _scheduled(_rates, lambda epoch: 0.8**epoch),
        r"schedule, lr_lambdas: \[<lambda> of code \w+\] in the checkpoint, \[<lambda> of code",
    ),
    "validation": (
        _validated,
        lambda: _validated(validation=(X[:9], _changed(Y[:9], 4))),
        "validation, content: sum",
    ),
    "a share": (
        lambda: _validated(validation=0.5),
        lambda: _validated(validation=0.5, X=_changed(X, 3)),
        "data, content: sum",
    ),
    "fewer metrics": (
        _validated,
        lambda: _validated(metrics=["mae"]),
        "training, metrics: mae, r2 in the checkpoint, mae here",
    ),
    "tensors": (lambda: _of_tensors(X), lambda: _of_tensors(_changed(X, 20)), "data, content: sum"),
    "a file": (lambda: _of_file(X), lambda: _of_file(_changed(X, 14)), "data, content: sum"),
    "batches": (lambda: _of_lists(X[:9]), lambda: _of_lists(_changed(X[:9], 0)), "data, content: sum"),
}


@pytest.mark.parametrize(("make", "other", "said"), PAIRS.values(), ids=PAIRS)
def test_what_differs_is_said_and_what_does_not_goes_on(
    make: Callable[[], Trained], other: Callable[[], Trained], said: str, path: Path
) -> None:
    same = make()
    expected = make().fit()
    interrupted(same, path, {"step": 3})
    with pytest.raises(ValueError, match=f"is of another training .*{said}"):
        other().fit(checkpoint=path, resume=True)
    interrupted(make(), path, {"epoch": 4}, resume=True)
    assert make().fit(checkpoint=path, resume=True) == expected
    assert same.fit(checkpoint=path, resume=True) == expected  # whose schedule has gone on already
