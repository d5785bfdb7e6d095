"""Verluste: erst y_true, dann y_pred."""
import numpy as np


class Loss:
    def __call__(self, y_true, y_pred):
        return self.forward(y_true, y_pred)


class BinaryCrossentropy(Loss):
    """Wahrscheinlichkeiten rein, Mittelwert raus."""

    def __init__(self, eps=1e-12):
        self.eps = eps

    def forward(self, y_true, y_pred):
        p = np.clip(y_pred, self.eps, 1 - self.eps)
        return -np.mean(y_true * np.log(p) + (1 - y_true) * np.log(1 - p))

    def backward(self, y_true, y_pred):
        p = np.clip(y_pred, self.eps, 1 - self.eps)
        return (p - y_true) / (p * (1 - p))


class CategoricalCrossentropy(Loss):
    """y_true one-hot, y_pred probabilities (after the softmax layer)"""

    def forward(self, y_true, y_pred):
        return -np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_true)

    def backward(self, y_true, y_pred):
        return (y_pred - y_true) / len(y_true)


class KLDivergence(Loss):
    """sum p log(p / q) / N with p = y_true, q = y_pred (both probabilities, all positive)"""

    def forward(self, y_true, y_pred):
        return np.sum(y_true * (np.log(y_true) - np.log(y_pred))) / len(y_true)

    def backward(self, y_true, y_pred):
        return y_true / y_pred / len(y_true)


class MeanAbsoluteError(Loss):
    def forward(self, y_true, y_pred):
        return np.mean(np.abs(y_pred - y_true))

    def backward(self, y_true, y_pred):
        return np.where(y_pred > y_true, 1.0, -1.0) / y_pred.size


class MeanSquaredError(Loss):
    def forward(self, y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2)

    def backward(self, y_true, y_pred):
        return (y_pred - y_true) / y_pred.size


class Huber(Loss):
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y_true, y_pred):
        e = y_pred - y_true
        small = np.abs(e) <= self.delta
        return np.mean(np.where(small, 0.5 * e ** 2, self.delta * (np.abs(e) - 0.5 * self.delta)))

    def backward(self, y_true, y_pred):
        e = y_pred - y_true
        return np.where(np.abs(e) <= self.delta, e, self.delta) / e.size
