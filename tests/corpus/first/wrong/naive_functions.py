"""Quick numpy versions of the functions of lecture 3 (with derivatives for backprop)."""
import numpy as np


def sigmoid(x):
    ex = np.exp(x)
    return ex / (1 + ex)


def sigmoid_backward(dout, x):
    s = sigmoid(x)
    return dout * s * (1 - s)


def tanh(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def tanh_backward(dout, x):
    t = tanh(x)
    return dout * (1 - t * t)


def softplus(x):
    return np.log(1 + np.exp(x))


def softplus_backward(dout, x):
    return dout / (1 + np.exp(-x))


def softmax(x):
    exps = np.exp(x)
    return exps / exps.sum(axis=-1, keepdims=True)


def softmax_backward(dout, x):
    s = softmax(x)
    return s * (dout - (dout * s).sum(axis=-1, keepdims=True))


def elu(x, alpha=1.0):
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def elu_backward(dout, x, alpha=1.0):
    return dout * np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))
