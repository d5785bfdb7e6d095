"""What has no reference: its corner at 0, its outputs behind the first, its norms, its coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity

ERROR, WARNING = Severity.ERROR, Severity.WARNING


class Bent:
    at_0 = 0.1

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.where(x > 0, x + 0.2 * np.sin(x), 0.1 * x)

    def backward(self, g: Any) -> Any:
        slope = np.where(self.x > 0, 1 + 0.2 * np.cos(self.x), 0.1)
        return g * np.where(self.x == 0, self.at_0, slope)


class FlatBent(Bent):
    at_0 = 0.0


class Jumping(Bent):
    """It jumps at 0: there is no slope to lie between."""

    at_0 = 0.0

    def forward(self, x: Any) -> Any:
        return super().forward(x) + (x > 0)


def cell(x: Any, c: Any, w: Any) -> Any:
    memory = np.tanh(x @ w) + 0.5 * c
    return np.tanh(memory), memory, (x, w, memory)


def cell_backward(dh: Any, dc: Any, cache: Any) -> Any:
    return _back(dh * (1 - np.tanh(cache[-1]) ** 2) + dc, cache)


def forgetful_backward(dh: Any, dc: Any, cache: Any) -> Any:
    return _back(dh * (1 - np.tanh(cache[-1]) ** 2), cache)


def _back(dm: Any, cache: Any) -> Any:
    x, w, _ = cache
    da = dm * (1 - np.tanh(x @ w) ** 2)
    return da @ w.T, 0.5 * dm, x.T @ da


class Cosine:
    whole = True

    def forward(self, u: Any, v: Any) -> Any:
        self.u, self.v = u, v
        self.nu, self.nv = (np.sqrt((a * a).sum(1, keepdims=True)) for a in (u, v))
        return (u * v).sum(1) / (self.nu * self.nv)[:, 0]

    def backward(self, g: Any) -> Any:
        u, v, g = self.u / self.nu, self.v / self.nv, g[:, None]
        c = (u * v).sum(1, keepdims=True) * self.whole
        return g * (v - c * u) / self.nu, g * (u - c * v) / self.nv


class CosineOfConstantNorms(Cosine):
    whole = False


class Steep:
    inner = 1.5

    def forward(self, x: Any) -> Any:
        self.x, self.s = x, 1 / (1 + np.exp(-1.5 * x))
        return x * self.s

    def backward(self, g: Any) -> Any:
        return g * (self.s + self.inner * self.x * self.s * (1 - self.s))


class SteepOfOne(Steep):
    inner = 1.0


class SomeLoss:
    keep = False

    def forward(self, y: Any, t: Any) -> Any:
        self.d = y - t
        return np.mean(np.mean(self.d**4, axis=1, keepdims=self.keep), axis=0, keepdims=self.keep)

    def backward(self) -> Any:
        return 4 * self.d**3 / self.d.size


class LossWithAxes(SomeLoss):
    keep = True


class Gated:
    """A cell of its own, whose sizes are capital letters."""

    through_gate = True

    def __init__(self, D: int, H: int, seed: int = 0) -> None:  # noqa: N803  # as people write it
        rng = np.random.RandomState(seed)
        self.U, self.V = rng.randn(D, H) * 0.4, rng.randn(H, H) * 0.4

    def forward(self, x: Any, h: Any) -> Any:
        self.x, self.h = x, h
        self.r = 1 / (1 + np.exp(-(x @ self.U)))
        self.n = np.tanh((self.r * h) @ self.V)
        return self.n

    def backward(self, d: Any) -> Any:
        drh = (d * (1 - self.n**2)) @ self.V.T
        dr = drh * self.h * self.r * (1 - self.r)
        return dr @ self.U.T, drh * self.r if self.through_gate else drh


class WrongGated(Gated):
    through_gate = False


WRONG: dict[str, tuple[Any, str, Severity]] = {
    "a corner with a gradient of 0": (FlatBent, "gradient-at-kink", ERROR),
    "an output forgotten": ((cell, forgetful_backward), "gradient-value", ERROR),
    "norms held constant": (CosineOfConstantNorms, "diagonal-jacobian", ERROR),
    "a coefficient lost behind a minus": (SteepOfOne, "inner-derivative-missing", ERROR),
    "a number with axes": (LossWithAxes, "forward-shape", WARNING),
    "sizes in capitals": (WrongGated, "inner-derivative-missing", ERROR),
}
RIGHT: dict[str, Any] = {
    "a corner": Bent,
    "a jump": Jumping,
    "every output": (cell, cell_backward),
    "norms": Cosine,
    "a coefficient": Steep,
    "a number": SomeLoss,
    "sizes in capitals": Gated,
}


@pytest.mark.parametrize("row", WRONG)
def test_it_is_caught_and_named(row: str) -> None:
    candidate, diagnosis, severity = WRONG[row]
    judgement = bp.check(candidate, like=None)
    assert {(f.diagnosis, f.severity) for f in judgement.findings} == {(diagnosis, severity)}, f"{judgement}"


@pytest.mark.parametrize("row", RIGHT)
def test_what_is_right_passes(row: str) -> None:
    judgement = bp.check(RIGHT[row], like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert not [f for f in judgement.findings if f.severity is ERROR], f"{judgement}"
