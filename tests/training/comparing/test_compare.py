"""What is right agrees with PyTorch, also where rounding grows; what is wrong parts from it, at its step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
import backproof.torch.nn as torch_nn
import backproof.torch.optim as torch_optim
from backproof import nn, optim
from backproof.optim.optimizer import optimizer_of
from backproof.training.comparing.comparison import Comparison
from backproof.updates import CATALOGUE
from backproof.updates.adam import Adam
from backproof.updates.sgd import SGD

RNG = np.random.default_rng(0)
X, Y, CLASSES = RNG.normal(size=(24, 3)), RNG.normal(size=24), RNG.integers(0, 3, 24)
IMAGES, INDICES = RNG.normal(size=(24, 1, 6, 6)), RNG.integers(0, 7, (24, 4))


def network(activation: Any = nn.Tanh, dtype: Any = np.float32, outputs: int = 1) -> nn.Sequential:
    layers = [nn.Linear(3, 6, dtype=dtype, rng=0), activation(), nn.Linear(6, outputs, dtype=dtype, rng=1)]
    return nn.Sequential(*layers)


def compared(model: Any, x: Any = X, y: Any = Y, **how: Any) -> Comparison:
    given = {"loss": "mse", "optimizer": "adam", "epochs": 2, "batch_size": 8, **how}
    if isinstance(given["optimizer"], str):
        given.setdefault("lr", 0.02)
    return bp.compare(model, x, y, **given)


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


# --- What is wrong parts -------------------------------------------------------------------------


class WrongTanh(nn.Tanh):
    """Its gradient is too large, by a thousandth."""

    def backward(self, grad_output: Any) -> Any:
        return super().backward(grad_output) * 1.001


class Forgetful(nn.Linear):
    """It forgets the gradient of its bias."""

    def accumulate(self, grad_output: Any) -> None:
        self.backward(grad_output)

    def backward(self, grad_output: Any) -> Any:
        found = super().backward(grad_output)
        del self.grads["bias"]
        return found


class Coarse(nn.Linear):
    """It computes with half of the digits, where those are few."""

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        output = super().forward(*inputs, **keywords)
        return output if output.dtype == np.float64 else output.astype(np.float16).astype(output.dtype)


class Doubled(nn.MSELoss):
    """Its value is twice what it should be; its gradient is right."""

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        return 2 * super().forward(*inputs, **keywords)


@dataclasses.dataclass(frozen=True, kw_only=True)
class InTheRoot(Adam):
    """ε stands inside of the root."""

    def scale(self, xp: Any, second: Any, step: float) -> Any:
        found = second / self.correction(self.betas[1], step) + self.eps
        return xp.sqrt(found)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Uncorrected(Adam):
    """The moments keep their bias."""

    def correction(self, beta: float, step: float) -> float:
        return 1.0


class Tiring(optimizer_of(SGD)):  # type: ignore[misc]  # a class that is made
    """From some step on it moves half as far."""

    def __init__(self, params: Any, at: int, lr: float) -> None:
        super().__init__(params, lr=lr)
        self.left = at

    def step(self, closure: Any = None) -> Any:
        self.left -= 1
        if not self.left:
            self.param_groups[0]["lr"] /= 2
        return super().step(closure)


class ByHand:
    """An optimizer as it is written in a lab."""

    def __init__(self, parameters: Any, lr: float, sign: float = -1.0) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), "lr": lr}]
        self.sign = sign

    def step(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.data += self.sign * self.param_groups[0]["lr"] * parameter.grad

    def zero_grad(self) -> None:
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None


@dataclass
class Planted:
    """A mistake, and where it has to be found: the step, what differs first, and of which parameters."""

    model: Callable[[], Any] = network
    optimizer: Callable[[Any], Any] = lambda parameters: optim.Adam(parameters, lr=0.02)
    how: dict[str, Any] = dataclasses.field(default_factory=dict)
    step: int = 1
    kind: str = "parameter"
    names: tuple[str, ...] = ("0.weight", "0.bias", "2.weight", "2.bias")


def theirs(activation: Any = torch.nn.Tanh) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(3, 6), activation(), torch.nn.Linear(6, 1))


def with_layer(kind: Any) -> Callable[[], Any]:
    return lambda: nn.Sequential(nn.Linear(3, 6, rng=0), nn.Tanh(), kind(6, 1, rng=1))


def adam(parameters: Any) -> Any:
    return torch.optim.Adam(parameters, lr=0.02)


def sgd(parameters: Any) -> Any:
    return torch.optim.SGD(parameters, lr=0.02)


PLANTED = {
    "a gradient that is a thousandth too large": Planted(
        lambda: network(WrongTanh), how={"like": theirs()}, kind="gradient", names=("0.weight", "0.bias")
    ),
    "the gradient of the bias is forgotten": Planted(
        with_layer(Forgetful), how={"like": theirs()}, kind="gradient", names=("2.bias",)
    ),
    "the forward is another": Planted(
        lambda: network(nn.GELU), how={"like": theirs(lambda: torch.nn.GELU(approximate="tanh"))},
        kind="loss", names=("",),
    ),
    "half of the digits, in float32": Planted(
        with_layer(Coarse), how={"like": theirs()}, kind="loss", names=("",)
    ),
    "the value of the loss": Planted(
        how={"loss": Doubled(), "like_loss": torch.nn.MSELoss()}, kind="loss", names=("",)
    ),
    "ε inside the root": Planted(
        optimizer=lambda p: optimizer_of(InTheRoot)(p, lr=0.02), how={"like_optimizer": adam}
    ),
    "no correction of the bias": Planted(
        optimizer=lambda p: optimizer_of(Uncorrected)(p, lr=0.02), how={"like_optimizer": adam}
    ),
    "the decay passes through the moments": Planted(
        optimizer=lambda p: optim.Adam(p, lr=0.02, weight_decay=0.01),
        how={"like_optimizer": lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.01)},
    ),
    "less momentum, which the second step has first": Planted(
        optimizer=lambda p: optim.SGD(p, lr=0.02, momentum=0.899),
        how={"like_optimizer": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.9)}, step=2,
    ),
    "another rate from the fifth step on": Planted(optimizer=lambda p: Tiring(p, at=5, lr=0.02), step=5),
    "uphill": Planted(optimizer=lambda p: ByHand(p, 0.02, +1.0), how={"like_optimizer": sgd}),
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
def test_what_is_wrong_parts_at_its_step(planted: Planted) -> None:
    model = planted.model()
    comparison = compared(model, optimizer=planted.optimizer(model.parameters()), **planted.how)
    assert not comparison
    assert comparison.verdict == "part"
    parting = comparison.parting
    assert parting is not None
    assert (parting.step, parting.kind, parting.names) == (planted.step, planted.kind, planted.names)
    assert abs(parting.ours - parting.theirs) > parting.bound
    assert f"part at step {planted.step}, in float" in comparison.summary


RIGHT = {
    "a layer of one's own": Planted(with_layer(type("Mine", (nn.Linear,), {})), how={"like": theirs()}),
    "an optimizer of one's own": Planted(
        optimizer=lambda p: ByHand(p, 0.02), how={"like_optimizer": sgd}
    ),
    "a rule of one's own": Planted(
        optimizer=lambda p: optimizer_of(dataclasses.make_dataclass("Mine", [], bases=(SGD,), frozen=True))(
            p, lr=0.02
        ),
        how={"like_optimizer": sgd},
    ),
}  # fmt: skip


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_one_s_own_that_is_right_agrees(right: Planted) -> None:
    model = right.model()
    assert compared(model, optimizer=right.optimizer(model.parameters()), **right.how)


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
            parameters, {}
        ),
    ),
}


@pytest.mark.parametrize(("model", "make"), UNKNOWN.values(), ids=UNKNOWN)
def test_optimizers_without_a_counterpart(model: Callable[[], Any], make: Callable[[Any], Any]) -> None:
    given = model()
    with pytest.raises(TypeError, match="pass like_optimizer="):
        compared(given, optimizer=make(given.parameters()))
