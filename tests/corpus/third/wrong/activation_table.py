"""All activations as (function, derivative) pairs in one dictionary."""
import numpy as np


def logistic(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def swish(x, beta=1.5):
    return x * logistic(beta * x)


def d_swish(x, beta=1.5):
    s = logistic(beta * x)
    return s + x * s * (1 - s)


C = 0.7978845608028654  # sqrt(2 / pi)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(C * (x + 0.044715 * x ** 3)))


def d_gelu(x):
    t = np.tanh(C * (x + 0.044715 * x ** 3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t ** 2)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def d_softplus(x):
    y = softplus(x)
    return logistic(y)


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def d_elu(x, alpha=1.0):
    return np.where(x > 0, 1.0, elu(x, alpha)).astype(x.dtype)


def softsign(x):
    return x / (1 + np.abs(x))


def d_softsign(x):
    return 1 / (1 + np.abs(x)) ** 2


def scaled_tanh(x):
    # LeCun's
    return 1.7159 * np.tanh(2 * x / 3)


def d_scaled_tanh(x):
    return 1.7159 * (1 - np.tanh(2 * x / 3) ** 2)


activations = {
    "swish": (swish, d_swish),
    "gelu": (gelu, d_gelu),
    "softplus": (softplus, d_softplus),
    "elu": (elu, d_elu),
    "softsign": (softsign, d_softsign),
    "scaled_tanh": (scaled_tanh, d_scaled_tanh),
}
