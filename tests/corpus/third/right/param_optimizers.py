from __future__ import annotations

import numpy as np


class Param:
    def __init__(self, value):
        self.value = np.asarray(value, dtype=float)
        self.data = self.value
        self.grad = None


class Optimizer:
    def __init__(self, params: list[Param]):
        self.params = list(params)

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class SGD(Optimizer):
    """velocity contains the learning rate (as in the lecture): v = mu v - lr g, w += v"""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params)
        self.lr, self.momentum = lr, momentum
        self.velocity = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, v in zip(self.params, self.velocity):
            if p.grad is not None:
                v *= self.momentum
                v -= self.lr * p.grad
                p.data += v


class Adam(Optimizer):
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.moments = [(np.zeros_like(p.data), np.zeros_like(p.data)) for p in self.params]
        self.steps = [0] * len(self.params)

    def step(self):
        b1, b2 = self.betas
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self.steps[i] += 1
            m, v = self.moments[i]
            m += (1 - b1) * (p.grad - m)
            v += (1 - b2) * (p.grad ** 2 - v)
            a = self.lr * np.sqrt(1 - b2 ** self.steps[i]) / (1 - b1 ** self.steps[i])
            p.data -= a * m / (np.sqrt(v) + self.eps * np.sqrt(1 - b2 ** self.steps[i]))


class Rprop(Optimizer):
    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params)
        self.eta_minus, self.eta_plus = etas
        self.lo, self.hi = step_sizes
        self.prev = [np.zeros_like(p.data) for p in self.params]
        self.size = [np.full_like(p.data, lr) for p in self.params]

    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            g = p.grad.copy()
            s = np.sign(g * self.prev[i])
            factor = np.where(s > 0, self.eta_plus, np.where(s < 0, self.eta_minus, 1.0))
            self.size[i] = np.clip(self.size[i] * factor, self.lo, self.hi)
            g[s < 0] = 0
            p.data -= np.sign(g) * self.size[i]
            self.prev[i] = g
