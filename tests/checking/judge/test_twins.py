"""Losses that bear a name in another of its meanings, and what they promise of their reduction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof.checking.findings import Verdict
from backproof.diagnoses import Severity


class SquaredTriplet:
    sign = 1.0

    def __init__(self, margin: float = 0.5) -> None:
        self.margin = margin

    def forward(self, a: Any, p: Any, n: Any) -> Any:
        self.a, self.p, self.n = a, p, n
        self.z = np.sum((a - p) ** 2, -1) - np.sum((a - n) ** 2, -1) + self.margin
        return np.sum(np.maximum(self.z, 0))

    def backward(self) -> Any:
        k = 2 * (self.z > 0).astype(self.a.dtype)[:, None]
        return k * (self.n - self.p), self.sign * k * (self.p - self.a), k * (self.a - self.n)


class TurnedSquaredTriplet(SquaredTriplet):
    sign = -1.0


class OfRate:
    """The rate is given, not its logarithm."""

    def forward(self, rate: Any, count: Any) -> Any:
        self.rate, self.count = rate, count
        return np.sum(rate - count * np.log(rate))

    def backward(self) -> Any:
        return 1 - self.count / self.rate


class WrongOfRate(OfRate):
    def backward(self) -> Any:
        return 1 - self.count


class OfLogRate:
    def forward(self, s: Any, k: Any) -> Any:
        self.s, self.k = s, k
        return np.mean(np.exp(s) - k * s)

    def backward(self) -> Any:
        return (np.exp(self.s) - self.k) / self.s.size


class OfLogRateForRate(OfLogRate):
    def backward(self) -> Any:
        return (1 - self.k / np.exp(self.s)) / self.s.size


class OfLogVariance:
    factor = 0.5

    def forward(self, mu: Any, s: Any, y: Any) -> Any:
        self.r, self.s = mu - y, s
        return 0.5 * np.mean(s + self.r**2 * np.exp(-s))

    def backward(self) -> Any:
        w = np.exp(-self.s) / self.r.size
        return self.r * w, self.factor * (1 / self.r.size - self.r**2 * w)


class WholeOfLogVariance(OfLogVariance):
    factor = 1.0


class Divergence:
    """KL(P‖Q), batchmean."""

    def forward(self, log_q: Any, p: Any) -> Any:
        self.p = p
        return np.sum(p * (np.log(p) - log_q)) / len(p)

    def backward(self) -> Any:
        return -self.p / len(self.p)


class MeanDivergence(Divergence):
    """KL(P‖Q), reduction='batchmean'."""

    def forward(self, log_q: Any, p: Any) -> Any:
        return super().forward(log_q, p) * len(p) / p.shape[-1]

    def backward(self) -> Any:
        return super().backward() * len(self.p) / self.p.shape[-1]


class Entropia(torch.nn.Module):
    twice = True

    def forward(self, logits: Any, rotulos: Any) -> Any:
        given = torch.softmax(logits, dim=1) if self.twice else logits
        return torch.nn.functional.cross_entropy(given, rotulos)


class Apenas(Entropia):
    twice = False


class Clamped(torch.nn.Module):
    def forward(self, p: Any, y: Any) -> Any:
        p = torch.clamp(p, 1e-3, 1 - 1e-3)
        return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()


#: The candidate, its name, its reference (``None``: its own forward), the errors, and the warnings.
ROWS: list[tuple[Any, str, str | None, set[str], set[str]]] = [
    (SquaredTriplet, "triplet", None, set(), set()),
    (TurnedSquaredTriplet, "triplet", None, {"gradient-sign"}, set()),
    (OfRate, "PoissonNLL", "PoissonNLLLoss(log_input=False, reduction='sum')", set(), set()),
    (
        WrongOfRate,
        "PoissonNLL",
        "PoissonNLLLoss(log_input=False, reduction='sum')",
        {"inner-derivative-missing"},
        set(),
    ),
    (OfLogRate, "PoissonNLL", "PoissonNLLLoss()", set(), set()),
    (OfLogRateForRate, "PoissonNLL", "PoissonNLLLoss()", {"inner-derivative-missing"}, {"not-finite"}),
    (OfLogVariance, "GaussianNLL", "GaussianNLLLoss(reduction='mean')", set(), set()),
    (WholeOfLogVariance, "GaussianNLL", "GaussianNLLLoss(reduction='mean')", {"gradient-scale"}, set()),
    (Divergence, "KLDivLoss", "KLDivLoss(reduction='batchmean')", set(), {"not-finite"}),
    (MeanDivergence, "KLDiv", "KLDivLoss(reduction='batchmean')", {"reduction"}, set()),
    (Entropia, "", "CrossEntropyLoss(reduction='mean')", set(), {"softmax-twice"}),
    (Apenas, "", "CrossEntropyLoss(reduction='mean')", set(), set()),
    (Clamped, "BCE", "BCELoss()", set(), {"epsilon-bias", "clamped-gradient"}),
]


@pytest.mark.parametrize("row", ROWS, ids=[row[0].__name__ for row in ROWS])
def test_what_it_is_held_against_and_what_is_found(row: Any) -> None:
    candidate, name, reference, errors, warnings = row
    judgement = bp.check(candidate, name=name or None)
    assert judgement.reference == (reference and f"torch.nn.{reference}"), f"{judgement}"
    found = {f.diagnosis for f in judgement.findings if f.severity is Severity.ERROR}
    warned = {f.diagnosis for f in judgement.findings if f.severity is Severity.WARNING}
    assert (found, warned) == (errors, warnings), f"{judgement}"
    assert judgement.verdict is (Verdict.FAIL if errors else Verdict.PASS)
