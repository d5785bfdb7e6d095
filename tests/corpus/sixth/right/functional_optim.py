"""Pure optimizers: `state = init(params)`, `params, state = update(grads, state, params)` on dicts,
and one in-place class for people who like objects."""
from typing import Callable, Dict, NamedTuple
import numpy as np

Tree = Dict[str, np.ndarray]


def clip_by_global_norm(grads: Tree, max_norm: float) -> Tree:
    norm = np.sqrt(sum(float(np.vdot(g, g)) for g in grads.values()))
    factor = min(1.0, max_norm / (norm + 1e-6))
    return {k: g * factor for k, g in grads.items()}


class EMA:
    """Exponential average of weights for evaluation."""

    def __init__(self, params: Tree, decay=0.999):
        self.decay, self.shadow = decay, {k: v.copy() for k, v in params.items()}

    def update(self, params: Tree):
        for k, v in params.items():
            self.shadow[k] += (1 - self.decay) * (v - self.shadow[k])


class Momentum:
    """The velocity carries the learning rate."""

    def __init__(self, params: Tree, lr=0.01, momentum=0.9):
        self.params, self.lr, self.momentum = params, lr, momentum
        self.v = {k: np.zeros_like(p) for k, p in params.items()}

    def step(self, grads: Tree) -> None:
        for k, p in self.params.items():
            self.v[k] = self.momentum * self.v[k] - self.lr * grads[k]
            p += self.v[k]


class AdamEpsInside:
    """Adam as a few frameworks spell it: sqrt(v_hat + eps)."""

    def __init__(self, params: Tree, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = params
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = {k: 0.0 * p for k, p in params.items()}
        self.v = {k: 0.0 * p for k, p in params.items()}
        self.t = 0

    def step(self, grads: Tree) -> None:
        self.t += 1
        for k, p in self.params.items():
            g = grads[k]
            self.m[k] = self.beta1 * self.m[k] + (1 - self.beta1) * g
            self.v[k] = self.beta2 * self.v[k] + (1 - self.beta2) * g * g
            mhat = self.m[k] / (1 - self.beta1**self.t)
            vhat = self.v[k] / (1 - self.beta2**self.t)
            p -= self.lr * mhat / np.sqrt(vhat + self.eps)


class SGDSchedule:
    """Plain SGD whose rate may be a number or a schedule t -> rate."""

    def __init__(self, params, lr: "float | Callable[[int], float]" = 0.1):
        self.params = list(params)
        self._lr = lr if callable(lr) else (lambda t: lr)
        self.t = 0

    @property
    def lr(self):
        return self._lr(self.t)

    def step(self, grads):
        for p, g in zip(self.params, grads):
            np.subtract(p, self.lr * g, out=p)
        self.t += 1
