"""Functions for autograd as research code has them: declared intentions, single numbers, masks, in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd import Function

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


def made(name: str, forward: Callable[..., Any], backward: Callable[..., Any], doc: str | None = None) -> Any:
    """Make a Function whose backward gets the arguments of its forward behind the upstream gradient."""
    parts = {
        "forward": staticmethod(forward),
        "setup_context": staticmethod(lambda ctx, inputs, output: setattr(ctx, "given", inputs)),
        "backward": staticmethod(lambda ctx, g: backward(g, *ctx.given)),
        "__doc__": doc,
    }
    return type(name, (Function,), parts)


class RoundByDetaching(nn.Module):
    def forward(self, x: Any) -> Any:  # straight-through
        return x + (torch.round(x) - x).detach()


class Plain(nn.Module):
    def forward(self, x: Any) -> Any:
        return x + (torch.round(x) - x).detach()


class MarkedDirty(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x.clone())
        x.pow_(2)
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g * ctx.saved_tensors[0]


class NotMarked(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x.clone())
        x.pow_(2)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return 2 * g * ctx.saved_tensors[0]


class NotDifferentiable(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = (x > 0).to(x.dtype)
        ctx.mark_non_differentiable(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return torch.zeros_like(g)


class LSTMCell(nn.Module):
    """Forget gate first."""

    def __init__(self, n_in: int, n_hidden: int) -> None:
        super().__init__()
        self.x2h, self.h2h = nn.Linear(n_in, 4 * n_hidden), nn.Linear(n_hidden, 4 * n_hidden)

    def forward(self, x: Any, state: Any) -> Any:
        h, c = state
        f, i, o, n = (self.x2h(x) + self.h2h(h)).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(n)
        return torch.sigmoid(o) * self.squash(c), c

    def squash(self, c: Any) -> Any:
        return torch.tanh(c)


class NarrowTanh(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.tanh(x.float())


def swish(x: Any, beta: Any) -> Any:
    return x * torch.sigmoid(beta * x)


def by_input(g: Any, x: Any, beta: Any, *, lost: bool = False) -> Any:
    s = torch.sigmoid(beta * x)
    return g * (s + (1 if lost else beta) * x * s * (1 - s))


def by_beta(g: Any, x: Any, beta: Any) -> Any:
    s = torch.sigmoid(beta * x)
    return (g * x * x * s * (1 - s)).sum()


def prelu(x: Any, w: Any) -> Any:
    return torch.where(x > 0, x, w * x)


def prelu_back(g: Any, x: Any, w: Any, sign: int = 1) -> Any:
    return torch.where(x > 0, g, w * g), sign * (g * x * (x <= 0)).sum().expand_as(w)


def scaled_tanh(x: Any, a: Any, b: Any) -> Any:
    return a * torch.tanh(b * x)


def scaled_tanh_back(g: Any, x: Any, a: Any, b: Any) -> Any:
    t = torch.tanh(b * x)
    d = g * a * (1 - t * t)
    return d * b, (g * t).sum(), (d * x).sum()


def elu_by_upstream(g: Any, x: Any) -> Any:
    return g * torch.where(g > 0, torch.ones_like(x), torch.exp(x))


def elu(x: Any) -> Any:
    return torch.where(x > 0, x, torch.expm1(x))


def normalized(x: Any) -> Any:
    return x / x.norm(dim=-1, keepdim=True)


def rounded(x: Any) -> Any:
    return torch.round(x)


def identity(x: Any) -> Any:
    return x.view_as(x)


#: A candidate, its errors and its warnings.
ROWS: list[tuple[Any, set[str], set[str]]] = [
    (made("RoundSTE", rounded, lambda g, x: g), set(), set()),
    (made("RoundSTE", rounded, lambda g, x: torch.ones_like(g)), {"upstream-ignored"}, set()),
    (
        made("Spike", lambda x: (x > 0).to(x.dtype), lambda g, x: g / (1 + x.abs()) ** 2, "Surrogate."),
        set(),
        set(),
    ),
    (
        made("Spike", lambda x: (x > 0).to(x.dtype), lambda g, x: g / (1 + x.abs()) ** 2),
        set(),
        {"gradient-value"},
    ),
    (made("Flip", identity, lambda g, x: -g, "Gradient reversal layer."), set(), set()),
    (made("Flip", identity, lambda g, x: -g), {"gradient-sign"}, set()),
    (made("GradientClip", identity, lambda g, x: g.clamp(-0.5, 0.5)), set(), set()),
    (RoundByDetaching, set(), set()),
    (Plain, set(), {"gradient-value"}),
    (MarkedDirty, set(), {"double-backward"}),
    (NotMarked, {"mutates-input"}, set()),
    (NotDifferentiable, set(), set()),
    (made("Slope", prelu, prelu_back), set(), set()),
    (made("Slope", prelu, lambda g, x, w: prelu_back(g, x, w, -1)), {"gradient-sign"}, set()),
    (made("Gate", swish, lambda g, x, beta: (by_input(g, x, beta), by_beta(g, x, beta))), set(), set()),
    (
        made("Gate", swish, lambda g, x, beta: (by_input(g, x, beta, lost=True), by_beta(g, x, beta))),
        {"inner-derivative-missing"},
        set(),
    ),
    (made("Stretch", scaled_tanh, scaled_tanh_back), set(), set()),
    (
        made(
            "Masked", lambda x, mask, p: x * mask / (1 - p), lambda g, x, m, p: (g * m / (1 - p), None, None)
        ),
        set(),
        set(),
    ),
    (
        made(
            "Filled", lambda x, mask: x.masked_fill(mask, 0.0), lambda g, x, m: (g.masked_fill(m, 0.0), None)
        ),
        set(),
        set(),
    ),
    (made("Steep", lambda x, w: x * w * w, lambda g, x, w: (g * w * w, None)), {"missing-gradient"}, set()),
    (made("ELU", elu, elu_by_upstream), {"upstream-as-input"}, set()),
    (made("Onto", normalized, lambda g, x: g / x.norm(dim=-1, keepdim=True)), {"diagonal-jacobian"}, set()),
    (LSTMCell, set(), set()),
    (type("LSTMCell", (LSTMCell,), {"squash": lambda self, c: c}), {"forward-value"}, set()),
    (NarrowTanh, set(), {"forward-dtype"}),
]


@pytest.mark.parametrize("row", ROWS, ids=[f"{i}-{row[0].__name__}" for i, row in enumerate(ROWS)])
def test_what_is_found(row: tuple[Any, set[str], set[str]]) -> None:
    candidate, errors, warnings = row
    judgement = bp.check(candidate)
    found = {f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR}
    warned = {f.diagnosis for f in judgement.findings if f.severity is Severity.WARNING}
    assert (found, warned) == (errors, warnings), f"{judgement}"
    assert judgement.verdict is (Verdict.FAIL if errors else Verdict.PASS), f"{judgement}"


def shifted(x: Any, bias: Any) -> Any:
    return x + bias


def scaled(x: Any, alpha: Any) -> Any:
    return x * alpha


class NarrowGradient:
    def forward(self, x: Any) -> Any:
        self.y = np.tanh(x)
        return self.y

    def backward(self, g: Any) -> Any:
        return (g * (1 - self.y**2)).astype(np.float32)


#: Candidates of NumPy, with their diagnoses.
NUMPY: list[tuple[Any, set[str]]] = [
    ((shifted, lambda g, x, bias: (g, g)), {"broadcast-not-reduced"}),
    ((shifted, lambda g, x, bias: (g, g.sum(axis=0))), set()),
    ((scaled, lambda g, x, alpha: (g * alpha, np.sum(g * x))), set()),
    ((scaled, lambda g, x, alpha: (g * alpha, -np.sum(g * x))), {"gradient-sign"}),
    (NarrowGradient, {"gradient-dtype"}),
]


@pytest.mark.parametrize(("candidate", "expected"), NUMPY)
def test_what_is_found_on_numpy(candidate: Any, expected: set[str]) -> None:
    judgement = bp.check(candidate)
    assert {f.diagnosis for f in judgement.findings} == expected, f"{judgement}"
