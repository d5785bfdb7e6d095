"""The parameters of what has no reference: each is an input of the forward like any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


class Affine(torch.autograd.Function):
    """x wᵀ + b; ``how`` says what its backward does wrong."""

    @staticmethod
    def forward(ctx: Any, x: Any, w: Any, b: Any, how: str) -> Any:
        ctx.save_for_backward(x, w)
        ctx.how = how
        return x @ w.t() + b

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, w = ctx.saved_tensors
        grads = {"x": g @ w, "w": g.t() @ x, "b": g.sum(0)}
        if ctx.how == "mean":
            grads["w"] = grads["w"] / len(x)
        elif ctx.how == "sign":
            grads["b"] = -grads["b"]
        elif ctx.how == "none":
            grads["b"] = None
        elif ctx.how == "ones":
            grads["w"] = torch.ones_like(g).t() @ x
        return *grads.values(), None


class Dense(nn.Module):
    def __init__(self, n_in: int, n_out: int, how: str) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.3 * torch.randn(n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.how = how

    def forward(self, x: Any) -> Any:
        return Affine.apply(x, self.weight, self.bias, self.how)  # type: ignore[no-untyped-call]  # as PyTorch has it


class Block(nn.Module):
    """A residual block: the part that is written by hand lies inside others."""

    def __init__(self, dim: int = 4, how: str = "") -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.LayerNorm(dim), nn.Sequential(Dense(dim, 3, how), nn.Tanh()), nn.Linear(3, dim)
        )

    def forward(self, x: Any) -> Any:
        return x + self.net(x)


class Scaled(nn.Module):
    """A number that is learned; ``how`` it is read."""

    def __init__(self, dim: int = 4, how: str = "") -> None:
        super().__init__()
        self.inner = nn.Linear(dim, 3)
        self.gains = nn.ParameterDict({"first": nn.Parameter(torch.ones(1))})
        self.how = how

    def forward(self, x: Any) -> Any:
        gain = self.gains["first"]
        return self.inner(x).tanh() * (gain.item() if self.how == "item" else gain)


class Wide(nn.Module):
    """A weight of more elements than can be looked at one by one."""

    def __init__(self, how: str = "") -> None:
        super().__init__()
        self.first = nn.Linear(300, 20)
        self.second = Dense(20, 60, how)

    def forward(self, x: Any) -> Any:
        return self.second(self.first(x).tanh())


WRONG = [
    (Block, "mean", "gradient-scale", "self.net.1.0.weight"),
    (Block, "sign", "gradient-sign", "self.net.1.0.bias"),
    (Block, "none", "missing-gradient", "self.net.1.0.bias"),
    (Block, "ones", "upstream-ignored", "self.net.1.0.weight"),
    (Scaled, "item", "missing-gradient", "self.gains.first"),
    (Wide, "mean", "gradient-scale", "self.second.weight"),
]


@pytest.mark.parametrize(("module", "how", "diagnosis", "argument"), WRONG)
def test_a_wrong_gradient_of_a_parameter_is_named_with_it(
    module: Any, how: str, diagnosis: str, argument: str
) -> None:
    judgement = bp.check(module(how=how), like=None)
    assert [(f.diagnosis, f.evidence["argument"]) for f in judgement.findings] == [(diagnosis, argument)]


class Frozen(nn.Module):
    """What owes no gradient: frozen, unused, shared and lazy parameters, buffers and a state."""

    def __init__(self, dim: int = 4) -> None:
        super().__init__()
        self.fixed = nn.Linear(dim, dim).requires_grad_(requires_grad=False)
        self.unused = nn.Linear(3, 2)
        self.one, self.other = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.other.weight = self.one.weight
        self.lazy = nn.LazyLinear(2)
        self.norm = nn.BatchNorm1d(dim)
        self.register_buffer("scale", torch.full((dim,), 2.0))

    def forward(self, x: Any) -> Any:
        return self.lazy(self.norm(self.other(self.one(self.fixed(x)).tanh())) * self.scale)


class Spectral(nn.Module):
    """Its weight is divided by an estimate that every call makes better."""

    def __init__(self, dim: int = 4) -> None:
        super().__init__()
        self.linear = nn.utils.parametrizations.spectral_norm(nn.Linear(dim, 3))

    def forward(self, x: Any) -> Any:
        return self.linear(x)


class Positive(nn.Module):
    """A parameter that has to stay positive."""

    def __init__(self, dim: int = 4) -> None:
        super().__init__()
        self.sigma = nn.Parameter(torch.full((dim,), 0.5))

    def forward(self, x: Any) -> Any:
        return x.tanh() * self.sigma.log() + self.sigma.sqrt()


@pytest.mark.parametrize("module", [Block, Scaled, Wide, Frozen, Spectral, Positive])
def test_a_right_one_passes(module: Any) -> None:
    judgement = bp.check(module, like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not [f for f in judgement.findings if f.severity is not Severity.NOTE], f"{judgement}"


def test_what_is_not_judged_is_said_with_the_reason() -> None:
    judgement = bp.check(Spectral, like=None)
    assert "not for self.linear.bias" in judgement.reason
    assert "its state changes with every call" in judgement.reason


class TwoLayers:
    """Parameters in a dictionary, their gradients in another."""

    factor = 1.0

    def __init__(self, n_in: int, n_out: int) -> None:
        rng = np.random.default_rng(0)
        self.params = {"W1": 0.1 * rng.normal(size=(n_in, 3)), "W2": 0.1 * rng.normal(size=(3, n_out))}
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, np.tanh(x @ self.params["W1"])
        return self.h @ self.params["W2"]

    def backward(self, g: Any) -> Any:
        d = g @ self.params["W2"].T * (1 - self.h**2)
        self.grads = {"W1": self.factor * self.x.T @ d, "W2": self.h.T @ g}
        return d @ self.params["W1"].T


class TwoLayersTwice(TwoLayers):
    factor = 2.0


def test_a_parameter_in_a_dictionary_is_named_as_it_is_written() -> None:
    right, wrong = bp.check(TwoLayers, like=None), bp.check(TwoLayersTwice, like=None)
    assert right.verdict is Verdict.PASS, f"{right}"
    assert 'judged for its input and for self.params["W1"], self.params["W2"]' in right.reason
    assert wrong.findings[0].diagnosis == "gradient-scale"
    assert wrong.findings[0].evidence["argument"] == 'self.params["W1"]'


class TwoLayersShort:
    """Gradients under the shortest names there are."""

    sign = 1.0

    def __init__(self, n_in: int, n_out: int) -> None:
        rng = np.random.default_rng(0)
        self.W1, self.W2 = 0.1 * rng.normal(size=(n_in, 3)), 0.1 * rng.normal(size=(3, n_out))

    def forward(self, x: Any) -> Any:
        self.x, self.h = x, np.tanh(x @ self.W1)
        return self.h @ self.W2

    def backward(self, g: Any) -> Any:
        d = g @ self.W2.T * (1 - self.h**2)
        self.gW1, self.gW2 = self.sign * self.x.T @ d, self.h.T @ g
        return d @ self.W1.T


class Variable:
    def __init__(self, v: Any) -> None:
        self.v, self.g = v, np.zeros_like(v)


class Shifted:
    """A parameter that holds its gradient itself, as ``g``."""

    axes: Any = 0

    def __init__(self, n: int) -> None:
        self.b = Variable(np.zeros(n))

    def forward(self, x: Any) -> Any:
        return x + self.b.v

    def backward(self, g: Any) -> Any:
        self.b.g = g.sum(self.axes)
        return g


class TwoLayersDown(TwoLayersShort):
    sign = -1.0


class ShiftedWhole(Shifted):
    axes = ()


@pytest.mark.parametrize(
    ("right", "wrong", "diagnosis", "argument"),
    [
        (TwoLayersShort, TwoLayersDown, "gradient-sign", "self.W1"),
        (Shifted, ShiftedWhole, "broadcast-not-reduced", "self.b.v"),
    ],
)
def test_a_gradient_is_found_under_the_shortest_name(
    right: type, wrong: type, diagnosis: str, argument: str
) -> None:
    judgement = bp.check(right, like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert f"{argument}" in judgement.reason
    (finding,) = bp.check(wrong, like=None).findings
    assert (finding.diagnosis, finding.evidence["argument"]) == (diagnosis, argument)


class Snake(torch.autograd.Function):
    """x + sin²(ax)/a with one number a: its gradient tells which shape that has."""

    @staticmethod
    def forward(ctx: Any, x: Any, a: Any) -> Any:
        ctx.save_for_backward(x, a)
        return x + torch.sin(a * x) ** 2 / a

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, a = ctx.saved_tensors
        s, c = torch.sin(a * x), torch.cos(a * x)
        return g * (1 + 2 * s * c), (g * (2 * x * s * c / a - s * s / a**2)).sum().reshape(1)


def test_other_shapes_are_tried_where_a_function_gives_gradients_of_others() -> None:
    judgement = bp.check(Snake, like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
