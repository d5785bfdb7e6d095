import numpy as np


class BinaryCrossentropy:
    """(y_true, y_pred), y_pred are logits"""

    def forward(self, y_true, y_pred):
        self.t, self.z = y_true, y_pred
        return np.mean(np.maximum(y_pred, 0) - y_pred * y_true + np.log1p(np.exp(-np.abs(y_pred))))

    def backward(self):
        e = np.exp(-np.abs(self.z))
        s = np.where(self.z >= 0, 1, e) / (1 + e)
        return (s - self.t) / self.z.size


class CategoricalCrossentropy:
    """y_true one-hot, y_pred probabilities"""

    def forward(self, y_true, y_pred):
        self.t, self.p = y_true, y_pred
        return -np.sum(y_true * np.log(y_pred)) / y_pred.shape[0]

    def backward(self):
        return -self.t / self.p / self.p.shape[0]


class Huber:
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y_true, y_pred):
        self.e = y_pred - y_true
        a = np.abs(self.e)
        return np.mean(np.where(a <= self.delta, 0.5 * self.e ** 2, self.delta * (a - 0.5 * self.delta)))

    def backward(self):
        return np.clip(self.e, -self.delta, self.delta) / self.e.size


class MeanAbsoluteError:
    def forward(self, y_true, y_pred):
        self.e = y_pred - y_true
        return np.mean(np.abs(self.e))

    def backward(self):
        return np.sign(self.e) / self.e.size


def hinge_embedding(x, y, margin=1.0):
    """mean hinge embedding loss and its gradient for x"""
    active = margin - x > 0
    loss = np.where(y == 1, x, np.maximum(0, margin - x)).mean()
    dx = np.where(y == 1, 1.0, -1.0 * active) / x.size
    return loss, dx.astype(x.dtype)
