"""What is right agrees with PyTorch, also where rounding grows; what cannot be compared is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
import backproof.torch.nn as torch_nn
import backproof.torch.optim as torch_optim
from backproof import nn, optim
from backproof.optim.optimizer import optimizer_of
from backproof.updates import CATALOGUE
from tests.training.comparing.samples import (
    CLASSES,
    IMAGES,
    INDICES,
    ByHand,
    InTheRoot,
    Tiring,
    X,
    Y,
    compared,
    network,
    theirs,
    with_layer,
)

# --- What is right agrees ------------------------------------------------------------------------

MODELS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "a line": (lambda: nn.Linear(3, 1, rng=0), {"optimizer": "sgd"}),
    "a network of float64": (lambda: network(dtype=np.float64), {}),
    "a network of float16": (lambda: network(nn.ReLU, dtype=np.float16), {"optimizer": "sgd"}),
    "all in one batch": (network, {"batch_size": None}),
    "classes": (lambda: network(nn.GELU, outputs=3), {"y": CLASSES, "loss": "cross_entropy"}),
    "weights of classes": (
        lambda: network(outputs=3),
        {"y": CLASSES, "loss": nn.CrossEntropyLoss(weight=np.array([1.0, 2.0, 0.5], np.float32))},
    ),
    "another loss": (network, {"loss": "huber"}),
    # Its bias has no gradient but what rounding leaves, and Adam makes whole steps of that.
    "a bias that is taken away": (
        lambda: nn.Sequential(nn.Linear(3, 6, rng=0), nn.BatchNorm1d(6), nn.Linear(6, 1, rng=1)),
        {},
    ),
    "images": (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.Flatten(), nn.Linear(32, 1, rng=1)),
        {"x": IMAGES},
    ),
    "indices": (
        lambda: nn.Sequential(nn.Embedding(7, 2, rng=0), nn.Flatten(), nn.Linear(8, 1, rng=1)),
        {"x": INDICES},
    ),
    "dropout that predicts": (
        lambda: nn.Sequential(nn.Linear(3, 6, rng=0), nn.Dropout(0.5), nn.Linear(6, 1, rng=1)).eval(),
        {},
    ),
    "batches": (network, {"x": [(X[:9], Y[:9]), (X[9:], Y[9:])], "y": None}),
}


@pytest.mark.parametrize(("make", "how"), MODELS.values(), ids=MODELS)
def test_what_is_right_agrees(make: Callable[[], Any], how: dict[str, Any]) -> None:
    comparison = compared(make(), **how)
    assert comparison, comparison.summary
    assert comparison.verdict == "agree"
    assert comparison.telling == comparison.steps == len(comparison.rows)
    assert comparison["share"].max() < 1


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_optimizer_agrees(name: str) -> None:
    model = network(nn.SiLU)
    groups = [
        {"params": list(model[0].parameters()), "lr": 0.01},
        {"params": list(model[2].parameters())},
    ]
    assert compared(model, optimizer=getattr(optim, name)(groups, lr=0.02))


def test_modules_of_backproof_torch_agree_with_pytorch() -> None:
    torch.manual_seed(0)
    model = torch_nn.Sequential(torch_nn.Linear(3, 6), torch_nn.Tanh(), torch_nn.Linear(6, 1))
    optimizer = torch_optim.NAdam(model.parameters(), lr=0.02)
    comparison = compared(model, loss=torch_nn.SmoothL1Loss(), optimizer=optimizer)
    assert comparison
    assert [run.dtype for run in comparison.runs] == ["float32", "float64"]
    assert comparison["difference"].max() < 1e-6


def test_an_optimizer_goes_on_from_where_it_is() -> None:
    model = network()
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    bp.fit(model, X, Y, loss="mse", optimizer=optimizer, epochs=4, progress=False)
    assert compared(model, optimizer=optimizer)


def chaotic() -> nn.Sequential:
    layers = [
        nn.Linear(3, 16, rng=1),
        nn.Tanh(),
        nn.Linear(16, 16, rng=2),
        nn.Tanh(),
        nn.Linear(16, 1, rng=3),
    ]
    return nn.Sequential(*layers)


def test_rounding_that_grows_is_no_difference() -> None:
    """A network that is driven over the edge: nothing is left of how near the two once were."""
    comparison = compared(chaotic(), optimizer="rmsprop", lr=0.5, epochs=5, batch_size=6)
    assert comparison["difference"][-1] > 1
    assert comparison, comparison.summary
    assert comparison.telling == comparison.steps == 20


def test_rounding_that_grows_hides_no_difference() -> None:
    model = chaotic()
    optimizer = Tiring(model.parameters(), at=15, lr=1.0)
    comparison = compared(model, optimizer=optimizer, epochs=4, batch_size=6)
    assert comparison["difference"][13] > 1
    assert comparison.parting is not None
    assert (comparison.parting.step, comparison.parting.kind) == (15, "parameter")


def test_both_may_end() -> None:
    comparison = compared(network(nn.ReLU), optimizer="sgd", lr=1e4, epochs=20)
    assert comparison, comparison.summary
    assert "the loss is not finite any more at step" in comparison.summary


@pytest.mark.parametrize("freeze", [False, True])
def test_nothing_that_moves_is_no_agreement(freeze: bool) -> None:
    model = network()
    model[2].requires_grad_(requires_grad=not freeze)
    comparison = compared(model, optimizer=optim.SGD(model.parameters(), lr=0.1 if freeze else 0.0))
    assert bool(comparison) is freeze
    assert comparison.verdict == ("agree" if freeze else "unsure")
    assert freeze or "nothing can be told" in comparison.summary


# --- What is given stays as it is ----------------------------------------------------------------


def test_what_is_given_stays_as_it_is() -> None:
    model, like = network(), theirs()
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    before = model.state_dict(), {name: value.clone() for name, value in like.state_dict().items()}
    arrays = [parameter.data for parameter in model.parameters()]
    drawn, x = torch.random.get_rng_state(), X.copy()
    compared(model, x=x, optimizer=optimizer, like=like)
    for parameter, array in zip(model.parameters(), arrays, strict=True):
        assert parameter.data is array
        assert parameter.grad is None
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[0][name])
    assert all(torch.equal(value, before[1][name]) for name, value in like.state_dict().items())
    assert not optimizer.state
    assert model.training
    np.testing.assert_array_equal(x, X)
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(torch.random.get_rng_state(), drawn)


def test_the_same_is_trained_as_by_fit() -> None:
    model = network()
    comparison = compared(model, seed=5)
    history = bp.fit(
        model, X, Y, loss="mse", optimizer="adam", lr=0.02, epochs=2, batch_size=8, seed=5, progress=False
    )
    means = comparison["ours"].reshape(2, 3).mean(axis=1)
    np.testing.assert_allclose(history["loss"], means, rtol=1e-7)


def test_rates_of_the_epochs_are_those_of_the_schedule() -> None:
    def share(epoch: int) -> float:
        return 1 / (1 + epoch)

    model = network(dtype=np.float64)
    comparison = compared(model, epochs=4, lr_lambda=share)
    assert comparison, comparison.summary
    theirs = model.to_torch()
    optimizer = torch.optim.Adam(theirs.parameters(), lr=0.02)
    how: Any = {"loss": torch.nn.MSELoss(), "batch_size": 8, "epochs": 4, "progress": False}
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    history = bp.fit(theirs, X, Y, optimizer=optimizer, schedule=schedule, **how)
    for name in ("ours", "torch"):
        np.testing.assert_allclose(history["loss"], comparison[name].reshape(4, 3).mean(axis=1), rtol=1e-12)


def test_how_far_it_is_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    compared(network(dtype=np.float64), progress=True)
    assert capsys.readouterr().err.startswith("epoch 2/2  loss ")
    compared(network(dtype=np.float64), progress=False)
    assert not capsys.readouterr().err


# --- What is refused -----------------------------------------------------------------------------


class Own(nn.Module):
    """Computes something of its own."""

    def __init__(self) -> None:
        self.factor = nn.Parameter(np.ones(1))

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return inputs[0] * self.factor


class OwnLoss:
    """Is no module."""

    def __call__(self, output: Any, target: Any) -> float:
        return 0.0

    def backward(self) -> Any:
        return np.zeros(1)


def line() -> nn.Linear:
    return nn.Linear(3, 1, rng=0)


REFUSED: dict[str, tuple[Callable[[], Any], dict[str, Any], type[Exception], str]] = {
    "a model of its own": (Own, {"x": Y}, TypeError, "or pass like=, a torch.nn.Module with parameters"),
    "a loss of its own": (line, {"loss": OwnLoss()}, TypeError, "got OwnLoss: pass like_loss="),
    "dropout": (
        lambda: nn.Sequential(nn.Linear(3, 6, rng=0), nn.Dropout(0.5), nn.Linear(6, 1, rng=1)),
        {},
        ValueError,
        "draws random numbers, as dropout does",
    ),
    "dropout there": (
        with_layer(nn.Linear),
        {"like": theirs(lambda: torch.nn.Dropout(0.5))},
        ValueError,
        "draws random numbers",
    ),
    "other parameters": (line, {"like": torch.nn.Linear(3, 2)}, ValueError, "of the same names and shapes"),
    "no module": (line, {"like": nn.Linear(3, 1)}, TypeError, "like to be a torch.nn.Module; got like="),
    "a class of losses": (line, {"like_loss": torch.nn.MSELoss}, TypeError, "to be a loss of PyTorch, such"),
    "a share for a function": (line, {"lr_lambda": 0.5}, TypeError, r"of the epoch, .*; got lr_lambda=0\.5"),
    "no maker": (line, {"like_optimizer": 0.1}, TypeError, "like_optimizer to be a function"),
    "a maker of ours": (
        line,
        {"like_optimizer": lambda parameters: [*parameters]},
        TypeError,
        "a function that makes an optimizer of PyTorch",
    ),
    "no epoch": (line, {"epochs": 0}, ValueError, "compare expects epochs to be at least 1"),
    "no batch": (line, {"batch_size": 0}, ValueError, "batch_size=0"),
    "a seed below 0": (line, {"seed": -1}, ValueError, "seed=-1"),
    "no model": (lambda: 3, {}, TypeError, "expected model to be a module"),
    "no number": (line, {"x": X * np.nan}, ValueError, "NaN"),
    "other features": (line, {"x": X[:, :2]}, ValueError, "the model takes 3 features"),
    "batches that are used up": (
        line, {"x": ((X, Y) for _ in range(1)), "y": None}, ValueError, "pass the function that makes it"
    ),
    "no batches": (line, {"x": [], "y": None}, ValueError, "expected at least one batch"),
    "bfloat16": (
        lambda: torch.nn.Linear(3, 1).to(torch.bfloat16), {}, TypeError, "got bfloat16: say model.float"
    ),
    "several dtypes": (
        lambda: nn.Sequential(nn.Linear(3, 1, dtype=np.float64), nn.PReLU()),
        {},
        TypeError,
        r"of one dtype; got float64 and float32: say model.float\(\)",
    ),
    "L-BFGS": (line, {"like_optimizer": torch.optim.LBFGS}, TypeError, "got LBFGS, which needs a closure"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "how", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_refusals(make: Callable[[], Any], how: dict[str, Any], error: type[Exception], said: str) -> None:
    model = make()
    with pytest.raises(error, match=said):
        compared(model, **how)
    assert torch.get_default_dtype() == torch.float32


UNKNOWN: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "by hand": (line, lambda parameters: ByHand(parameters, 0.1)),
    "a rule": (line, optimizer_of(InTheRoot)),
    "PyTorch's": (
        lambda: torch.nn.Linear(3, 1),
        lambda parameters: type("Mine", (torch.optim.Optimizer,), {"step": lambda self: None})(
            parameters, {"lr": 0.1}
        ),
    ),
}


@pytest.mark.parametrize(("model", "make"), UNKNOWN.values(), ids=UNKNOWN)
def test_optimizers_without_a_counterpart(model: Callable[[], Any], make: Callable[[Any], Any]) -> None:
    given = model()
    with pytest.raises(TypeError, match="pass like_optimizer="):
        compared(given, optimizer=make(given.parameters()))
