"""What is wrong parts from PyTorch at its step, by what it is; what is right in another way does not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn, optim
from backproof.optim.optimizer import optimizer_of
from backproof.updates.adam import Adam
from backproof.updates.sgd import SGD
from tests.training.comparing.samples import (
    ByHand,
    InTheRoot,
    Tiring,
    compared,
    network,
    theirs,
    with_layer,
)


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
class Uncorrected(Adam):
    """The moments keep their bias."""

    def correction(self, beta: float, step: float) -> float:
        return 1.0


@dataclass
class Planted:
    """A mistake, and where it has to be found: the step, what differs first, and of which parameters."""

    model: Callable[[], Any] = network
    optimizer: Callable[[Any], Any] = lambda parameters: optim.Adam(parameters, lr=0.02)
    how: dict[str, Any] = dataclasses.field(default_factory=dict)
    step: int = 1
    kind: str = "parameter"
    names: tuple[str, ...] = ("0.weight", "0.bias", "2.weight", "2.bias")


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
