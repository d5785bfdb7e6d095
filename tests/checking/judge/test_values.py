"""What a candidate is fed: far values, other options, further axes, ties, random numbers, other calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.checking.judge.examinations.otherwise import other_value
from backproof.diagnoses import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


class ReLU6:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.clip(x, 0, 6)

    def backward(self, g: Any) -> Any:
        return g * ((self.x > 0) & (self.x < 6))


class UnboundedReLU6(ReLU6):
    def backward(self, g: Any) -> Any:
        return g * (self.x > 0)


class WrongReLU6(ReLU6):
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.maximum(x, 0)

    def backward(self, g: Any) -> Any:
        return g * (self.x > 0)


class Ramp:
    """No reference: the identity between −7 and 7."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.clip(x, -7, 7) + 0.1 * np.sin(x)

    def backward(self, g: Any) -> Any:
        return g * ((np.abs(self.x) < 7) + 0.1 * np.cos(self.x))


class EndlessRamp(Ramp):
    def backward(self, g: Any) -> Any:
        return g * (1 + 0.1 * np.cos(self.x))


class GuardedSigmoid:
    """Right: a guard against overflow that nobody meets."""

    def forward(self, x: Any) -> Any:
        self.y = 1 / (1 + np.exp(-np.clip(x, -20, 20)))
        return self.y

    def backward(self, g: Any) -> Any:
        return g * self.y * (1 - self.y)


class CELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, alpha: float = 1.0) -> Any:
        ctx.save_for_backward(x)
        ctx.alpha = alpha
        return x.clamp(min=0) + alpha * torch.expm1(x.clamp(max=0) / alpha)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * torch.exp(x.clamp(max=0) / ctx.alpha), None


class ForgetfulCELU(CELU):
    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * torch.exp(x.clamp(max=0)), None


class Softmax:
    back = 0

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y

    def backward(self, g: Any) -> Any:
        return self.y * (g - (g * self.y).sum(axis=self.back or self.axis, keepdims=True))


class LastSoftmax(Softmax):
    back = -1


class SmoothL1Loss(nn.Module):
    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        self.beta = beta

    def near(self, d: Any) -> Any:
        return 0.5 * d**2 / self.beta

    def forward(self, x: Any, y: Any) -> Any:
        d = (x - y).abs()
        return torch.where(d < self.beta, self.near(d), d - 0.5 * self.beta).mean()


class JumpingSmoothL1Loss(SmoothL1Loss):
    def near(self, d: Any) -> Any:
        return 0.5 * d**2


class HalvedSmoothL1Loss(SmoothL1Loss):
    """Another convention: all of it times beta, as Huber wrote it."""

    def forward(self, x: Any, y: Any) -> Any:
        return self.beta * super().forward(x, y)


class Swoosh:
    """No reference, and a constructor with a default."""

    def __init__(self, steepness: float = 1.0) -> None:
        self.k = steepness

    def forward(self, x: Any) -> Any:
        self.x, self.t = x, np.tanh(self.k * x)
        return x * self.t

    def backward(self, g: Any) -> Any:
        return g * (self.t + self.k * self.x * (1 - self.t**2))


class ForgetfulSwoosh(Swoosh):
    def backward(self, g: Any) -> Any:
        return g * (self.t + self.x * (1 - self.t**2))


def scaled(x: Any, scale: float = 1.0) -> Any:
    return scale * x * np.sin(x), (x, scale)


def scaled_backward(g: Any, cache: Any) -> Any:
    x, scale = cache
    return scale * g * (np.sin(x) + x * np.cos(x))


def unscaled_backward(g: Any, cache: Any) -> Any:
    x, _ = cache
    return g * (np.sin(x) + x * np.cos(x))


def affine(x: Any, w: Any, b: Any) -> Any:
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(g: Any, cache: Any) -> Any:
    x, w = cache
    return (g @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ g, g.sum(axis=0)


def flat_backward(g: Any, cache: Any) -> Any:
    dx, dw, db = affine_backward(g, cache)
    return dx.reshape(len(dx), -1), dw, db


class Dense:
    def __init__(self, n_in: int, n_out: int) -> None:
        self.weights, self.biases = np.ones((n_in, n_out)), np.zeros((1, n_out))

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.weights + self.biases

    def backward(self, g: Any) -> Any:
        self.dweights, self.dbiases = self.x.T @ g, g.sum(axis=0, keepdims=True)
        return g @ self.weights.T


class LooseDense(Dense):
    def backward(self, g: Any) -> Any:
        dx = super().backward(g)
        self.dbiases = self.dbiases[0]
        return dx


class Doubled:
    """No reference; an array that is float64 whatever the input is."""

    dtype: Any = None

    def forward(self, x: Any) -> Any:
        self.x, out = x, np.zeros(x.shape, dtype=self.dtype or x.dtype)
        out += x * np.sin(x)
        return out

    def backward(self, g: Any) -> Any:
        return (g * (np.sin(self.x) + self.x * np.cos(self.x))).astype(self.x.dtype)


class WideDoubled(Doubled):
    dtype = np.float64


class Smeared(nn.Module):
    def forward(self, x: Any) -> Any:
        return torch.relu(x + 1e-3 * torch.randn_like(x))


class NoisySmeared(Smeared):
    """Says so in its name, and has no evaluation mode."""


class Dropout:
    """Inverted: p is the share that is dropped."""

    def __init__(self, p: float = 0.5) -> None:
        self.p, self.training = p, True

    def _mask(self, x: Any) -> Any:
        return (np.random.rand(*x.shape) >= self.p) / (1 - self.p)

    def forward(self, x: Any) -> Any:
        self.mask = self._mask(x) if self.training else np.ones_like(x)
        return x * self.mask

    def backward(self, g: Any) -> Any:
        return g * self.mask


class EndlessDropout(Dropout):
    def forward(self, x: Any) -> Any:
        self.mask = self._mask(x)
        return x * self.mask


class RedrawnDropout(Dropout):
    def backward(self, g: Any) -> Any:
        return g * self._mask(g)


class UnscaledDropout(Dropout):
    def _mask(self, x: Any) -> Any:
        return (super()._mask(x) > 0) * 1.0


class RandomStateCell(nn.Module):
    begin: Any = staticmethod(torch.randn)

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.ones(hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.ones(hidden_size, hidden_size))
        self.bias_ih, self.bias_hh = (nn.Parameter(torch.zeros(hidden_size)) for _ in range(2))

    def forward(self, x: Any, h: Any = None) -> Any:
        h = self.begin(len(x), len(self.bias_ih), dtype=x.dtype) if h is None else h
        return torch.tanh(x @ self.weight_ih.T + self.bias_ih + h @ self.weight_hh.T + self.bias_hh)


class ZeroStateCell(RandomStateCell):
    begin: Any = staticmethod(torch.zeros)


class OnTheClass(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        OnTheClass.mask = x > 0  # type: ignore[attr-defined]  # that is the mistake
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * OnTheClass.mask  # type: ignore[attr-defined]


_KEPT: dict[str, Any] = {}


def kept_tanh(x: Any) -> Any:
    _KEPT["y"] = np.tanh(x)
    return _KEPT["y"]


def kept_tanh_backward(g: Any) -> Any:
    return g * (1 - _KEPT["y"] ** 2)


class RowMax:
    """No reference: the largest of each row."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return x.max(axis=1)

    def backward(self, g: Any) -> Any:
        dx = np.zeros_like(self.x)
        dx[np.arange(len(dx)), self.x.argmax(axis=1)] = g
        return dx


class EveryRowMax(RowMax):
    def backward(self, g: Any) -> Any:
        return (self.x == self.x.max(axis=1, keepdims=True)) * g[:, None]


class ClampedSigmoid(nn.Module):
    def forward(self, x: Any) -> Any:
        return 1 / (1 + torch.exp(-torch.clamp(x, -10, 10)))


class Centred:
    """No reference: squares of what is centred, over their mean."""

    def forward(self, x: Any) -> Any:
        self.c = x - x.mean(axis=-1, keepdims=True)
        self.v = (self.c * self.c).mean(axis=-1, keepdims=True)
        return self.c * self.c / (self.v + 1)

    def backward(self, g: Any) -> Any:
        c, v, n = self.c, self.v + 1, self.c.shape[-1]
        dv = -(g * c * c).sum(axis=-1, keepdims=True) / v**2
        dc = 2 * g * c / v + 2 * c * dv / n
        return dc - dc.mean(axis=-1, keepdims=True)


class Cancelling(Centred):
    def forward(self, x: Any) -> Any:
        out = super().forward(x)
        mean = x.mean(axis=-1, keepdims=True)
        v = (x * x).mean(axis=-1, keepdims=True) - mean * mean
        return out * (self.v + 1) / (v + 1)


WRONG: dict[str, tuple[Any, dict[str, Any], str, Severity]] = {
    "a bound forgotten": (UnboundedReLU6, {"like": "relu6"}, "gradient-value", ERROR),
    "a bound forgotten in the forward": (WrongReLU6, {"like": "relu6"}, "forward-value", ERROR),
    "a bound forgotten, by its own forward": (EndlessRamp, {}, "gradient-value", ERROR),
    "right for alpha = 1 only": (ForgetfulCELU, {"like": "celu"}, "gradient-value", ERROR),
    "right for the last axis only": (LastSoftmax, {}, "gradient-value", ERROR),
    "a value right for beta = 1 only": (
        JumpingSmoothL1Loss,
        {"name": "SmoothL1Loss", "like": "smoothl1"},
        "forward-value",
        ERROR,
    ),
    "another convention where beta is not 1": (
        HalvedSmoothL1Loss,
        {"name": "SmoothL1Loss", "like": "smoothl1"},
        "forward-value",
        WARNING,
    ),
    "right for the default only": (ForgetfulSwoosh, {}, "inner-derivative-missing", ERROR),
    "a factor that is 1 by default": ((scaled, unscaled_backward), {}, "gradient-scale", ERROR),
    "flattened, and left so": ((affine, flat_backward), {"like": "linear"}, "gradient-shape", ERROR),
    "a row without its axis": (LooseDense, {"like": "linear"}, "gradient-shape", WARNING),
    "float64 by its own forward": (WideDoubled, {}, "forward-dtype", WARNING),
    "random, and nothing says so": (Smeared, {}, "nondeterministic", ERROR),
    "random in evaluation": (NoisySmeared, {}, "nondeterministic", WARNING),
    "drops in evaluation": (EndlessDropout, {"like": "dropout"}, "nondeterministic", ERROR),
    "draws in the backward": (RedrawnDropout, {"like": "dropout"}, "nondeterministic", ERROR),
    "not scaled": (UnscaledDropout, {}, "forward-value", ERROR),
    "a random state": (RandomStateCell, {"like": "rnncell"}, "nondeterministic", ERROR),
    "saved on the class": (OnTheClass, {"like": "relu"}, "stale-state", ERROR),
    "saved in the module": ((kept_tanh, kept_tanh_backward), {"like": "tanh"}, "stale-state", ERROR),
    "a tie for everyone": (EveryRowMax, {}, "gradient-at-kink", WARNING),
    "clamped: the value": (ClampedSigmoid, {"like": "sigmoid"}, "epsilon-bias", WARNING),
    "clamped: the gradient": (ClampedSigmoid, {"like": "sigmoid"}, "clamped-gradient", WARNING),
    "cancels far from 0": (Cancelling, {}, "precision-loss", WARNING),
}
RIGHT: dict[str, tuple[Any, dict[str, Any]]] = {
    "a bound": (ReLU6, {"like": "relu6"}),
    "a bound, by its own forward": (Ramp, {}),
    "a guard": (GuardedSigmoid, {"like": None}),
    "any alpha": (CELU, {"like": "celu"}),
    "any axis": (Softmax, {}),
    "any beta": (SmoothL1Loss, {}),
    "any steepness": (Swoosh, {}),
    "any factor": ((scaled, scaled_backward), {}),
    "flattened and back": ((affine, affine_backward), {"like": "linear"}),
    "a row": (Dense, {"like": "linear"}),
    "float32": (Doubled, {}),
    "dropout": (Dropout, {"like": "dropout"}),
    "a state of zeros": (ZeroStateCell, {"like": "rnncell"}),
    "one of the tied": (RowMax, {}),
    "centred first": (Centred, {}),
}


@pytest.mark.parametrize("row", WRONG)
def test_it_is_caught_and_named(row: str) -> None:
    candidate, settings, diagnosis, severity = WRONG[row]
    judgement = bp.check(candidate, **settings)
    assert (diagnosis, severity) in [(f.diagnosis, f.severity) for f in judgement.findings], f"{judgement}"
    assert {f.diagnosis for f in judgement.findings if f.severity is ERROR} <= {diagnosis}
    assert judgement.verdict is (Verdict.FAIL if severity is ERROR else Verdict.PASS)


@pytest.mark.parametrize("row", RIGHT)
def test_what_is_right_passes_without_a_warning(row: str) -> None:
    candidate, settings = RIGHT[row]
    judgement = bp.check(candidate, **settings)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert all(f.severity is Severity.NOTE for f in judgement.findings), f"{judgement}"


@pytest.mark.parametrize(
    ("value", "other"),
    [(0, 1), (2, 3), (-1, -2), (1.0, 0.7), (0.3, 0.6), (0.0, 0.3), (1e-8, None), (True, None)],
)
def test_another_value_is_of_the_same_sort(value: Any, other: Any) -> None:
    assert other_value(value) == other
