"""Optimiseurs : chaque paramètre a .data et .grad (None tant qu'il n'y a pas de gradient)."""
import numpy as np


class Parameter:
    def __init__(self, data):
        self.data = np.asarray(data, dtype=float)
        self.grad = None


class Optimizer:
    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        self.lr = lr
        self.t = 0

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            if p.grad is not None:
                self.update(i, p)


class SGD(Optimizer):
    def __init__(self, parameters, lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0):
        super().__init__(parameters, lr)
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay
        self.buf = [np.zeros_like(p.data) for p in self.parameters]

    def update(self, i, p):
        g = p.grad + self.weight_decay * p.data
        self.buf[i] = self.momentum * self.buf[i] + g
        d = g + self.momentum * self.buf[i] if self.nesterov else self.buf[i]
        p.data -= self.lr * d


class Adam(Optimizer):
    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(parameters, lr)
        self.b1, self.b2 = betas
        self.eps = eps
        self.m = [np.zeros_like(p.data) for p in self.parameters]
        self.v = [np.zeros_like(p.data) for p in self.parameters]

    def update(self, i, p):
        self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * p.grad
        self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * p.grad ** 2
        m_hat = self.m[i] / (1 - self.b1 ** self.t)
        v_hat = self.v[i] / (1 - self.b2 ** self.t)
        # eps sous la racine
        p.data -= self.lr * m_hat / np.sqrt(v_hat + self.eps)


class AdamW(Optimizer):
    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(parameters, lr)
        self.b1, self.b2 = betas
        self.eps, self.weight_decay = eps, weight_decay
        self.m = [np.zeros_like(p.data) for p in self.parameters]
        self.v = [np.zeros_like(p.data) for p in self.parameters]

    def update(self, i, p):
        p.data *= 1 - self.lr * self.weight_decay
        self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * p.grad
        self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * p.grad ** 2
        m_hat = self.m[i] / (1 - self.b1 ** self.t)
        v_hat = self.v[i] / (1 - self.b2 ** self.t)
        p.data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class Adamax(Optimizer):
    def __init__(self, parameters, lr=0.002, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(parameters, lr)
        self.b1, self.b2 = betas
        self.eps = eps
        self.m = [np.zeros_like(p.data) for p in self.parameters]
        self.u = [np.zeros_like(p.data) for p in self.parameters]

    def update(self, i, p):
        self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * p.grad
        self.u[i] = np.maximum(self.b2 * self.u[i], np.abs(p.grad) + self.eps)
        p.data -= self.lr / (1 - self.b1 ** self.t) * self.m[i] / self.u[i]


class RMSProp(Optimizer):
    def __init__(self, parameters, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(parameters, lr)
        self.alpha, self.eps = alpha, eps
        self.avg = [np.zeros_like(p.data) for p in self.parameters]

    def update(self, i, p):
        self.avg[i] = self.alpha * self.avg[i] + (1 - self.alpha) * p.grad ** 2
        p.data -= self.lr * p.grad / (np.sqrt(self.avg[i]) + self.eps)


class Rprop(Optimizer):
    def __init__(self, parameters, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
        super().__init__(parameters, lr)
        self.etas, self.step_sizes = etas, step_sizes
        self.prev = [np.zeros_like(p.data) for p in self.parameters]
        self.size = [np.full_like(p.data, lr) for p in self.parameters]

    def update(self, i, p):
        g = p.grad.copy()
        sign = np.sign(g * self.prev[i])
        factor = np.where(sign > 0, self.etas[1], np.where(sign < 0, self.etas[0], 1.0))
        self.size[i] = np.clip(self.size[i] * factor, *self.step_sizes)
        g[sign < 0] = 0
        p.data -= np.sign(g) * self.size[i]
        self.prev[i] = g
