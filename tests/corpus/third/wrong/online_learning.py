"""One example at a time (no batch axis anywhere)."""
import numpy as np


class SquaredError:
    @staticmethod
    def loss(y, t):
        """sum of squares over the outputs of one example"""
        return float(np.sum((y - t) ** 2))

    @staticmethod
    def gradient(y, t):
        return y - t


class CrossEntropy:
    """y: probabilities of one example (n_classes,), label: integer"""

    @staticmethod
    def loss(y, label):
        return -np.log(y[label])

    @staticmethod
    def gradient(y, label):
        return -1.0 / y[label]


class KLDivergence:
    """sum_i t_i log(t_i / y_i) for two distributions"""

    @classmethod
    def loss(cls, y, t):
        return np.sum(t * (np.log(t) - np.log(y)))

    @classmethod
    def gradient(cls, y, t):
        return t / y


class Neuron:
    """A single tanh unit."""

    def __init__(self, w, b=0.0):
        self.w = np.asarray(w, dtype=float)
        self.b = float(b)

    def forward(self, x):
        self.x = x
        self.a = np.tanh(np.dot(self.w, x) + self.b)
        return self.a

    def backward(self, da):
        dz = da * (1 - self.a ** 2)
        self.dw = dz * self.w
        self.db = dz
        return dz * self.x


class LogisticUnit:
    def __init__(self, n_inputs):
        self.w = np.linspace(-0.5, 0.5, n_inputs)
        self.b = 0.1

    def forward(self, x):
        self.x = x
        self.out = 1.0 / (1.0 + np.exp(-(self.w @ x + self.b)))
        return self.out

    def backward(self, dout):
        dz = dout * self.out * (1 - self.out)
        self.dw = dz * self.inputs
        self.db = dz
        return dz * self.w
