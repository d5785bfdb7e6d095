import numpy as np


def softmax_loss(x, y):
    """x: scores (N, C), y: labels (N,). Returns (loss, dx)."""
    n = x.shape[0]
    z = x - x.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(n), y].mean()
    dx = np.exp(logp)
    dx[np.arange(n), y] -= 1
    return loss, dx / n


def svm_loss(x, y):
    """multi-class hinge loss with margin 1; returns (loss, dx)"""
    n = x.shape[0]
    rows = np.arange(n)
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    loss = margins.sum() / n
    dx = (margins > 0).astype(x.dtype)
    dx[rows, y] -= dx.sum(axis=1)
    return loss, dx / n


class SoftmaxCrossEntropy:
    """Zielvektoren als One-Hot"""

    def forward(self, y_true, logits):
        z = logits - logits.max(axis=1, keepdims=True)
        lse = np.log(np.exp(z).sum(axis=1, keepdims=True))
        self.probs = np.exp(z - lse)
        self.y_true = y_true
        return -(y_true * (z - lse)).sum() / len(logits)

    def backward(self):
        return (self.probs - self.y_true) / len(self.y_true)


class MSE:
    def forward(self, y_true, y_pred):
        self.y_true, self.y_pred = y_true, y_pred
        return np.mean((y_true - y_pred) ** 2)

    def backward(self):
        return 2 * (self.y_pred - self.y_true) / self.y_true.size


class HalfSSE:
    """0.5 * sum of squares"""

    def forward(self, pred, target):
        self.d = pred - target
        return 0.5 * np.sum(self.d ** 2)

    def backward(self):
        return self.d
