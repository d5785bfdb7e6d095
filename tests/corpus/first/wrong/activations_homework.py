"""Homework 2: activation functions.  Each class keeps what it needs for the backward pass."""
import numpy as np


class Activation:
    """Base class."""

    def __call__(self, z):
        return self.forward(z)

    def forward(self, z):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Tanh(Activation):
    def forward(self, z):
        self.out = np.tanh(z)
        return self.out

    def backward(self, grad):
        return 1 - self.out ** 2


class LeakyReLU(Activation):
    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, z):
        return np.where(z > 0, z, self.negative_slope * z)

    def backward(self, grad):
        return np.where(grad > 0, grad, self.negative_slope * grad)


class Softplus(Activation):
    def forward(self, z):
        self.out = np.logaddexp(0.0, z)
        return self.out

    def backward(self, grad):
        # d/dz log(1 + e^z) = sigmoid(z)
        return grad / (1.0 + np.exp(-self.out))


class SiLU(Activation):
    def forward(self, z):
        self.z = z
        self.sig = 1.0 / (1.0 + np.exp(-z))
        return z * self.sig

    def backward(self, grad):
        return grad * self.z * self.sig * (1.0 - self.sig)


class Softmax(Activation):
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.probs = e / e.sum(axis=1, keepdims=True)
        return self.probs

    def backward(self, grad):
        return grad * self.probs * (1 - self.probs)


class ReLU6(Activation):
    def forward(self, z):
        self.z = z
        return np.minimum(np.maximum(z, 0), 6)

    def backward(self, grad):
        return grad * (self.z > 0)
