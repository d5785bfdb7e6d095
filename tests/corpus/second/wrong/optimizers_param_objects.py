"""Optimizers over Parameter objects with .value and .grad"""
import numpy as np


class Parameter:
    def __init__(self, value):
        self.value = np.asarray(value, dtype=float)
        self.grad = np.zeros_like(self.value)


class Optimizer:
    def __init__(self, params):
        self.params = list(params)

    def zero_grad(self):
        for p in self.params:
            p.grad = np.zeros_like(p.value)


class SGD(Optimizer):
    def __init__(self, params, lr=0.1, momentum=0.9):
        super().__init__(params)
        self.lr, self.momentum = lr, momentum
        self.v = [0.0] * len(self.params)

    def step(self):
        for p, v in zip(self.params, self.v):
            v = self.momentum * v + p.grad
            p.value -= self.lr * v


class Adam(Optimizer):
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params)
        self.lr, self.b1, self.b2, self.eps = lr, beta1, beta2, eps
        self.t = 0
        self.m = [np.zeros_like(p.value) for p in self.params]
        self.v = [np.zeros_like(p.value) for p in self.params]

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * p.grad
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * p.grad ** 2
            p.value -= self.lr * self.m[i] / (np.sqrt(self.v[i]) + self.eps)


class AdamW(Optimizer):
    def __init__(self, params, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        super().__init__(params)
        self.lr, self.b1, self.b2, self.eps, self.wd = lr, beta1, beta2, eps, weight_decay
        self.t = 0
        self.m = [np.zeros_like(p.value) for p in self.params]
        self.v = [np.zeros_like(p.value) for p in self.params]

    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            g = p.grad + self.wd * p.value
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g ** 2
            mhat = self.m[i] / (1 - self.b1 ** self.t)
            vhat = self.v[i] / (1 - self.b2 ** self.t)
            p.value -= self.lr * mhat / (np.sqrt(vhat) + self.eps)


class Adagrad(Optimizer):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params)
        self.lr, self.eps = lr, eps
        self.cache = [np.zeros_like(p.value) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            g = p.grad
            g = np.zeros_like(g)

    def step(self):
        for p, c in zip(self.params, self.cache):
            c += p.grad ** 2
            p.value -= self.lr * p.grad / (np.sqrt(c) + self.eps)
