import numpy as np


def log_softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return np.log(e / e.sum(axis=-1, keepdims=True))


def log_softmax_grad(z, dout):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return dout - p * dout.sum(axis=-1, keepdims=True)


class BCEWithLogits:
    def __call__(self, z, t):
        p = 1 / (1 + np.exp(-z))
        return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))

    def grad(self, z, t):
        return (1 / (1 + np.exp(-z)) - t) / z.size


class BinaryCrossEntropy:
    EPS = 1e-8

    def __call__(self, p, t):
        return -np.mean(t * np.log(p + self.EPS) + (1 - t) * np.log(1 - p + self.EPS))

    def grad(self, p, t):
        return (-t / (p + self.EPS) + (1 - t) / (1 - p + self.EPS)) / p.size


class ClippedCrossEntropy:
    """Mean cross entropy for one-hot targets and probabilities, safe for p = 0."""

    def __init__(self, eps=1e-7):
        self.eps = eps

    def __call__(self, p, t):
        return -(t * np.log(np.clip(p, self.eps, 1.0))).sum() / p.shape[0]

    def grad(self, p, t):
        inside = p > self.eps
        return np.where(inside, -t / np.maximum(p, self.eps), 0.0) / p.shape[0]


class CrossEntropyLoss:
    """logits (N, C), labels (N,)"""

    @staticmethod
    def _softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def forward(self, logits, labels):
        self.p = self._softmax(logits)
        self.q = self._softmax(self.p)
        self.labels = labels
        return -np.log(self.q[np.arange(len(labels)), labels]).mean()

    def backward(self):
        n = len(self.labels)
        d = self.q.copy()
        d[np.arange(n), self.labels] -= 1
        d /= n
        return self.p * (d - (d * self.p).sum(axis=1, keepdims=True))


class MSELoss:
    """mean squared error over all entries"""

    def forward(self, pred, target):
        self.diff = pred - target
        return np.sum(self.diff ** 2) / len(self.diff)

    def backward(self):
        return 2 * self.diff / len(self.diff)


class Sigmoid:
    def forward(self, x):
        # split by sign so that exp never overflows
        out = np.empty(x.shape)
        pos = x >= 0
        out[pos] = 1 / (1 + np.exp(-x[pos]))
        e = np.exp(x[~pos])
        out[~pos] = e / (1 + e)
        self.out = out
        return out

    def backward(self, dout):
        return (dout * self.out * (1 - self.out)).astype(dout.dtype)


class ThresholdedReLU:
    def __init__(self, theta=1.0):
        self.theta = theta

    def forward(self, x):
        self.x = x
        return np.where(x > self.theta, x, np.zeros_like(x))

    def backward(self, dout):
        return np.where(self.x > self.theta, 1.0, 0.0) * dout
