"""What holds its argument between the bounds of a probability is judged there, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backproof as bp


def _held(p: Any) -> Any:
    return np.clip(p, 1e-7, 1 - 1e-7)


class WeightedLoss:
    def loss(self, y_true: Any, y_pred: Any) -> Any:
        p = _held(y_pred)
        return -np.mean(2 * y_true * np.log(p) + (1 - y_true) * np.log(1 - p))

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        p = _held(y_pred)
        return (-2 * y_true / p + (1 - y_true) / (1 - p)) / y_true.size


class TurnedLoss(WeightedLoss):
    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        return -super().gradient(y_true, y_pred)


class CrossEntropy:
    """Of probabilities, one output for each element."""

    def loss(self, y: Any, p: Any) -> Any:
        p = _held(p)
        return -y * np.log(p) - (1 - y) * np.log(1 - p)

    def gradient(self, y: Any, p: Any) -> Any:
        p = _held(p)
        return -(y / p) + (1 - y) / (1 - p)


class HalfCrossEntropy(CrossEntropy):
    def gradient(self, y: Any, p: Any) -> Any:
        p = _held(p)
        return -(y / p)


class Entropy:
    def forward(self, p: Any) -> Any:
        self.p = np.maximum(p, 1e-12)
        return -(self.p * np.log(self.p)).sum(1)

    def backward(self, g: Any) -> Any:
        return -g[:, None] * (np.log(self.p) + 1)


class HalfEntropy(Entropy):
    def backward(self, g: Any) -> Any:
        return -g[:, None] * np.log(self.p)


class Logit:
    def forward(self, x: Any) -> Any:
        self.x = np.clip(x, 1e-6, 1 - 1e-6)
        return np.log(self.x / (1 - self.x))

    def backward(self, g: Any) -> Any:
        return g / (self.x * (1 - self.x))


class Ramp:
    """Smooth where its bounds are: they are a part of it."""

    def forward(self, x: Any) -> Any:
        self.x = np.clip(x, 0.0, 1.0)
        return self.x * (2 - self.x)

    def backward(self, g: Any) -> Any:
        return g * (3 - 2 * self.x)


@pytest.mark.parametrize("component", [WeightedLoss, CrossEntropy, Entropy, Logit])
def test_what_lies_outside_is_nobodys_concern(component: Any) -> None:
    judgement = bp.check(component)
    assert judgement, f"{judgement}"
    assert not [f for f in judgement.findings if f.diagnosis.startswith("gradient")], f"{judgement}"


@pytest.mark.parametrize(
    ("component", "diagnosis"),
    [
        (TurnedLoss, "gradient-sign"),
        (HalfCrossEntropy, "gradient-value"),
        (HalfEntropy, "gradient-value"),
        (Ramp, "gradient-value"),
    ],
)
def test_a_mistake_within_is_found(component: Any, diagnosis: str) -> None:
    judgement = bp.check(component, name=component.__name__.replace("Half", ""))
    assert diagnosis in {f.diagnosis for f in judgement.findings}, f"{judgement}"
