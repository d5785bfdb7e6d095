"""Layers, activations and losses in NumPy, each with its gradient written by hand.

A class keeps in its forward what its backward needs; a pair of functions hands it over.
"""

import numpy as np


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, grad_output):
        return grad_output * (self.x >= 0)


class LeakyReLU:
    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.negative_slope * x)

    def backward(self, grad_output):
        return grad_output * np.where(self.x > 0, 1, self.negative_slope * self.x)


class Sigmoid:
    def forward(self, x):
        e = np.exp(-np.abs(x))
        self.y = np.where(x >= 0, 1, e) / (1 + e)
        return self.y

    def backward(self, grad_output):
        return grad_output * self.y * (1 - self.y)


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, grad_output):
        return 1 - self.y**2


class Softmax:
    def __init__(self, axis=-1):
        self.axis = axis

    def forward(self, x):
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))
        self.y = e / e.sum(axis=self.axis, keepdims=True)
        return self.y

    def backward(self, grad_output):
        inner = (grad_output * self.y).sum(axis=self.axis, keepdims=True)
        return self.y * (grad_output - inner)


class LogSoftmax:
    def forward(self, x):
        e = np.exp(x)
        total = e.sum(axis=-1, keepdims=True)
        self.p = e / total
        return x - np.log(total)

    def backward(self, grad_output):
        return grad_output - self.p * grad_output.sum(axis=-1, keepdims=True)


class Linear:
    def __init__(self, in_features, out_features):
        bound = 1 / np.sqrt(in_features)
        self.weight = np.random.uniform(-bound, bound, (out_features, in_features))
        self.bias = np.random.uniform(-bound, bound, out_features)

    def forward(self, x):
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, grad_output):
        self.grad_weight = grad_output.T @ self.x
        self.grad_bias = grad_output.sum(axis=0)
        return grad_output @ self.weight


class Dense:
    def __init__(self, in_features, out_features):
        self.weight = np.random.randn(out_features, in_features) * 0.1
        self.bias = np.zeros(out_features)

    def forward(self, x):
        self.x = x
        return self.weight @ x.T + self.bias[:, None]

    def backward(self, grad_output):
        self.grad_weight = grad_output @ self.x
        self.grad_bias = grad_output.sum(axis=1)
        return grad_output.T @ self.weight


class MSELoss:
    def forward(self, prediction, target):
        self.difference = prediction - target
        return np.mean(self.difference**2)

    def backward(self):
        return 2 * self.difference / self.difference.size


class MeanSquaredError:
    def forward(self, prediction, target):
        self.difference = prediction - target
        return np.mean(self.difference**2)

    def backward(self):
        return 2 * self.difference


class L1Loss:
    def forward(self, prediction, target):
        self.diff = prediction - target
        return np.abs(self.diff).mean()

    def backward(self):
        return np.sign(self.difference) / self.difference.size


class BCEWithLogitsLoss:
    def forward(self, logits, target):
        self.target = target
        self.p = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
        return np.mean(np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits))))

    def backward(self):
        return (self.target - self.p) / self.p.size


class CrossEntropyLoss:
    def forward(self, logits, target):
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.p = np.exp(log_p)
        self.rows, self.target = np.arange(len(target)), target
        return -log_p[self.rows, target].mean()

    def backward(self):
        grad = self.p.copy()
        grad[self.rows, self.target] -= 1
        return grad / len(self.rows)


class CELoss:
    def forward(self, logits, target):
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self.p = np.exp(log_p)
        self.one_hot = np.eye(logits.shape[1])[target]
        return -np.mean(self.one_hot * log_p)

    def backward(self):
        return (self.p - self.one_hot) / self.p.size


def tanh(x):
    return np.tanh(x)


def tanh_backward(grad_output, x):
    return grad_output / np.cosh(np.clip(x, -300, 300)) ** 2


def leaky_relu(x, negative_slope=0.01):
    return np.maximum(x, 0) + negative_slope * np.minimum(x, 0)


def leaky_relu_backward(grad_output, x, negative_slope=0.01):
    return np.where(x > 0, grad_output, negative_slope * grad_output)


def relu(x):
    x[x < 0] = 0
    return x


def relu_backward(grad_output, x):
    return grad_output * (x > 0)


def sigmoid(x):
    return 1 / (1 + np.exp(np.clip(x, -500, 500)))


def sigmoid_backward(grad_output, x):
    s = sigmoid(x)
    return -grad_output * s * (1 - s)


def softmax(x):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    while not np.allclose(p.sum(axis=1), 1):
        p = p / p.sum()
    return p


def softmax_backward(grad_output, x):
    p = softmax(x)
    return p * (grad_output - (grad_output * p).sum(axis=1, keepdims=True))
