"""Mistakes as people make them, each caught and named: what is not planted in an op or a rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


class MutatesReLU:
    def forward(self, x):
        x[x < 0] = 0
        self.on = x > 0
        return x

    def backward(self, g):
        return g * self.on


class MutatesGradReLU:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, g):
        g[~self.on] = 0
        return g


class StaleTanh:
    saved: Any = None

    def forward(self, x):
        y = np.tanh(x)
        if self.saved is None or self.saved.shape != y.shape:
            self.saved = y
        return y

    def backward(self, g):
        return g * (1 - self.saved**2)


class CountsTanh:
    calls = 0

    def forward(self, x):
        self.calls += 1
        self.y = np.tanh(x)
        return self.y * (1 if self.calls < 2 else 1 + 1e-3 * self.calls)

    def backward(self, g):
        return g * (1 - self.y**2)


class KinkReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g):
        return g * (1 + np.sign(self.x)) / 2


class BeyondKinkReLU(KinkReLU):
    def backward(self, g):
        return g * np.where(self.x == 0, 2.0, self.x > 0)


class DetachedSoftmax(nn.Module):
    def forward(self, x):
        return torch.softmax(x.detach(), dim=-1)


class NumpyTanh(nn.Module):
    def forward(self, x):
        return torch.tensor(np.tanh(x.detach().numpy()))


class ShapeMSE:
    def forward(self, p, t):
        self.e = p - t
        return np.mean(self.e**2, keepdims=True)

    def backward(self):
        return 2 * self.e / self.e.size


class ConstantSigmoid:
    def forward(self, x):
        self.x = x
        return 1 / (1 + np.exp(-x))

    def backward(self, g):
        return 0.25 * g


class CubeBackward:
    """No reference: x³ with the derivative of x²."""

    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, g):
        return g * 2 * self.x


class HalfMissingLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        ctx.save_for_backward(x, weight)
        return x @ weight.t() + bias

    @staticmethod
    def backward(ctx, g):
        x, weight = ctx.saved_tensors
        return g @ weight, g.t() @ x, None


class SumWithMeanGradient:
    def forward(self, p, t):
        self.e = p - t
        return np.sum(self.e**2)

    def backward(self):
        return 2 * self.e / self.e.size


class ClippedTanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, g):
        return np.clip(g * (1 - self.y**2), -0.2, 0.2)


class ZeroTanh(ClippedTanh):
    def backward(self, g):
        return np.zeros_like(g)


class RandomTanh(ClippedTanh):
    def forward(self, x):
        self.y = np.tanh(x) * (1 + 0.01 * np.random.default_rng().random(x.shape))
        return self.y

    def backward(self, g):
        return g * (1 - self.y**2)


class WideTanh:
    def forward(self, x):
        self.y = np.tanh(x.astype(np.float64))
        return self.y

    def backward(self, g):
        return (g * (1 - self.y**2)).astype(g.dtype)


class WideGradientTanh(ClippedTanh):
    def backward(self, g):
        return g * (1 - self.y.astype(np.float64) ** 2)


class FlatTanh(ClippedTanh):
    def backward(self, g):
        return (g * (1 - self.y**2)).ravel()


class ClippedLogits:
    def forward(self, x, t):
        self.x, self.t = np.clip(x, -9, 9), t
        return np.mean(np.logaddexp(0, self.x) - t * self.x)

    def backward(self):
        return (1 / (1 + np.exp(-self.x)) - self.t) / self.x.size


class HalfSquares:
    def forward(self, p, t):
        self.e = p - t
        return 0.5 * np.mean(self.e**2)

    def backward(self):
        return self.e / self.e.size


class OneMaximumSoftmax:
    def forward(self, x):
        e = np.exp(x - x.max())
        self.y = e / e.sum(-1, keepdims=True)
        return self.y

    def backward(self, g):
        return self.y * (g - (g * self.y).sum(-1, keepdims=True))


class HalfInputSigmoid:
    def forward(self, x):
        self.x, self.y = x, 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, g):
        return g * self.y * (1 - self.x)


ROWS: dict[str, tuple[Any, dict[str, Any], str, Severity]] = {
    "mutates the input": (MutatesReLU, {"like": "relu"}, "mutates-input", Severity.ERROR),
    "mutates the gradient": (MutatesGradReLU, {"like": "relu"}, "mutates-input", Severity.ERROR),
    "saves once": (StaleTanh, {"like": "tanh"}, "stale-state", Severity.ERROR),
    "counts its calls": (CountsTanh, {"like": "tanh"}, "stale-state", Severity.ERROR),
    "one half at the kink": (KinkReLU, {"like": "relu"}, "gradient-at-kink", Severity.NOTE),
    "two at the kink": (BeyondKinkReLU, {"like": "relu"}, "gradient-at-kink", Severity.ERROR),
    "detached": (DetachedSoftmax, {"like": "softmax"}, "detached", Severity.ERROR),
    "by way of NumPy": (NumpyTanh, {"like": "tanh"}, "detached", Severity.ERROR),
    "keeps dimensions": (ShapeMSE, {"like": "mse"}, "forward-shape", Severity.ERROR),
    "constant slope": (ConstantSigmoid, {"like": "sigmoid"}, "gradient-value", Severity.ERROR),
    "own invention": (CubeBackward, {}, "gradient-value", Severity.ERROR),
    "sum, with the gradient of the mean": (
        SumWithMeanGradient,
        {"name": "L2"},
        "gradient-scale",
        Severity.ERROR,
    ),
    "clipped gradient": (ClippedTanh, {"like": "tanh"}, "gradient-value", Severity.ERROR),
    "gradient of zero": (ZeroTanh, {"like": "tanh"}, "gradient-value", Severity.ERROR),
    "random": (RandomTanh, {"like": "tanh"}, "nondeterministic", Severity.ERROR),
    "float64 for float32": (WideTanh, {"like": "tanh"}, "forward-dtype", Severity.WARNING),
    "float64 gradient": (WideGradientTanh, {"like": "tanh"}, "gradient-dtype", Severity.WARNING),
    "flat gradient": (FlatTanh, {"like": "tanh"}, "gradient-shape", Severity.ERROR),
    "clipped logits": (ClippedLogits, {"like": "bce with logits"}, "epsilon-bias", Severity.WARNING),
    "half the squares": (HalfSquares, {"name": "L2"}, "forward-value", Severity.WARNING),
    "one maximum for all rows": (OneMaximumSoftmax, {"like": "softmax"}, "not-finite", Severity.WARNING),
    "the input in one place": (HalfInputSigmoid, {"like": "sigmoid"}, "input-for-output", Severity.ERROR),
    "no bias gradient": (HalfMissingLinear, {"like": "linear"}, "missing-gradient", Severity.ERROR),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_is_caught_and_named(row: str) -> None:
    candidate, settings, diagnosis, severity = ROWS[row]
    judgement = bp.check(candidate, **settings)
    assert (diagnosis, severity) in [(f.diagnosis, f.severity) for f in judgement.findings], f"{judgement}"
    others = {f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR} - {diagnosis}
    assert others == set()
    assert judgement.verdict is (Verdict.FAIL if severity is Severity.ERROR else Verdict.PASS)


class _Optimizer:
    def __init__(self, params, lr=0.1):
        self.params, self.lr = list(params), lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class RebindsSGD(_Optimizer):
    def step(self):
        self.params = [p if p.grad is None else (p - self.lr * p.grad).detach() for p in self.params]


class FailsWithoutGradientSGD(_Optimizer):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            p.sub_(self.lr * p.grad)


class DecaysWithoutGradientSGD(_Optimizer):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            p.sub_(self.lr * (p if p.grad is None else p.grad))


class KeepsGradientsSGD(_Optimizer):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.sub_(self.lr * p.grad)

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.data + 0


class HalvesSGD(KeepsGradientsSGD):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.sub_(0.5 * self.lr * p.grad)

    zero_grad = _Optimizer.zero_grad


class ClipsSGD(HalvesSGD):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.sub_(self.lr * p.grad.clamp(-1, 1))


class NoMomentum(HalvesSGD):
    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is not None:
                p.sub_(self.lr * p.grad)


class NonsenseAdam(HalvesSGD):
    def __init__(self, params, lr=0.1):
        super().__init__(params, lr)
        self.m = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, m in zip(self.params, self.m, strict=True):
            if p.grad is not None:
                m.mul_(0.9).add_(p.grad)
                p.sub_(0.37 * self.lr * m.sin() + 0.001 * p**3)


OPTIMIZERS = [
    (RebindsSGD, "parameter-rebound"),
    (FailsWithoutGradientSGD, "gradient-none"),
    (DecaysWithoutGradientSGD, "gradient-none"),
    (KeepsGradientsSGD, "gradients-kept"),
    (HalvesSGD, "update-scale"),
    (ClipsSGD, "update-value"),
    (NoMomentum, "momentum-missing"),
    (NonsenseAdam, "update-value"),
]
#: What an optimizer is meant to be, where its name does not say SGD.
MEANT = {NoMomentum: "momentum", NonsenseAdam: "adam"}


@pytest.mark.parametrize(("optimizer", "diagnosis"), OPTIMIZERS)
def test_an_optimizer_s_mistake_is_caught_and_named(optimizer: Any, diagnosis: str) -> None:
    judgement = bp.check(optimizer, like=MEANT.get(optimizer, "sgd"))
    assert [f.diagnosis for f in judgement.findings] == [diagnosis], f"{judgement}"
    assert judgement.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("forward", "like", "low", "high"),
    [
        (lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)), "tanh", 88.7, 89.5),
        (lambda x: np.exp(x) / (1 + np.exp(x)), "sigmoid", 88.7, 88.8),
        (lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), "softmax", 87.0, 88.8),
    ],
)
def test_where_it_stops_being_finite_is_found(forward: Any, like: str, low: float, high: float) -> None:
    def backward(g: Any, x: Any) -> Any:
        with np.errstate(all="ignore"):
            y = forward(x)
            if like == "tanh":
                return g * (1 - y * y)
            if like == "sigmoid":
                return g * y * (1 - y)
            return y * (g - (g * y).sum(-1, keepdims=True))

    judgement = bp.check((forward, backward), like=like)
    (finding,) = (f for f in judgement.findings if f.diagnosis == "not-finite")
    threshold: Any = finding.evidence["threshold"]
    assert low <= threshold["float32"] <= high
    assert 700 < threshold["float64"] < 720
    assert judgement.verdict is Verdict.PASS
