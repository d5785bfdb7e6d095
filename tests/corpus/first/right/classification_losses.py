import numpy as np


class CrossEntropy:
    """average=True divides by the number of rows, otherwise the rows are summed."""

    def __init__(self, average=True):
        self.average = average

    def __call__(self, logits, onehot):
        self.y = onehot
        m = logits.max(axis=1, keepdims=True)
        lse = m + np.log(np.exp(logits - m).sum(axis=1, keepdims=True))
        self.p = np.exp(logits - lse)
        total = np.sum(onehot * (lse - logits))
        return total / len(logits) if self.average else total

    def grad(self):
        g = self.p * self.y.sum(axis=1, keepdims=True) - self.y
        return g / len(self.p) if self.average else g


class NLLLoss:
    def forward(self, log_probs, target):
        self.shape, self.dtype, self.target = log_probs.shape, log_probs.dtype, target
        return -log_probs[np.arange(len(target)), target].mean()

    def backward(self):
        g = np.zeros(self.shape, dtype=self.dtype)
        g[np.arange(len(self.target)), self.target] = -1.0 / len(self.target)
        return g


class KLDivLoss:
    """input: log-probabilities, target: probabilities; batchmean."""

    def __init__(self, reduction="batchmean"):
        self.reduction = reduction

    def forward(self, input, target):
        self.target = target
        return np.sum(target * (np.log(target) - input)) / len(input)

    def backward(self):
        return -self.target / len(self.target)


class TripletMarginLoss:
    def __init__(self, margin=1.0):
        self.margin = margin

    def forward(self, anchor, positive, negative):
        self.ap, self.an = anchor - positive, anchor - negative
        self.dp = np.linalg.norm(self.ap, axis=1, keepdims=True)
        self.dn = np.linalg.norm(self.an, axis=1, keepdims=True)
        lost = np.maximum(self.dp - self.dn + self.margin, 0)
        self.on = lost > 0
        return lost.mean()

    def backward(self):
        n = len(self.ap)
        u, v = self.on * self.ap / self.dp / n, self.on * self.an / self.dn / n
        return u - v, -u, v


class SoftMarginLoss:
    def forward(self, x, y):
        self.x, self.y = x, y
        return np.logaddexp(0, -y * x).mean()

    def backward(self):
        return -self.y / (1 + np.exp(self.y * self.x)) / self.x.size


class MarginRankingLoss:
    def __init__(self, margin=0.0):
        self.margin = margin

    def forward(self, x1, x2, y):
        self.y = y
        t = -y * (x1 - x2) + self.margin
        self.on = (t > 0).astype(x1.dtype)
        return np.mean(np.maximum(t, 0))

    def backward(self):
        d = -self.y * self.on / self.y.size
        return d, -d
