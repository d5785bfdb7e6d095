import numpy as np


class Module:
    def __call__(self, *args):
        return self.forward(*args)

    def forward(self, *args):
        raise NotImplementedError

    def backward(self, grad):
        raise NotImplementedError


class Linear(Module):
    def __init__(self, n_in, n_out):
        self.W = np.random.RandomState(3).randn(n_in, n_out) * 0.1
        self.b = np.zeros((1, n_out))

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = grad.T @ self.x
        self.db = grad.sum(axis=0, keepdims=True)
        return grad @ self.W.T


class ReLU(Module):
    def forward(self, x):
        self.x = x
        return np.maximum(0, x)

    def backward(self, grad):
        grad[self.x <= 0] = 0
        return grad


class LeakyReLU(Module):
    def __init__(self, slope=0.01):
        self.slope = slope
        self.mask = None

    def forward(self, x):
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = np.where(x > 0, 1.0, self.slope)
        return np.where(x > 0, x, self.slope * x)

    def backward(self, grad):
        return grad * self.mask


class Softmax(Module):
    def forward(self, x):
        x = x - x.max(axis=1, keepdims=True)
        e = np.exp(x)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

    def backward(self, grad):
        return grad * self.p * (1 - self.p)


class Dropout(Module):
    def __init__(self, p=0.5):
        self.p = p
        self.training = True

    def forward(self, x):
        if not self.training:
            return x
        keep = np.random.rand(*x.shape) > self.p
        return x * keep / (1 - self.p)

    def backward(self, grad):
        if not self.training:
            return grad
        keep = np.random.rand(*grad.shape) > self.p
        return grad * keep / (1 - self.p)


class CrossEntropy(Module):
    """mean cross entropy of softmax(logits) with one-hot targets"""

    def forward(self, logits, targets):
        z = logits - logits.max(axis=1, keepdims=True)
        self.q = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        self.t = targets
        return -np.sum(targets * np.log(self.q)) / len(logits)

    def backward(self, grad=1.0):
        return grad * (self.q - self.t)
