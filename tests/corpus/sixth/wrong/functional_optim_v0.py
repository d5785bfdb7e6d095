"""Dict-of-arrays optimizers: `opt = Adam(params)`, `opt.step(grads)` updates the arrays in place."""
from typing import Dict
import numpy as np

Tree = Dict[str, np.ndarray]


class Adam:
    def __init__(self, params: Tree, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params, self.lr, self.eps = params, lr, eps
        self.beta1, self.beta2 = beta1, beta2
        self.m = {k: np.zeros_like(p) for k, p in params.items()}
        self.v = {k: np.zeros_like(p) for k, p in params.items()}
        self.t = 0

    def step(self, grads: Tree):
        self.t += 1
        for k, p in self.params.items():
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * grads[k]
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * grads[k]
            mhat = self.m[k] / (1 - self.beta1**self.t)
            vhat = self.v[k] / (1 - self.beta2**self.t)
            p -= self.lr * mhat / (np.sqrt(np.abs(vhat)) + self.eps)


class Momentum:
    def __init__(self, params: Tree, lr=0.01, momentum=0.9):
        self.params, self.lr, self.mu = params, lr, momentum

    def step(self, grads: Tree):
        velocity = {k: np.zeros_like(p) for k, p in self.params.items()}
        for k, p in self.params.items():
            velocity[k] = self.mu * velocity[k] + grads[k]
            p -= self.lr * velocity[k]


class SGD:
    def __init__(self, params: Tree, lr=0.01):
        self.params, self.lr = params, lr

    def step(self, grads: Tree):
        scale = self.lr / len(self.params)
        for k in self.params:
            self.params[k] -= scale * grads[k]


class RMSProp:
    """State buffers are pooled by shape to save memory."""

    def __init__(self, params: Tree, lr=1e-2, alpha=0.99, eps=1e-8):
        self.params, self.lr, self.alpha, self.eps = params, lr, alpha, eps
        self.pool: Dict[tuple, np.ndarray] = {}

    def step(self, grads: Tree):
        for k, p in self.params.items():
            s = self.pool.setdefault(p.shape, np.zeros_like(p))
            s *= self.alpha
            s += (1 - self.alpha) * grads[k] ** 2
            p -= self.lr * grads[k] / (np.sqrt(s) + self.eps)
