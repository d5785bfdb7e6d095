"""A gradient that is no derivative on purpose: the code says so, and the numbers have that form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.checking.judge.judge import judge
from backproof.diagnoses import Severity
from tests.checking.adapt.asking import the_candidate

ERROR, NOTE = Severity.ERROR, Severity.NOTE


class FakeQuantSTE:
    def forward(self, x: Any) -> Any:
        self.x = x
        return 0.1 * np.clip(np.round(10 * x), -8, 7)

    def inside(self) -> Any:
        return np.abs(self.x) < 0.8

    def backward(self, g: Any) -> Any:
        return g * self.inside()


class TurnedFakeQuantSTE(FakeQuantSTE):
    def inside(self) -> Any:
        return np.abs(self.x) > 0.8


class BinarizeSTE(FakeQuantSTE):
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sign(x)

    def backward(self, g: Any) -> Any:
        return 1.0 * g


class ClampedGradient:
    """The gradient is clamped to ±0.1 on the way back."""

    def forward(self, x: Any) -> Any:
        return 1.0 * x

    def backward(self, g: Any) -> Any:
        return np.clip(g, -0.1, 0.1)


class ClampedGradientOfLog:
    """A logarithm with the gradient of its clamp."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return np.log(np.maximum(x, 0.5))

    def backward(self, g: Any) -> Any:
        return g / self.x


class GradientReversal:
    def forward(self, x: Any) -> Any:
        self.x = x
        return np.sin(x)

    def backward(self, g: Any) -> Any:
        return -0.3 * g * np.cos(self.x)


class GradientReversalOfNothing(GradientReversal):
    def backward(self, g: Any) -> Any:
        return -0.3 * g


class Codebook(nn.Module):
    """Nearest of its vectors."""

    def __init__(self, size: int = 8, width: int = 5) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.randn(size, width))

    def nearest(self, z: Any) -> Any:
        return self.vectors[torch.cdist(z, self.vectors).argmin(-1)]

    def forward(self, z: Any) -> Any:
        return z + (self.nearest(z) - z).detach()


class StraightThroughCodebook(Codebook):
    """With a straight-through estimator."""


class CutCodebook(Codebook):
    """Has nothing that stands in for a derivative: the sum of both, one of them cut off."""

    def forward(self, z: Any) -> Any:
        return torch.sin(z) + self.vectors.detach()[0]


ON_PURPOSE = {
    "straight through inside": FakeQuantSTE,
    "straight through": BinarizeSTE,
    "clipped": ClampedGradient,
    "reversed": GradientReversal,
    "a codebook": Codebook,
    "a codebook that says so": StraightThroughCodebook,
}
WRONG: dict[str, tuple[Any, str]] = {
    "straight through outside": (TurnedFakeQuantSTE, "gradient-value"),
    "nothing is clipped": (ClampedGradientOfLog, "gradient-value"),
    "more than reversed": (GradientReversalOfNothing, "gradient-value"),
    "nothing stands in": (CutCodebook, "missing-gradient"),
}


@pytest.mark.parametrize("row", ON_PURPOSE)
def test_what_is_done_on_purpose_is_no_error(row: str) -> None:
    judgement = bp.check(ON_PURPOSE[row], like=None)
    assert judgement.verdict is Verdict.PASS, f"{judgement}"
    assert (
        {"gradient-value"}
        <= {f.diagnosis for f in judgement.findings}
        <= {"gradient-value", "missing-gradient"}
    )


@pytest.mark.parametrize("row", WRONG)
def test_a_word_alone_excuses_nothing(row: str) -> None:
    candidate, diagnosis = WRONG[row]
    judgement = bp.check(candidate, like=None)
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [(diagnosis, ERROR)], f"{judgement}"


@pytest.mark.parametrize("aside", ["scale gradients by the batch size", "gradient scaling: see optimizer"])
def test_a_comment_on_scaling_excuses_nothing(aside: str) -> None:
    text = f"""
        class MSELoss:
            def forward(self, p, t):
                self.d = p - t
                return np.mean(self.d**2)
            def backward(self):
                # {aside}
                return 2 * self.d / len(self.d)
    """
    judgement = judge(the_candidate(text))
    assert [(f.diagnosis, f.severity) for f in judgement.findings] == [("gradient-scale", ERROR)]
