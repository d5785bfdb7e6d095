"""Optimizers for my tiny framework: every Parameter has .data and .grad."""
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = np.asarray(data, dtype=float)
        self.grad = None


class Optimizer:
    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        self.lr = lr

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        raise NotImplementedError


class MomentumSGD(Optimizer):
    def __init__(self, parameters, lr=0.01, momentum=0.9):
        super().__init__(parameters, lr)
        self.momentum = momentum
        self.velocity = [np.zeros_like(p.data) for p in self.parameters]

    def step(self):
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            self.velocity[i] = self.momentum * self.velocity[i] + (1 - self.momentum) * p.grad
            p.data -= self.lr * self.velocity[i]


class SGD(Optimizer):
    def __init__(self, parameters, lr=0.01):
        super().__init__(parameters, lr)

    def step(self):
        for p in self.parameters:
            p.data -= self.lr * p.grad


class Adam(Optimizer):
    def __init__(self, parameters, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(parameters, lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = [np.zeros_like(p.data) for p in self.parameters]
        self.v = [np.zeros_like(p.data) for p in self.parameters]

    def step(self):
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            g = p.grad
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g * g
            p.data -= self.lr * self.m[i] / (np.sqrt(self.v[i]) + self.eps)


class AdamW(Optimizer):
    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(parameters, lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self.t = 0
        self.state = {id(p): (np.zeros_like(p.data), np.zeros_like(p.data)) for p in self.parameters}

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for p in self.parameters:
            if p.grad is None:
                continue
            g = p.grad + self.weight_decay * p.data
            m, v = self.state[id(p)]
            m = b1 * m + (1 - b1) * g
            v = b2 * v + (1 - b2) * g ** 2
            self.state[id(p)] = (m, v)
            p.data -= self.lr * (m / (1 - b1 ** self.t)) / (np.sqrt(v / (1 - b2 ** self.t)) + self.eps)


class RMSProp(Optimizer):
    """Keeps one running average per shape, arrays cannot be dictionary keys."""

    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(parameters, lr)
        self.alpha, self.eps = alpha, eps
        self.avg = {}

    def step(self):
        for p in self.parameters:
            if p.grad is None:
                continue
            key = p.data.shape
            if key not in self.avg:
                self.avg[key] = np.zeros_like(p.data)
            self.avg[key] = self.alpha * self.avg[key] + (1 - self.alpha) * p.grad ** 2
            p.data -= self.lr * p.grad / (np.sqrt(self.avg[key]) + self.eps)
