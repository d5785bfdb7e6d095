"""Activations in reverse-mode normal form: `y, pull = f(x)`; `pull(g)` is the cotangent of x."""
from typing import Callable, Tuple
import numpy as np

Pull = Callable[[np.ndarray], np.ndarray]


def sigmoid_vjp(x: np.ndarray) -> Tuple[np.ndarray, Pull]:
    # exp of a non-positive number only, whatever the sign of x
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1.0 / (1.0 + e), e / (1.0 + e))
    slope = e / (1.0 + e) ** 2          # symmetric, so no 1 - y cancellation

    def pull(g):
        return g * slope

    return y, pull


def tanh_vjp(x):
    y = np.tanh(x)
    return y, lambda g: g - g * np.square(y)


def softplus_vjp(x):
    y = np.logaddexp(x, np.zeros((), dtype=x.dtype))
    return y, lambda g: g * np.exp(x - y)


def silu_vjp(x):
    s, _ = sigmoid_vjp(x)
    return x * s, lambda g: g * s * (1 + x * (1 - s))


def gelu_tanh_vjp(x, _c=float(np.sqrt(2 / np.pi)), _k=0.044715):
    """GELU, the tanh approximation of the original paper."""
    u = np.tanh(_c * (x + _k * x * x * x))

    def pull(g):
        du = (1 - u * u) * _c * (1 + 3 * _k * x * x)
        return g * 0.5 * (1 + u + x * du)

    return 0.5 * x * (1 + u), pull


def elu_vjp(x, alpha=1.0):
    neg = alpha * np.expm1(np.minimum(x, 0))
    y = np.where(x > 0, x, neg)
    return y, lambda g: np.where(x > 0, g, g * (neg + alpha))


def softmax_vjp(x, axis=-1):
    p = np.exp(x - np.max(x, axis=axis, keepdims=True))
    p /= p.sum(axis=axis, keepdims=True)

    def pull(g):
        gp = g * p
        return gp - p * gp.sum(axis=axis, keepdims=True)

    return p, pull


def log_softmax_vjp(x, axis=-1):
    shifted = x - x.max(axis, keepdims=True)
    y = shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
    return y, lambda g: g - np.exp(y) * np.sum(g, axis, keepdims=True)
