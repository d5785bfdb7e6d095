from typing import List

import numpy as np

Arrays = List[np.ndarray]


class Optimizer:
    def __init__(self, lr: float):
        self.lr = lr

    def step(self, params: Arrays, grads: Arrays) -> None:
        raise NotImplementedError


class GradientDescent(Optimizer):
    def step(self, params: Arrays, grads: Arrays) -> None:
        for p, g in zip(params, grads):
            p = p - self.lr * g


class Adam(Optimizer):
    def __init__(self, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8):
        super().__init__(lr)
        self.b1, self.b2 = betas
        self.eps = eps
        self.t = 0
        self.state = {}

    def step(self, params: Arrays, grads: Arrays) -> None:
        for i, (p, g) in enumerate(zip(params, grads)):
            self.t += 1
            m, v = self.state.get(i, (np.zeros_like(p), np.zeros_like(p)))
            m = self.b1 * m + (1 - self.b1) * g
            v = self.b2 * v + (1 - self.b2) * g * g
            self.state[i] = (m, v)
            mhat = m / (1 - self.b1 ** self.t)
            vhat = v / (1 - self.b2 ** self.t)
            p -= self.lr * mhat / (np.sqrt(vhat) + self.eps)


class AdamW(Optimizer):
    """Adam with decoupled weight decay (Loshchilov & Hutter)."""

    def __init__(self, lr: float = 1e-3, betas=(0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.01):
        super().__init__(lr)
        self.betas = betas
        self.eps = eps
        self.weight_decay = weight_decay
        self.m: Arrays = []
        self.v: Arrays = []
        self.t = 0

    def step(self, params: Arrays, grads: Arrays) -> None:
        if not self.m:
            self.m = [np.zeros_like(p) for p in params]
            self.v = [np.zeros_like(p) for p in params]
        self.t += 1
        b1, b2 = self.betas
        for i, p in enumerate(params):
            g = grads[i] + self.weight_decay * p
            self.m[i] = b1 * self.m[i] + (1 - b1) * g
            self.v[i] = b2 * self.v[i] + (1 - b2) * g ** 2
            p -= self.lr * (self.m[i] / (1 - b1 ** self.t)) / (np.sqrt(self.v[i] / (1 - b2 ** self.t)) + self.eps)


class RMSProp(Optimizer):
    def __init__(self, lr: float = 0.01, alpha: float = 0.99, eps: float = 1e-8):
        super().__init__(lr)
        self.alpha = alpha
        self.eps = eps
        self.cache = None

    def step(self, params: Arrays, grads: Arrays) -> None:
        if self.cache is None:
            self.cache = [np.zeros_like(p) for p in params]
        for k in range(len(params)):
            self.cache[k] = self.alpha * self.cache[k] + (1 - self.alpha) * np.abs(grads[k])
            params[k] -= self.lr * grads[k] / (np.sqrt(self.cache[k]) + self.eps)


class Adadelta(Optimizer):
    def __init__(self, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6):
        super().__init__(lr)
        self.rho, self.eps = rho, eps
        self.sq, self.acc = None, None

    def step(self, params: Arrays, grads: Arrays) -> None:
        if self.sq is None:
            self.sq = [np.zeros_like(p) for p in params]
            self.acc = [np.zeros_like(p) for p in params]
        for i, (p, g) in enumerate(zip(params, grads)):
            self.sq[i] = self.rho * self.sq[i] + (1 - self.rho) * g ** 2
            delta = np.sqrt(self.acc[i] + self.eps) / np.sqrt(self.sq[i] + self.eps) * g
            self.acc[i] = self.rho * self.acc[i] + (1 - self.rho) * g ** 2
            p -= self.lr * delta


class Adamax(Optimizer):
    def __init__(self, lr: float = 2e-3, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8):
        super().__init__(lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.t = 0
        self.m = self.u = None

    def step(self, params: Arrays, grads: Arrays) -> None:
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.u = [np.zeros_like(p) for p in params]
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads)):
            self.m[i] = self.beta2 * self.m[i] + (1 - self.beta2) * g
            self.u[i] = np.maximum(self.beta1 * self.u[i], np.abs(g) + self.eps)
            p -= self.lr / (1 - self.beta2 ** self.t) * self.m[i] / self.u[i]
