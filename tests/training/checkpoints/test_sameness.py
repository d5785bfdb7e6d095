"""A checkpoint of another training is refused, and what differs is said; the same one goes on."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backproof import EarlyStopping, nn, optim
from backproof.training.checkpoints.telling import made, told
from tests.training.checkpoints.scenarios import CLASSES, Trained, X, Y, interrupted, mlp, momentum

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
        "loss, kind: MSELoss in the checkpoint, L1Loss here",
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
    "a metric": (lambda: _other(metrics=["r2"]), "metrics, r2: absent in the checkpoint, r2 here"),
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


class _Weighted:
    """A loss of one's own."""

    def __init__(self, weight: float) -> None:
        self.weight, self.squares = weight, nn.MSELoss()

    def __call__(self, prediction: Any, target: Any) -> float:
        self.apart = prediction - target
        return self.weight * float(self.squares(prediction, target))

    def backward(self) -> Any:
        return self.weight * self.squares.backward()


class _Rates:
    def __init__(self, base: float) -> None:
        self.base = base

    def at(self, epoch: int) -> float:
        return self.base**epoch if epoch in {1, 2, 3, 4} else 1.0


def _powers(base: float) -> Callable[[int], float]:
    return lambda epoch: base**epoch


def _grouped(rate: float, *, schedule: bool = False) -> Trained:
    def optimizer(parameters: Any) -> Any:
        first, *others = parameters
        return optim.SGD([{"params": [first]}, {"params": others, "lr": rate}], lr=0.01)

    made = _other(optimizer=optimizer)
    made.schedule = _steps(made.optimizer, [1, 2]) if schedule else None
    return made


def _bias(power: int) -> Callable[[Any, Any], float]:
    return lambda prediction, target: float(np.mean(prediction - target) ** power)


def _classes(loss: Any) -> Trained:
    return _other(loss=loss, y=CLASSES)


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
    "what a function holds": (
        lambda: _scheduled(_rates, _powers(0.9)),
        lambda: _scheduled(_rates, _powers(0.5)),
        r"schedule, lr_lambdas: \[<lambda> of code",
    ),
    "a default": (
        lambda: _scheduled(_rates, lambda epoch, base=0.9: base**epoch),
        lambda: _scheduled(_rates, lambda epoch, base=0.5: base**epoch),
        r"schedule, lr_lambdas: \[<lambda> of code",
    ),
    "a method": (
        lambda: _scheduled(_rates, _Rates(0.9).at),
        lambda: _scheduled(_rates, _Rates(0.5).at),
        r"schedule, lr_lambdas: \[_Rates\(base=0.9\).at of code \w+\] in .* \[_Rates\(base=0.5\).at of",
    ),
    "a group": (
        lambda: _grouped(0.1),
        lambda: _grouped(0.5),
        r"\(optimizer, lr of group 1: 0.1 in the checkpoint, 0.5 here\)",
    ),
    "a scheduled group": (
        lambda: _grouped(0.1, schedule=True),
        lambda: _grouped(0.5, schedule=True),
        r"\(optimizer, lr of group 1: 0.1 in the checkpoint, 0.5 here\)",
    ),
    "an option of the loss": (
        lambda: _other(loss=nn.HuberLoss()),
        lambda: _other(loss=nn.HuberLoss(delta=9.0)),
        "loss, delta: 1.0 in the checkpoint, 9.0 here",
    ),
    "weights of the loss": (
        lambda: _classes(nn.CrossEntropyLoss(weight=[1.0, 2.0])),
        lambda: _classes(nn.CrossEntropyLoss(weight=[1.0, 5.0])),
        r"loss, weight: \[1.0, 2.0\] in the checkpoint, \[1.0, 5.0\] here",
    ),
    "a loss of one's own": (
        lambda: _other(loss=_Weighted(1.0)),
        lambda: _other(loss=_Weighted(2.0)),
        r"\(loss, weight: 1.0 in the checkpoint, 2.0 here\)",
    ),
    "a metric of that name": (
        lambda: _other(metrics={"bias": _bias(1)}),
        lambda: _other(metrics={"bias": _bias(2)}),
        "metrics, bias: <lambda> of code",
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
        "metrics, r2: r2 in the checkpoint, absent here",
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


def test_a_loss_of_pytorch_is_told_by_its_options() -> None:
    loss = torch.nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]), label_smoothing=0.1, reduction="sum")
    assert (
        made(loss).items() >= {"weight": "[1.0, 2.0]", "label_smoothing": "0.1", "reduction": "sum"}.items()
    )


def test_what_is_told_is_the_same_in_every_process() -> None:
    names = [f"name {number}" for number in range(9)]
    sets = (frozenset(names), frozenset(reversed(names)))
    assert told(sets[0]) == told(sets[1]) == str(names)
    functions = [eval(f"lambda name: name in {{{text}}}") for text in ("'a', 'b', 3", "3, 'b', 'a'")]  # noqa: S307 - ours
    assert told([np, torch.Tensor, max, np.array([1.5])]) == "[numpy, Tensor, max, [1.5]]"
    assert told(functions[0]) == told(functions[1]) == told(functools.cache(functions[0]))


def test_stopping_early_goes_on_by_the_same_column(path: Path) -> None:
    def watched(monitor: str, **how: Any) -> None:
        _other(metrics=["r2"], callbacks=[EarlyStopping(monitor=monitor)], **how).fit(checkpoint=path)

    watched("loss", epochs=2)
    with pytest.raises(ValueError, match="monitor='loss', mode='min'; got monitor='r2', mode='max'"):
        watched("r2", resume=True)
    watched("loss", resume=True)


class _Plain:
    """An optimizer of one's own, without a state to give."""

    def __init__(self, parameters: Any) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": 0.1}]

    def step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.data -= 0.1 * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.zero_grad()


class _Kept(_Plain):
    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Any) -> None:
        pass


def test_an_optimizer_of_ones_own_has_a_state_to_give(path: Path) -> None:
    with pytest.raises(
        TypeError, match="state_dict and load_state_dict for checkpoint=…; got optimizer=_Plain;"
    ):
        _other(optimizer=_Plain).fit(checkpoint=path)
    expected = _other(optimizer=_Kept).fit()
    _other(optimizer=_Kept).fit(checkpoint=path, epochs=2)
    assert _other(optimizer=_Kept).fit(checkpoint=path, resume=True) == expected


def test_a_checkpoint_is_a_file() -> None:
    with pytest.raises(TypeError, match=r"checkpoint to be a file, .*; got checkpoint=3 \(int\)"):
        _other().fit(checkpoint=3)
