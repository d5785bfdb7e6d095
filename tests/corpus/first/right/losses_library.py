"""Losses: loss(y_pred, y_true) and gradient(y_pred, y_true)."""
from __future__ import annotations

import numpy as np


class Loss:
    def loss(self, y_pred, y_true):
        raise NotImplementedError

    def gradient(self, y_pred, y_true):
        raise NotImplementedError

    def __call__(self, y_pred, y_true):
        return self.loss(y_pred, y_true)


class MSELoss(Loss):
    def loss(self, y_pred, y_true):
        return np.mean(np.square(y_pred - y_true))

    def gradient(self, y_pred, y_true):
        return 2.0 * (y_pred - y_true) / y_pred.size


class HalfSquaredError(Loss):
    """1/2 * sum of squares, so that the gradient is simply the difference."""

    def loss(self, y_pred, y_true):
        return 0.5 * np.sum((y_pred - y_true) ** 2)

    def gradient(self, y_pred, y_true):
        return y_pred - y_true


class L1Loss(Loss):
    def loss(self, y_pred, y_true):
        return np.abs(y_pred - y_true).mean()

    def gradient(self, y_pred, y_true):
        return np.where(y_pred > y_true, 1.0, -1.0) / y_pred.size


class HuberLoss(Loss):
    def __init__(self, delta: float = 1.0):
        self.delta = delta

    def loss(self, y_pred, y_true):
        a = np.abs(y_pred - y_true)
        quad = np.minimum(a, self.delta)
        return np.mean(0.5 * quad ** 2 + self.delta * (a - quad))

    def gradient(self, y_pred, y_true):
        return np.clip(y_pred - y_true, -self.delta, self.delta) / y_pred.size


class SmoothL1Loss(Loss):
    def __init__(self, beta: float = 1.0):
        self.beta = beta

    def loss(self, y_pred, y_true):
        d = np.abs(y_pred - y_true)
        return np.where(d < self.beta, 0.5 * d * d / self.beta, d - 0.5 * self.beta).mean()

    def gradient(self, y_pred, y_true):
        d = y_pred - y_true
        return np.where(np.abs(d) < self.beta, d / self.beta, np.sign(d)) / d.size


class BCEWithLogitsLoss(Loss):
    def loss(self, logits, y):
        return np.mean(np.maximum(logits, 0) - logits * y + np.log1p(np.exp(-np.abs(logits))))

    def gradient(self, logits, y):
        return (0.5 * (1 + np.tanh(0.5 * logits)) - y) / logits.size


class PoissonNLLLoss(Loss):
    """log_input=True: exp(x) - t * x"""

    def loss(self, log_rate, target):
        return np.mean(np.exp(log_rate) - target * log_rate)

    def gradient(self, log_rate, target):
        return (np.exp(log_rate) - target) / log_rate.size


class LogCosh(Loss):
    def loss(self, y_pred, y_true):
        d = np.abs(y_pred - y_true)
        return np.mean(d + np.log1p(np.exp(-2 * d)) - np.log(2))

    def gradient(self, y_pred, y_true):
        return np.tanh(y_pred - y_true) / y_pred.size
