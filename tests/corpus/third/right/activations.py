import numpy as np


def sigmoid(x, deriv=False):
    """With deriv=True x has to be the OUTPUT of the sigmoid."""
    if deriv:
        return x * (1 - x)
    return 1 / (1 + np.exp(-x))


def tanh(x, derivative=False):
    t = np.tanh(x)
    return 1 - t ** 2 if derivative else t


class ReLU:
    @staticmethod
    def f(x):
        return np.maximum(x, 0)

    @staticmethod
    def df(x):
        # 1 at x = 0, as a matter of taste
        return (x >= 0).astype(x.dtype)


class LeakyReLU:
    def __init__(self, slope=0.01):
        self.slope = slope

    def __call__(self, x):
        return np.maximum(x, self.slope * x)

    def gradient(self, x):
        return np.where(x > 0, x.dtype.type(1), x.dtype.type(self.slope))


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def __call__(self, x):
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))

    def gradient(self, x):
        return np.where(x > 0, 1, self.alpha * np.exp(np.minimum(x, 0)))


class Softplus:
    def __call__(self, x):
        return np.logaddexp(x, 0)

    def derivative(self, x):
        return 0.5 * (1 + np.tanh(x / 2))


class Swish:
    def __init__(self, beta=1.0):
        self.beta = beta

    def __call__(self, x):
        return x * 0.5 * (1 + np.tanh(self.beta * x / 2))

    def gradient(self, x):
        s = 0.5 * (1 + np.tanh(self.beta * x / 2))
        return s + self.beta * x * s * (1 - s)


class GELU:
    """tanh approximation"""
    k = 0.7978845608028654

    def __call__(self, x):
        return 0.5 * x * (1 + np.tanh(self.k * (x + 0.044715 * x ** 3)))

    def gradient(self, x):
        t = np.tanh(self.k * (x + 0.044715 * x ** 3))
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * self.k * (1 + 3 * 0.044715 * x ** 2)


class HardSigmoid:
    """The one of Keras 2:  clip(0.2 x + 0.5, 0, 1)"""

    def __call__(self, x):
        return np.clip(0.2 * x + 0.5, 0, 1)

    def gradient(self, x):
        return np.where(np.abs(x) < 2.5, 0.2, 0.0).astype(x.dtype)
