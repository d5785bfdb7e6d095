"""Everything for one example at a time."""
from dataclasses import dataclass, field
from typing import Optional

import numpy as np


class SquaredError:
    @staticmethod
    def loss(y, t):
        return float(0.5 * np.sum((y - t) ** 2))

    @staticmethod
    def gradient(y, t):
        return y - t


class SoftmaxCrossEntropy:
    """logits z: (n_classes,), label: int"""

    @classmethod
    def probs(cls, z):
        e = np.exp(z - np.max(z))
        return e / e.sum()

    @classmethod
    def loss(cls, z, label):
        return np.max(z) + np.log(np.sum(np.exp(z - np.max(z)))) - z[label]

    @classmethod
    def gradient(cls, z, label):
        g = cls.probs(z)
        g[label] -= 1
        return g


@dataclass
class Neuron:
    w: np.ndarray
    b: float = 0.0
    dw: Optional[np.ndarray] = field(default=None, repr=False)
    db: float = 0.0

    def forward(self, x):
        self.x = x
        self.out = 1 / (1 + np.exp(-(self.w @ x + self.b)))
        return self.out

    def backward(self, dout):
        delta = dout * self.out * (1 - self.out)
        self.dw = delta * self.x
        self.db = delta
        return delta * self.w


class TwoLayerNet:
    """affine - tanh - affine - MSE; backward fills self.grads"""

    def __init__(self, n_in, n_hidden, n_out, seed=0):
        rng = np.random.default_rng(seed)
        self.params = dict(W1=rng.normal(0, 0.5, (n_in, n_hidden)), b1=np.zeros(n_hidden),
                           W2=rng.normal(0, 0.5, (n_hidden, n_out)), b2=np.zeros(n_out))
        self.grads = {}

    def forward(self, X):
        p = self.params
        self.X = X
        self.a = np.tanh(X @ p["W1"] + p["b1"])
        return self.a @ p["W2"] + p["b2"]

    def loss(self, X, T):
        self.d = self.forward(X) - T
        return np.mean(self.d ** 2)

    def backward(self):
        d = 2 * self.d / self.d.size
        self.grads["W2"], self.grads["b2"] = self.a.T @ d, d.sum(0)
        dz = d @ self.params["W2"].T * (1 - self.a ** 2)
        self.grads["W1"], self.grads["b1"] = self.X.T @ dz, dz.sum(0)
        return self.grads
