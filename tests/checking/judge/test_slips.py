"""A step of the chain rule that goes wrong in a backward is found in the candidate's own forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.findings import Judgement, Verdict


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


class PeepholeStep:
    """A cell of nobody's catalogue: two gates, of which one sees the new state."""

    def __init__(self, Wx: Any, Wh: Any, b: Any) -> None:  # noqa: N803  # as courses write it
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x: Any, h: Any) -> Any:
        a, g = np.split(x @ self.Wx + h @ self.Wh + self.b, 2, axis=1)
        self.x, self.h, self.a, self.s = x, h, a, sigmoid(a)
        self.g = g
        self.n = np.tanh(g)
        return self.s * self.n + (1 - self.s) * h

    def gate(self, d: Any) -> Any:
        return d * self.s * (1 - self.s)

    def new(self, d: Any) -> Any:
        return d * (1 - self.n**2)

    def path(self, d: Any) -> Any:
        return d * (1 - self.s)

    def backward(self, dh: Any) -> Any:
        da = np.hstack([self.gate(dh * (self.n - self.h)), self.new(dh * self.s)])
        self.dWx, self.dWh, self.db = self.x.T @ da, self.h.T @ da, da.sum(axis=0)
        return da @ self.Wx.T, da @ self.Wh.T + self.path(dh)


class GateAsIs(PeepholeStep):
    def gate(self, d: Any) -> Any:
        return d


class NewOfItsArgument(PeepholeStep):
    def new(self, d: Any) -> Any:
        return d * (1 - self.g**2)


class NewTwice(PeepholeStep):
    def new(self, d: Any) -> Any:
        return d * (1 - np.tanh(self.n) ** 2)


class NoPath(PeepholeStep):
    def path(self, d: Any) -> Any:
        return 0 * d


class TimeTanh:
    """A whole sequence, which starts with zeros."""

    through_time = True

    def __init__(self, Wx: Any, Wh: Any, b: Any) -> None:  # noqa: N803  # as courses write it
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, xs: Any) -> Any:
        n, steps, _ = xs.shape
        self.xs, self.hs = xs, np.zeros((n, steps + 1, self.Wh.shape[0]))
        for t in range(steps):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ self.Wx + self.hs[:, t] @ self.Wh + self.b)
        return self.hs[:, 1:].copy()

    def slope(self, t: int) -> Any:
        return 1 - self.hs[:, t + 1] ** 2

    def backward(self, grad: Any) -> Any:
        self.dWx, self.dWh = np.zeros_like(self.Wx), np.zeros_like(self.Wh)
        self.db, dxs, back = np.zeros_like(self.b), np.empty_like(self.xs), 0.0
        for t in reversed(range(grad.shape[1])):
            da = (grad[:, t] + back) * self.slope(t)
            self.dWx += self.xs[:, t].T @ da
            self.dWh += self.hs[:, t].T @ da
            self.db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
            back = da @ self.Wh.T if self.through_time else 0.0
        return dxs


class NotThroughTime(TimeTanh):
    through_time = False


class SlopeForgotten(TimeTanh):
    def slope(self, t: int) -> Any:
        return 1.0


class Attention:
    """Scaled dot-product attention over any number of axes before the last two."""

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        self.q, self.k, self.v, self.scale = q, k, v, q.shape[-1] ** -0.5
        self.a = softmax(self.scale * (q @ np.swapaxes(k, -1, -2)))
        return self.a @ v

    def scores(self, da: Any) -> Any:
        return self.a * (da - (da * self.a).sum(axis=-1, keepdims=True))

    def backward(self, grad: Any) -> Any:
        ds = self.scores(grad @ np.swapaxes(self.v, -1, -2)) * self.scale
        return ds @ self.k, np.swapaxes(ds, -1, -2) @ self.q, np.swapaxes(self.a, -1, -2) @ grad


class DiagonalAttention(Attention):
    def scores(self, da: Any) -> Any:
        return da * self.a * (1 - self.a)


class AttentionWithoutSum(Attention):
    def scores(self, da: Any) -> Any:
        return da * self.a


class Whitening:
    """A normalization that no catalogue has: by the softened root of the mean square, then tanh."""

    def forward(self, x: Any) -> Any:
        self.x, self.r = x, np.sqrt(0.5 + np.mean(x * x, axis=1, keepdims=True))
        self.y = np.tanh(x / self.r)
        return self.y

    def backward(self, grad: Any) -> Any:
        g = grad * (1 - self.y**2)
        return g / self.r - self.through(g)

    def through(self, g: Any) -> Any:
        return self.x * np.mean(g * self.x, axis=1, keepdims=True) / self.r**3


class ConstantRoot(Whitening):
    def through(self, g: Any) -> Any:
        return 0.0


class GELUTanh(torch.autograd.Function):
    inner = True

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return 0.5 * x * (1 + torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))

    @classmethod
    def backward(cls, ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        t = torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
        inner = 0.7978845608028654 * (1 + 3 * 0.044715 * x**2)
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner)


class GELUTanhWithoutInner(GELUTanh):
    @classmethod
    def backward(cls, ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        t = torch.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t**2))


class PassedOn(Whitening):
    def backward(self, grad: Any) -> Any:
        return grad


RIGHT = [PeepholeStep, TimeTanh, Attention, Whitening, GELUTanh]
WRONG = [
    (GateAsIs, "inner-derivative-missing", "sigmoid"),
    (NewOfItsArgument, "input-for-output", "tanh"),
    (NewTwice, "output-for-input", "tanh"),
    (NoPath, "gradient-value", "leaves out a path"),
    (NotThroughTime, "gradient-value", "leaves out a path"),
    (SlopeForgotten, "inner-derivative-missing", "tanh"),
    (DiagonalAttention, "diagonal-jacobian", "softmax"),
    (AttentionWithoutSum, "diagonal-jacobian", "softmax"),
    (ConstantRoot, "statistics-constant", "mean"),
    (GELUTanhWithoutInner, "inner-derivative-missing", "taken as 1"),
    (PassedOn, "inner-derivative-missing", "missing altogether"),
]


@pytest.mark.parametrize("component", RIGHT)
def test_what_is_right_passes(component: Any) -> None:
    judgement = bp.check(component, like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"


@pytest.mark.parametrize(("component", "name", "said"), WRONG, ids=lambda part: getattr(part, "__name__", ""))
def test_the_step_that_is_wrong_is_named(component: Any, name: str, said: str) -> None:
    judgement: Judgement = bp.check(component, like=None)
    assert judgement.verdict is Verdict.FAIL
    assert {f.diagnosis for f in judgement.findings} == {name}, f"{judgement}"
    assert all(said in f.message for f in judgement.findings), f"{judgement}"


class OwnTanh(torch.nn.Module):
    """A module that is cut off from the graph by design."""

    @torch.no_grad()
    def forward(self, x: Any) -> Any:
        self.y = torch.tanh(x)
        return self.y

    @torch.no_grad()
    def backward(self, grad: Any) -> Any:
        return grad * (1 - self.y**2)


class OwnTanhOfData(OwnTanh):
    def forward(self, x: Any) -> Any:
        self.y = torch.tanh(x.data)
        return self.y


class WrongOwnTanh(OwnTanh):
    def backward(self, grad: Any) -> Any:
        return grad * (1 - self.y)


class DetachedTanh(torch.nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.tanh(x.detach())


@pytest.mark.parametrize(
    ("module", "verdict", "names"),
    [
        (OwnTanh, Verdict.PASS, {"backward-never-called"}),
        (OwnTanhOfData, Verdict.PASS, {"backward-never-called"}),
        (WrongOwnTanh, Verdict.FAIL, {"gradient-value", "backward-never-called"}),
        (DetachedTanh, Verdict.FAIL, {"detached"}),
    ],
)
def test_a_module_cut_off_from_the_graph_is_judged_by_its_own_backward(
    module: Any, verdict: Verdict, names: set[str]
) -> None:
    judgement = bp.check(module, like="tanh")
    assert judgement.verdict is verdict, f"{judgement}"
    assert {f.diagnosis for f in judgement.findings} == names, f"{judgement}"


class TransposedWeight(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any) -> Any:
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, weight = ctx.saved_tensors
        return grad @ weight, x.T @ grad


class LinearOfAFunction(torch.nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(n_out, n_in))
        self.bias = torch.nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Any) -> Any:
        return TransposedWeight.apply(x, self.weight) + self.bias  # type: ignore[no-untyped-call]  # torch's


def test_the_gradient_that_a_function_inside_a_module_gets_wrong_is_seen() -> None:
    judgement = bp.check(LinearOfAFunction, like="linear")
    assert [(f.diagnosis, f.evidence["argument"]) for f in judgement.findings] == [
        ("transposed-gradient", "weight")
    ], f"{judgement}"


class BatchNormOfConstantVariance:
    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        self.gamma, self.beta, self.eps = np.ones(num_features), np.zeros(num_features), eps

    def forward(self, x: Any) -> Any:
        self.std = np.sqrt(x.var(axis=0) + self.eps)
        self.n = (x - x.mean(axis=0)) / self.std
        return self.gamma * self.n + self.beta

    def backward(self, grad: Any) -> Any:
        self.dgamma, self.dbeta = (grad * self.n).sum(axis=0), grad.sum(axis=0)
        g = grad * self.gamma
        return (g - g.mean(axis=0)) / self.std


def test_a_variance_held_constant_is_called_so_before_anything_else() -> None:
    judgement = bp.check(BatchNormOfConstantVariance, like="BatchNorm1d")
    assert [f.diagnosis for f in judgement.findings] == ["statistics-constant"], f"{judgement}"
