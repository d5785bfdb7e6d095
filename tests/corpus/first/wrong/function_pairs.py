import numpy as np


def gelu_forward(x):
    c = np.sqrt(2.0 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x ** 3))
    out = 0.5 * x * (1 + t)
    cache = (x, t, c)
    return out, cache


def gelu_backward(dout, cache):
    x, t, c = cache
    dt = (1 - t ** 2) * c
    return dout * (0.5 * (1 + t) + 0.5 * x * dt)


def log_softmax_forward(x):
    shifted = x - np.max(x, axis=1, keepdims=True)
    out = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    return out, out


def log_softmax_backward(dout, cache):
    p = np.exp(cache)
    return dout - p * dout


def leaky_relu_forward(x, alpha=0.01):
    out = np.maximum(alpha * x, x)
    return out, (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    slope = 1.0 * (x > 0) + alpha * (x < 0)
    return dout * slope


def selu_forward(x):
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    out = scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))
    return out, x


def selu_backward(dout, cache):
    x = cache
    alpha = 1.6732632423543772
    return dout * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


def softsign_forward(x):
    return x / (1 + np.abs(x)), x


def softsign_backward(dout, x):
    return dout / (1 + np.abs(x))
