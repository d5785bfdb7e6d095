import numpy as np


class Loss:
    def __call__(self, y_true, y_pred):
        return self.loss(y_true, y_pred)

    def loss(self, y_true, y_pred):
        raise NotImplementedError()

    def gradient(self, y_true, y_pred):
        raise NotImplementedError()


class MeanSquaredError(Loss):
    def loss(self, y_true, y_pred):
        return np.mean((y_true - y_pred) ** 2)

    def gradient(self, y_true, y_pred):
        return 2 * (y_true - y_pred) / y_pred.size


class MeanAbsoluteError(Loss):
    def loss(self, y_true, y_pred):
        return np.mean(np.abs(y_true - y_pred))

    def gradient(self, y_true, y_pred):
        return np.sign(y_pred - y_true)


class BinaryCrossentropy(Loss):
    """Expects probabilities (the last layer is a sigmoid)."""

    def loss(self, y_true, y_pred):
        return -np.mean(y_true * np.log(y_pred) + (1 - y_true) * np.log(1 - y_pred))

    def gradient(self, y_true, y_pred):
        return (y_pred - y_true) / y_pred.size


class Huber(Loss):
    def __init__(self, delta=1.0):
        self.delta = delta

    def loss(self, y_true, y_pred):
        error = y_pred - y_true
        small = np.abs(error) <= self.delta
        return np.mean(np.where(small, 0.5 * error ** 2, self.delta * np.abs(error)))

    def gradient(self, y_true, y_pred):
        error = y_pred - y_true
        return np.clip(error, -self.delta, self.delta) / error.size


class LogCosh(Loss):
    def loss(self, y_true, y_pred):
        d = np.abs(y_pred - y_true)
        return np.mean(d + np.log1p(np.exp(-2 * d)) - np.log(2))

    def gradient(self, y_true, y_pred):
        return np.tanh(y_pred - y_true)
