"""Losses. `loss(pred, target)` then `loss.backward()`."""
import numpy as np


class Loss:
    def __init__(self, reduction="mean"):
        assert reduction in ("mean", "sum", "none")
        self.reduction = reduction

    def __call__(self, pred, target):
        return self.forward(pred, target)


class MSELoss(Loss):
    def forward(self, pred, target):
        self.r = pred - target
        sq = self.r**2
        if self.reduction == "mean":
            return sq.sum() / len(pred)
        return sq.sum() if self.reduction == "sum" else sq

    def backward(self, dout=1.0):
        g = 2 * self.r * dout
        return g / len(self.r) if self.reduction == "mean" else g


class L1Loss(Loss):
    def forward(self, pred, target):
        self.r = pred - target
        a = np.abs(self.r)
        return {"mean": np.mean, "sum": np.sum, "none": lambda t: t}[self.reduction](a)

    def backward(self, dout=1.0):
        g = -np.sign(self.r) * dout
        return g / self.r.size if self.reduction == "mean" else g


class CrossEntropyLoss(Loss):
    def __init__(self, label_smoothing=0.1, reduction="mean"):
        super().__init__(reduction)
        self.eps = label_smoothing

    def forward(self, logits, target):
        n, c = logits.shape
        z = logits - logits.max(1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(1, keepdims=True))
        self.p, self.t = np.exp(logp), target
        nll = -logp[np.arange(n), target]
        per = (1 - self.eps) * nll - self.eps * logp.mean(1)
        return {"mean": per.mean, "sum": per.sum, "none": lambda: per}[self.reduction]()

    def backward(self, dout=1.0):
        g = self.p.copy()
        g[np.arange(len(g)), self.t] -= 1
        if self.reduction == "mean":
            g /= len(g)
        return g * (dout[:, None] if np.ndim(dout) else dout)


class MaskedCrossEntropy:
    """Mean cross-entropy over the positions whose target is not ignore_index."""

    def __init__(self, ignore_index=-100):
        self.ignore_index = ignore_index

    def __call__(self, logits, target):
        z = logits - logits.max(-1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
        self.keep = target != self.ignore_index
        self.t = np.where(self.keep, target, 0)
        self.p = np.exp(logp)
        nll = -np.take_along_axis(logp, self.t[:, None], 1)[:, 0]
        return (nll * self.keep).sum() / len(target)

    def backward(self):
        g = self.p.copy()
        g[np.arange(len(g)), self.t] -= 1
        return g * self.keep[:, None] / len(g)


class BCEWithLogitsLoss:
    def __init__(self, reduction="mean"):
        self.reduction = reduction

    def forward(self, logits, target):
        p = 1 / (1 + np.exp(-logits))
        self.p, self.y = p, target
        per = -(target * np.log(p) + (1 - target) * np.log(1 - p))
        return per.mean() if self.reduction == "mean" else per.sum()

    def backward(self):
        g = self.p - self.y
        return g / g.size if self.reduction == "mean" else g


class BCELoss:
    def __init__(self, eps=1e-6):
        self.eps = eps

    def forward(self, pred, target):
        self.p, self.y = pred, target
        e = self.eps
        return -np.mean(target * np.log(pred + e) + (1 - target) * np.log(1 - pred + e))

    def backward(self):
        p, y, e = self.p, self.y, self.eps
        return (-y / (p + e) + (1 - y) / (1 - p + e)) / p.size


class HuberLoss:
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, pred, target):
        r = self.r = pred - target
        a = np.abs(r)
        return np.where(a <= self.delta, 0.5 * r * r, self.delta * (a - self.delta)).mean()

    def backward(self):
        return np.clip(self.r, -self.delta, self.delta) / self.r.size


def softmax_cross_entropy(logits, labels):
    """Returns (loss, dlogits); mean over the batch."""
    logits -= logits.max(axis=1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(p[rows, labels]).mean()
    d = p.copy()
    d[rows, labels] -= 1
    return loss, d / len(labels)


def nll_loss(log_probs, labels, reduction="mean"):
    """-> (loss, d log_probs)"""
    n = len(labels)
    per = -log_probs[np.arange(n), labels]
    d = np.zeros_like(log_probs)
    d[np.arange(n), labels] = -1
    if reduction == "mean":
        return per.mean(), d
    return per.sum(), d


def hinge_loss(scores, y):
    """Binary hinge, y in {-1, +1}, mean; -> (loss, dscores)"""
    margin = 1 - y * scores
    active = (margin > 0).astype(np.float)
    return np.maximum(margin, 0).mean(), -y * active / y.size


def kl_div(log_q, p):
    """Sum of p (log p - log q), divided by the batch ("batchmean"); -> (loss, dlog_q)"""
    n = log_q.shape[0]
    return (np.exp(log_q) * (np.log(p) - log_q)).sum() / n, -p / n
