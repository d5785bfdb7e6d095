"""Optimizers working on Parameter objects, a bit like torch.optim."""
from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass
class Parameter:
    data: np.ndarray
    grad: Optional[np.ndarray] = None

    @property
    def shape(self):
        return self.data.shape


class SGD:
    def __init__(self, params, lr=0.1):
        self.params = list(params)
        self.lr = lr

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p in self.params:
            # frozen parameters keep grad = None
            p.data -= self.lr * p.grad


class MomentumSGD:
    def __init__(self, params, lr=0.1, momentum=0.9):
        self.params = list(params)
        self.lr = lr
        self.momentum = momentum
        self.buf = [np.zeros_like(p.data) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            g = p.grad
            if g is not None:
                g = np.zeros_like(g)

    def step(self):
        for p, v in zip(self.params, self.buf):
            if p.grad is None:
                continue
            v *= self.momentum
            v += p.grad
            p.data -= self.lr * v


class Adam:
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = list(params)
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = [0] * len(self.params)
        self.v = [0] * len(self.params)
        self.t = 0

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self.m[i] = self.beta2 * self.m[i] + (1 - self.beta2) * p.grad
            self.v[i] = self.beta1 * self.v[i] + (1 - self.beta1) * p.grad ** 2
            mh = self.m[i] / (1 - self.beta2 ** self.t)
            vh = self.v[i] / (1 - self.beta1 ** self.t)
            p.data -= self.lr * mh / (np.sqrt(vh) + self.eps)


class SGDWithMomentum:
    """SGD with momentum; nesterov=True looks ahead."""

    def __init__(self, params, lr=0.1, momentum=0.9, nesterov=False):
        self.params = list(params)
        self.lr, self.mu, self.nesterov = lr, momentum, nesterov
        self.v = {}

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self.v[i] = self.mu * self.v.get(i, 0) + p.grad
            d = self.v[i] if self.nesterov else p.grad + self.mu * self.v[i]
            p.data -= self.lr * d


class Adagrad:
    def __init__(self, params, lr=0.01, eps=1e-10):
        self.params = list(params)
        self.lr = lr
        self.eps = eps
        self.acc = {}

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            acc = self.acc.get(p.shape, 0.0) + p.grad ** 2
            self.acc[p.shape] = acc
            p.data -= self.lr * p.grad / (np.sqrt(acc) + self.eps)
