from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class KLDivLoss:
    """input: log-probabilities, target: probabilities."""

    def __init__(self, reduction: str = "batchmean") -> None:
        self.reduction = reduction

    def forward(self, input: NDArray, target: NDArray) -> float:
        self.target = target
        terms = target * (np.log(target) - input)
        self.n = terms.size
        return terms.sum() / self.n

    def backward(self) -> NDArray:
        return -self.target / self.n


class NLLLoss:
    def __init__(self, reduction: str = "mean") -> None:
        assert reduction == "mean"
        self.reduction = reduction

    def forward(self, log_probs: NDArray, target: NDArray) -> float:
        self.shape, self.dtype, self.target = log_probs.shape, log_probs.dtype, target
        return -np.sum(log_probs[np.arange(len(target)), target])

    def backward(self) -> NDArray:
        g = np.zeros(self.shape, dtype=self.dtype)
        g[np.arange(len(self.target)), self.target] = -1.0
        return g


class TripletMarginLoss:
    """Squared-root (euclidean) triplet loss with margin, mean over the batch."""

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def forward(self, anchor: NDArray, positive: NDArray, negative: NDArray) -> float:
        self.ap = anchor - positive
        self.an = anchor - negative
        self.d_ap = np.sqrt(np.sum(self.ap ** 2, axis=1, keepdims=True))
        self.d_an = np.sqrt(np.sum(self.an ** 2, axis=1, keepdims=True))
        raw = self.d_ap - self.d_an + self.margin
        self.active = raw > 0
        return float(np.mean(np.maximum(raw, 0)))

    def backward(self) -> tuple[NDArray, NDArray, NDArray]:
        u = self.active * self.ap / self.d_ap / len(self.ap)
        v = self.active * self.an / self.d_an / len(self.an)
        d_anchor = u - v
        d_negative = -u
        d_positive = v
        return d_anchor, d_positive, d_negative


class MarginRankingLoss:
    def __init__(self, margin: float = 0.0) -> None:
        self.margin = margin

    def forward(self, x1: NDArray, x2: NDArray, y: NDArray) -> float:
        self.y = y
        raw = -y * (x1 - x2) + self.margin
        self.active = raw > 0
        return float(np.maximum(raw, 0).mean())

    def backward(self):
        dx1 = -self.y * self.active / self.y.size
        return dx1, None


class GaussianNLLLoss:
    """0.5 * (log var + (x - t)^2 / var), mean."""

    def forward(self, input: NDArray, target: NDArray, var: NDArray) -> float:
        self.d, self.var = input - target, var
        return float(np.mean(0.5 * (np.log(var) + self.d ** 2 / var)))

    def backward(self) -> tuple[NDArray, NDArray]:
        n = self.d.size
        dinput = self.d / self.var / n
        dvar = (1.0 / self.var - self.d ** 2 / self.var ** 2) / n
        return dinput, dvar
