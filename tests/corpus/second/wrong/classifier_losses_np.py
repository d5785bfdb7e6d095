import numpy as np


def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def softmax_loss(x, y):
    """
    Softmax loss for classification.

    - x: scores, (N, C)
    - y: labels, (N,)
    Returns loss, dx
    """
    N = x.shape[0]
    shifted = x - x.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dx = np.exp(logp)
    dx[np.arange(N), y] -= 1
    return loss, dx


def svm_loss(x, y):
    """Multi-class hinge loss, margin 1. Returns (loss, dx)."""
    N = x.shape[0]
    correct = x[np.arange(N), y][:, None]
    margins = np.maximum(0, x - correct + 1.0)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N
    dx = (margins > 0).astype(x.dtype)
    dx[np.arange(N), y] -= 1
    return loss, dx / N


class CrossEntropyLoss:
    """Kategoriale Kreuzentropie auf Logits, Ziele als One-Hot-Vektoren."""

    def forward(self, logits, y):
        self.p = softmax(logits)
        self.y = y
        shifted = logits - logits.max(axis=1, keepdims=True)
        logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -np.sum(y * logp) / logits.shape[0]

    def backward(self):
        # Mittelwert ueber alle Eintraege
        return (self.p - self.y) / self.y.size


class MSELoss:
    def forward(self, y_true, y_pred):
        self.y_true, self.y_pred = y_true, y_pred
        return np.mean((y_pred - y_true) ** 2)

    def backward(self):
        return 2 * (self.y_true - self.y_pred) / self.y_pred.size


class L1Loss:
    def forward(self, y_pred, y_true):
        self.diff = y_pred - y_true
        return np.abs(self.diff).mean()

    def backward(self):
        return self.diff / np.abs(self.diff) / self.diff.size
