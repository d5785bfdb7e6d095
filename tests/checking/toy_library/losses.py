"""Losses of that library."""

import numpy as np


class MSELoss:
    def __call__(self, y_pred, y_true):
        self.d = y_pred - y_true
        return np.mean(self.d**2)

    def grad(self):
        return 2 * self.d / self.d.size


class CrossEntropy:
    def __init__(self, average=True):
        self.average = average

    def __call__(self, x, y):
        e = np.exp(x - x.max(1, keepdims=True))
        self.p = e / e.sum(1, keepdims=True)
        self.y = y
        loss = -np.sum(y * np.log(self.p + 1e-7))
        return loss / len(x) if self.average else loss

    def grad(self):
        g = self.p - self.y
        return g / len(g) if self.average else g
