import numpy as np


def _softmax(a):
    a = a - np.max(a, axis=1, keepdims=True)
    e = np.exp(a)
    return e / np.sum(e, axis=1, keepdims=True)


class CrossEntropyLoss:
    """Cross entropy on logits with one-hot targets, averaged over the batch."""

    def __call__(self, logits, targets):
        a = logits - np.max(logits, axis=1, keepdims=True)
        logp = a - np.log(np.sum(np.exp(a), axis=1, keepdims=True))
        self.p, self.t = np.exp(logp), targets
        return np.mean(-targets * logp)

    def grad(self):
        return (self.p - self.t) / self.p.size


class SumCrossEntropy:
    """Softmax and cross entropy in one. The loss is summed over the batch."""

    def forward(self, logits, y):
        m = np.max(logits, axis=1, keepdims=True)
        lse = m[:, 0] + np.log(np.exp(logits - m).sum(axis=1))
        self.p = np.exp(logits - lse[:, None])
        self.y = y
        return np.sum(lse - logits[np.arange(len(y)), y])

    def backward(self):
        dx = self.p.copy()
        dx[np.arange(len(self.y)), self.y] -= 1.0
        return dx / len(self.y)


class SoftmaxCrossEntropy:
    """Takes logits and integer labels; mean over the batch."""

    def forward(self, logits, labels):
        n = len(labels)
        self.labels = labels
        self.probs = _softmax(logits)
        self.q = _softmax(self.probs)
        return -np.mean(np.log(self.q[np.arange(n), labels]))

    def backward(self):
        n = len(self.labels)
        dq = self.q.copy()
        dq[np.arange(n), self.labels] -= 1
        dq /= n
        # back through the softmax
        return self.probs * (dq - np.sum(dq * self.probs, axis=1, keepdims=True))


class CategoricalCrossEntropy:
    """y_pred are probabilities (output of a softmax layer), y_true one-hot."""

    def __init__(self, eps=1e-5):
        self.eps = eps

    def forward(self, y_pred, y_true):
        return -np.sum(y_true * np.log(y_pred + self.eps)) / len(y_pred)

    def backward(self, y_pred, y_true):
        return -y_true / (y_pred + self.eps) / len(y_pred)
