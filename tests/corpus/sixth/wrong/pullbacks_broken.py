"""`y, pull = f(x)`."""
import numpy as np


def tanh_vjp(x):
    y = np.tanh(x)

    def pull(g):
        return 1.0 - y * y

    return y, pull


def relu_vjp(x):
    y = np.maximum(x, 0)
    return y, lambda g: g * (g > 0)


def gelu_tanh_vjp(x):
    c, k = np.sqrt(2 / np.pi), 0.044715
    u = np.tanh(c * (x + k * x**3))

    def pull(g):
        return g * (0.5 * (1 + u) + 0.5 * x * (1 - u * u))

    return 0.5 * x * (1 + u), pull


def softmax_vjp(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    p = e / e.sum(axis=axis, keepdims=True)
    return p, lambda g: g * p * (1 - p)


def silu_vjp(x):
    s = 1 / (1 + np.exp(-x))
    y = x * s

    def pull(g):
        return g * (s + y * (1 - y))

    return y, pull


def elu_vjp(x, alpha=1.0):
    neg = alpha * np.expm1(np.minimum(x, 0))

    def pull(g):
        return np.where(x > 0, g, g * neg)

    return np.where(x > 0, x, neg), pull


def celu_vjp(x, alpha=2.0):
    """max(0, x) + min(0, alpha (exp(x / alpha) - 1))"""
    y = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))
    return y, lambda g: g * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0) / alpha))


def softsign_vjp(x):
    d = 1 + np.abs(x)
    return x / d, lambda g: -g / d**2
