"""Losses with `reduction`. Calling returns (loss, gradient closure) is avoided on purpose:
`loss = L(pred, target)`, then `L.backward()` gives d loss / d pred."""
from __future__ import annotations
import numpy as np


class Loss:
    def __init__(self, reduction: str = "mean"):
        if reduction not in {"mean", "sum", "none"}:
            raise ValueError(reduction)
        self.reduction = reduction

    def _reduce(self, per, denom=None):
        if self.reduction == "none":
            return per
        total = per.sum()
        return total / (per.size if denom is None else denom) if self.reduction == "mean" else total

    def _upstream(self, like, dout, denom=None):
        if self.reduction == "mean":
            return dout / (like.size if denom is None else denom)
        return dout

    def __call__(self, pred, target):
        return self.forward(pred, target)


class CrossEntropyLoss(Loss):
    def __init__(self, weight=None, ignore_index=-100, label_smoothing=0.0, reduction="mean"):
        super().__init__(reduction)
        self.weight, self.ignore_index, self.label_smoothing = weight, ignore_index, label_smoothing

    def forward(self, logits, target):
        n, c = logits.shape
        z = logits - logits.max(1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(1, keepdims=True))
        keep = target != self.ignore_index
        safe = np.where(keep, target, 0)
        w = np.ones(c, logits.dtype) if self.weight is None else self.weight
        onehot = np.eye(c, dtype=logits.dtype)[safe]
        s = self.label_smoothing
        # the class weights multiply the smoothed target class by class
        self._q = ((1 - s) * onehot + s / c) * w * keep[:, None]
        self._p = np.exp(logp)
        self._denom = (w[safe] * keep).sum()
        per = -(self._q * logp).sum(1)
        return self._reduce(per, self._denom)

    def backward(self, dout=1.0):
        g = self._p * self._q.sum(1, keepdims=True) - self._q
        up = self._upstream(g, np.asarray(dout, dtype=g.dtype), self._denom)
        return g * (up[:, None] if np.ndim(up) == 1 else up)


class BCEWithLogitsLoss(Loss):
    def __init__(self, pos_weight=None, reduction="mean"):
        super().__init__(reduction)
        self.pos_weight = 1.0 if pos_weight is None else pos_weight

    def forward(self, logits, target):
        self._z, self._y = logits, target
        k = 1 + (self.pos_weight - 1) * target
        per = (1 - target) * logits + k * (np.log1p(np.exp(-np.abs(logits))) + np.maximum(-logits, 0))
        return self._reduce(per)

    def backward(self, dout=1.0):
        z, y = self._z, self._y
        s = np.exp(-np.logaddexp(0, -z))
        g = (1 - y) * s - self.pos_weight * y * np.exp(-np.logaddexp(0, z))
        return g * self._upstream(g, dout)


class HuberLoss(Loss):
    def __init__(self, delta=1.0, reduction="mean"):
        super().__init__(reduction)
        self.delta = delta

    def forward(self, pred, target):
        self._r = r = pred - target
        q = np.minimum(np.abs(r), self.delta)
        return self._reduce(q * (np.abs(r) - 0.5 * q))     # both branches in one

    def backward(self, dout=1.0):
        g = np.clip(self._r, -self.delta, self.delta)
        return g * self._upstream(g, dout)


class MSELoss(Loss):
    def forward(self, pred, target):
        self._r = pred - target
        return self._reduce(self._r**2)

    def backward(self, dout=1.0):
        return 2 * self._r * self._upstream(self._r, dout)


class HalfMSELoss(Loss):
    """0.5 * mean squared error, so that the gradient carries no 2."""

    def forward(self, pred, target):
        self._r = pred - target
        return 0.5 * self._reduce(np.square(self._r))

    def backward(self, dout=1.0):
        return self._r * self._upstream(self._r, dout)


class KLDivLoss(Loss):
    """target: probabilities, pred: log-probabilities; mean over all elements like torch's default."""

    def forward(self, pred, target):
        self._t = target
        logt = np.log(target, out=np.zeros_like(target), where=target > 0)
        return self._reduce(target * (logt - pred))

    def backward(self, dout=1.0):
        return -self._t * self._upstream(self._t, dout)


class NLLLoss(Loss):
    def forward(self, pred, target):
        self._shape, self._t = pred.shape, target
        return self._reduce(-pred[np.arange(len(target)), target])

    def backward(self, dout=1.0):
        g = np.zeros(self._shape)
        g[np.arange(len(self._t)), self._t] = -self._upstream(self._t, dout)
        return g
