"""Troubles that are planted are found, under their names and where they are, and are said once."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import backproof as bp
from backproof import nn, optim
from backproof.training.callbacks import Callback
from backproof.training.history import History
from backproof.training.watching import TrainingWarning, Trouble
from tests.training.watching.networks import LINE, PLANE, RINGS, ByHand, Log, Root, deep

# Thousands of steps are not looked at one by one; and a network of somebody's own may overflow before.
pytestmark = pytest.mark.usefixtures("not_enforced")
Case = tuple[Any, Any, Any, dict[str, Any]]


def watched(model: Any, X: Any, y: Any, **how: Any) -> tuple[History, list[str]]:
    """Train, and give the history and what was warned of."""
    with warnings.catch_warnings(record=True) as said, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        history = bp.fit(model, X, y, **how, progress=False)
    assert {each.category for each in said} <= {TrainingWarning}
    assert all(each.filename == __file__ for each in said)
    return history, [str(each.message) for each in said]


def rings(model: Any, X: Any = PLANE, y: Any = RINGS, **how: Any) -> Case:
    how = {"loss": "cross_entropy", "optimizer": "adam", "lr": 0.01, "epochs": 40, **how}
    return model, X, y, how


def line(X: Any = LINE, **how: Any) -> Case:
    how = {"loss": "mse", "optimizer": "sgd", "epochs": 300, "batch_size": None, **how}
    return nn.Linear(1, 1, dtype=how.pop("dtype", np.float32), rng=0), X, 0.8 * LINE + 1, how


def with_bias(place: int, units: int, *sizes: int) -> nn.Sequential:
    model = deep(nn.ReLU, *sizes)
    model[place].bias[:units] = -100
    return model


def of_batches(spoil: Callable[[Any, Any], None], at: int) -> Callable[[], Iterator[Any]]:
    """Give batches of which one is spoiled."""

    def batches() -> Iterator[Any]:
        for number, start in enumerate(range(0, 200, 10)):
            rows = slice(start, start + 10)
            batch = PLANE[rows].astype(np.float32), RINGS[rows, None].astype(np.float32)
            if number == at:
                spoil(*batch)
            yield batch

    return batches


def nan_at(X: Any, y: Any) -> None:
    X[3, 1] = np.nan


def two_at(X: Any, y: Any) -> None:
    y[4] = 2


def one_score(spoil: Callable[[Any, Any], None], at: int) -> Case:
    return rings(deep(nn.Tanh, 2, 8, 1), of_batches(spoil, at), None, loss="bce_with_logits")


def columns(*factors: float, names: tuple[str, ...] = (), shift: float = 0.0) -> Case:
    X: Any = PLANE * factors + [shift, 0]
    return rings(deep(nn.Tanh, 2, 8, 2), pd.DataFrame(X, columns=names) if names else X, lr=0.001, epochs=3)


def frozen(model: nn.Sequential, parameters: int) -> nn.Sequential:
    for parameter in [*model.parameters()][:parameters]:
        parameter.requires_grad = False
    return model


def of_the_first(model: nn.Sequential) -> Case:
    """Give an optimizer that has the first layer alone."""
    return rings(model, optimizer=optim.SGD(model[0].parameters(), lr=0.1), lr=None)


def torch_dead() -> Case:
    first = torch.nn.Linear(2, 16)
    torch.nn.init.constant_(first.bias, -100)
    model = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Linear(16, 2))
    return rings(
        model, optimizer=torch.optim.Adam(model.parameters(), lr=0.01), lr=None, loss="cross_entropy"
    )


#: What is trained, the kind that it is to get, and where.
CASES: dict[str, tuple[Callable[[], Case], str, str]] = {
    "all of a layer dead": (lambda: rings(with_bias(2, 16, 2, 16, 16, 2)), "dead units", "3: ReLU()"),
    "most of a layer dead": (lambda: rings(with_bias(0, 12, 2, 16, 16, 2)), "dead units", "1: ReLU()"),
    "of one of three": (lambda: rings(with_bias(4, 30, 2, 32, 32, 32, 2)), "dead units", "5: ReLU()"),
    "sigmoids, ten deep": (
        lambda: rings(deep(nn.Sigmoid, 2, *[16] * 10, 2), optimizer="sgd", lr=0.1),
        "vanishing gradients",
        "0: Linear(in_features=2, out_features=16, bias=True)",
    ),
    "sigmoids, with Adam": (
        lambda: rings(deep(nn.Sigmoid, 2, *[16] * 10, 2)),
        "vanishing gradients",
        "0: Linear(in_features=2, out_features=16, bias=True)",
    ),
    "large parameters, twenty deep": (
        lambda: rings(deep(nn.ReLU, 2, *[16] * 20, 2, scale=8), optimizer="sgd"),
        "exploding gradients",
        "Linear(in_features=16, out_features=16, bias=True)",
    ),
    "a rate far too high": (
        lambda: rings(deep(nn.Tanh, 2, 16, 16, 2), lr=10), "learning rate too high", "",
    ),
    "a rate a little too high": (
        lambda: line(lr=0.0045, dtype=np.float64), "learning rate too high", "",
    ),
    "a rate that leads to infinity": (
        lambda: line(lr=0.1), "loss not finite", "Linear(in_features=1, out_features=1, bias=True)",
    ),
    "and before the first look": (
        lambda: line(lr=1e15), "loss not finite", "Linear(in_features=1, out_features=1, bias=True)",
    ),
    "and in the last step": (
        lambda: line(lr=1e38, epochs=1),
        "loss not finite",
        "Linear(in_features=1, out_features=1, bias=True)",
    ),
    "a rate far too low": (lambda: rings(deep(nn.Tanh, 2, 16, 2), lr=1e-7), "learning rate too low", ""),
    "with SGD": (
        lambda: rings(deep(nn.Tanh, 2, 16, 2), optimizer="sgd", lr=1e-6), "learning rate too low", "",
    ),
    "lost in rounding": (
        lambda: rings(deep(nn.Tanh, 2, 16, 2), optimizer="sgd", lr=1e-13), "learning rate too low", "",
    ),
    "a module out of its domain": (
        lambda: rings(nn.Sequential(nn.Linear(2, 4, rng=0), Log(), nn.Linear(4, 2, rng=1))),
        "loss not finite",
        "1: Log()",
    ),
    "a gradient that is none": (
        lambda: rings(nn.Sequential(nn.Linear(2, 4, rng=0), Root(), nn.Linear(4, 2, rng=1))),
        "gradient not finite",
        "0: Linear(in_features=2, out_features=4, bias=True)",
    ),
    "NaN in a batch": (
        lambda: one_score(nan_at, 7), "data not finite", "the input of the batch, row 3, column 1",
    ),
    "a target in the first batch": (lambda: one_score(two_at, 0), "targets", "the target of the batch"),
    "a large column": (lambda: columns(1, 1e4), "unscaled features", "column 1"),
    "by its name": (lambda: columns(1e5, 1, names=("area", "rooms")), "unscaled features", "column 'area'"),
    "a small column": (lambda: columns(1, 1e-4), "unscaled features", "column 1"),
    "all frozen": (lambda: rings(frozen(deep(nn.Tanh, 2, 8, 2), 4)), "nothing learned", ""),
    "what the optimizer has is frozen": (
        lambda: of_the_first(frozen(deep(nn.Tanh, 2, 8, 2), 2)), "nothing learned", "",
    ),
    "two softmaxes": (
        lambda: rings(deep(nn.Tanh, 2, 8, 2).append(nn.Softmax(1)), epochs=1),
        "activation before the loss",
        "3: Softmax(dim=1)",
    ),
    "two sigmoids": (
        lambda: rings(deep(nn.Tanh, 2, 8, 1).append(nn.Sigmoid()), loss="bce_with_logits"),
        "activation before the loss",
        "3: Sigmoid()",
    ),
    "scores that are never negative": (
        lambda: rings(deep(nn.Tanh, 2, 8, 1).append(nn.ReLU()), loss="bce_with_logits"),
        "activation before the loss",
        "3: ReLU()",
    ),
    "no logarithm": (
        lambda: rings(deep(nn.Tanh, 2, 8, 2).append(nn.Softmax(1)), loss="nll", epochs=1),
        "activation before the loss",
        "3: Softmax(dim=1)",
    ),
    "a column far away": (lambda: columns(1, 1, shift=90), "unscaled features", "column 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_found_under_its_name(name: str) -> None:
    make, kind, where = CASES[name]
    model, X, y, how = make()
    history, said = watched(model, X, y, **how)
    assert said == [str(each) for each in history.troubles]
    found = {each.kind: each for each in history.troubles}
    assert kind in found
    assert len(found) == len(history.troubles), "one is said twice"
    assert found[kind].where.endswith(where)
    assert (found[kind].where == "") == (where == "")
    assert all(part for each in history.troubles for part in (each.says, each.try_))
    assert all(np.isfinite(array).all() for array in model.state_dict().values())


def test_the_number_that_shows_it_is_said() -> None:
    model, X, y, how = CASES["most of a layer dead"][0]()
    (trouble,) = watched(model, X, y, **how)[0].troubles
    assert trouble.says == "12 of its 16 units give 0 for each of 64 samples, and learn nothing"
    assert "LeakyReLU" in trouble.try_
    model, X, y, how = CASES["by its name"][0]()
    (trouble,) = watched(model, X, y, **how)[0].troubles
    mean, deviation = (
        getattr(PLANE[np.linspace(0, 199, 64).astype(int), 0] * 1e5, of)() for of in ("mean", "std")
    )
    assert trouble.says == f"'area' is {np.float32(mean):.4g} ± {np.float32(deviation):.3g}"


def test_of_pytorch_too() -> None:
    model, X, y, how = torch_dead()
    history, _ = watched(model, X, y, **how)
    assert [(each.kind, each.where) for each in history.troubles] == [("dead units", "1: ReLU()")]


# --- The last good parameters -------------------------------------------------------------------


class Ruining(Callback):
    """Makes parameters very large, or NaN, at a step; and remembers how they were at others."""

    def __init__(self, at: int, value: float) -> None:
        self.at, self.value = at, value
        self.were: dict[int, Any] = {}

    def on_step(self, training: Any, loss: float) -> None:
        parameters = training.engine.parameters()
        self.were[training.step] = {name: array.copy() for name, array in parameters.items()}
        if training.step == self.at:
            training.engine.load({name: array * self.value for name, array in parameters.items()})


@pytest.mark.parametrize(
    ("at", "value", "middle"),
    [
        *[(at, value, nn.Tanh()) for at in (1, 2, 20, 21, 100, 260) for value in (np.nan, np.inf, 1e30)],
        *[(at, np.nan, nn.BatchNorm1d(8)) for at in (1, 21, 100)],
    ],
)
def test_the_last_good_parameters_are_put_back(at: int, value: float, middle: nn.Module) -> None:
    model = nn.Sequential(nn.Linear(2, 8, rng=0), copy.deepcopy(middle), nn.Linear(8, 2, rng=1))
    optimizer, ruining = optim.Adam(model.parameters(), lr=0.01), Ruining(at, value)
    model, X, y, how = rings(model, optimizer=optimizer, lr=None, callbacks=[ruining], epochs=60)
    ruining.were[0] = {name: p.data.copy() for name, p in model.named_parameters()}
    history, _ = watched(model, X, y, **how)
    assert history.stopped
    step = int(history.stopped.rpartition(" ")[2])
    assert at - 101 <= step < at or (at, step) == (1, 0)
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(parameter.data, ruining.were[step][name])
    assert all(np.isfinite(array).all() for array in model.state_dict().values())
    assert not optimizer.state
    again = bp.fit(model, X, y, loss="cross_entropy", optimizer=optimizer, epochs=20, progress=False)
    assert again[-1].loss < 0.7


@pytest.mark.parametrize("lr", [0.7, 1.0])
def test_what_is_put_back_is_no_worse_than_the_start(lr: float) -> None:
    model, y = deep(nn.ReLU, 2, 16, 1), PLANE @ [2.0, -1.0] + PLANE[:, 0] ** 2
    before = np.mean((model(PLANE)[:, 0] - y) ** 2)
    history, _ = watched(model, PLANE, y, loss="mse", optimizer="sgd", lr=lr, batch_size=8, epochs=20)
    assert history.stopped
    assert np.mean((model(PLANE)[:, 0] - y) ** 2) <= before


class Kick(Callback):
    """Takes one step that is far too long, and long ones from the next but one on."""

    def on_step(self, training: Any, loss: float) -> None:
        long = training.step == 19 or training.step > 21
        training.optimizer.param_groups[0]["lr"] = 0.006 if long else 1e-6


def test_nor_is_it_after_a_step_that_was_too_long() -> None:
    model, X, y, how = line(lr=1e-6)
    before = np.mean((model(X[:, None])[:, 0] - y) ** 2)
    history, _ = watched(model, X, y, **how, callbacks=[Kick()])
    assert history.stopped
    assert np.mean((model(X[:, None])[:, 0] - y) ** 2) <= before


def test_an_optimizer_need_have_no_state() -> None:
    model, X, y, how = line()
    history, _ = watched(model, X, y, **{**how, "optimizer": ByHand(model.parameters(), lr=0.1)})
    assert history.stopped.endswith("step 0")


def test_a_spike_is_survived() -> None:
    model, X, y, how = rings(deep(nn.Tanh, 2, 16, 2), epochs=60)
    history, _ = watched(model, X, y, **how, callbacks=[Ruining(100, 30.0)])
    assert history.stopped == ""
    assert len(history) == 60


def test_a_loss_that_explodes_for_good_ends_it() -> None:
    model, X, y, how = line(lr=0.003, epochs=2000, dtype=np.float64)

    class Raising(Callback):
        def on_step(self, training: Any, loss: float) -> None:
            if training.step == 700:
                training.optimizer.param_groups[0]["lr"] = 0.0036

    optimizer = optim.SGD(model.parameters(), lr=0.003)
    how |= {"optimizer": optimizer, "lr": None, "callbacks": [Raising()]}
    history, said = watched(model, X, y, **how)
    assert [each.kind for each in history.troubles] == ["exploding loss"]
    assert history.stopped.startswith(f"{history.troubles[0].seen}; the parameters are those of step ")
    assert len(said) == 1
    assert np.mean((model(LINE[:, None])[:, 0] - 0.8 * LINE - 1) ** 2) < 1


def test_nothing_watches_if_it_is_not_to() -> None:
    model, X, y, how = line(lr=0.1)
    history, said = watched(model, X, y, **how, watch=False)
    assert said == []
    assert not np.isfinite(history[-1].loss)
    assert history.stopped == ""


def test_an_error_on_the_way_leaves_good_parameters_too() -> None:
    """BCELoss raises an error when it is given what is no probability, such as NaN."""
    model = nn.Sequential(nn.Linear(2, 1, rng=0), nn.Sigmoid())
    how: dict[str, Any] = {"loss": "bce", "optimizer": "sgd", "lr": 0.1, "callbacks": [Ruining(30, np.nan)]}
    with pytest.warns(TrainingWarning, match="loss not finite"), pytest.raises(ValueError, match="got nan"):
        bp.fit(model, PLANE, RINGS.astype(float), **how, epochs=10, progress=False)
    assert np.isfinite(model[0].weight).all()


def test_what_numpy_says_is_as_before() -> None:
    before = np.geterr()
    model, X, y, how = line(lr=0.1)
    watched(model, X, y, **how)
    assert np.geterr() == before


def divided(*given: Any) -> float:
    return float(np.array([1.0])[0] / np.array([0.0])[0])


class AtEachStep(bp.Callback):
    def on_step(self, training: Any, loss: float) -> None:
        divided()


#: What people compute themselves while they train.
THEIRS: dict[str, dict[str, Any]] = {
    "a metric": {"metrics": {"m": divided}},
    "a callback": {"callbacks": [divided]},
    "a callback at each step": {"callbacks": [AtEachStep()]},
    "data": {"X": lambda: ((PLANE[:4] / divided(), RINGS[:4]) for _ in range(2))},
}


@pytest.mark.parametrize("name", THEIRS)
@pytest.mark.parametrize("watch", [True, False], ids=["watched", "not watched"])
def test_numpy_says_what_it_is_to_say_of_what_others_compute(name: str, watch: bool) -> None:
    how: dict[str, Any] = {"X": PLANE, "loss": "mse", "optimizer": "sgd", "progress": False, **THEIRS[name]}
    y = None if callable(how["X"]) else RINGS.astype(float)
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide by zero"):
        bp.fit(nn.Linear(2, 1, rng=0), how.pop("X"), y, **how, watch=watch)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_batch_of_which_no_target_counts(reduction: str) -> None:
    """Their mean is that of nothing; their sum is 0."""
    y = np.where(np.arange(64) < 32, RINGS[:64], -100)
    loss = nn.CrossEntropyLoss(reduction=reduction)
    how: dict[str, Any] = {"optimizer": "sgd", "lr": 0.01, "shuffle": False}
    history, _ = watched(nn.Linear(2, 2, rng=0), PLANE[:64], y, loss=loss, **how)
    said = (
        "targets (step 2, the target of the batch): all 32 are -100, which CrossEntropyLoss ignores, and the "
        "mean of none is no number; try batches that have others, too: shuffle=True, a larger batch_size, or "
        "without such samples"
    )
    assert [str(each) for each in history.troubles] == ([said] if reduction == "mean" else [])


def test_a_trouble_prints() -> None:
    trouble = Trouble("targets", 3, "", "they are wrong", "others")
    assert str(trouble) == "targets (step 3): they are wrong; try others"
