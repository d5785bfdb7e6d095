from __future__ import annotations
from collections import defaultdict
from dataclasses import dataclass
import numpy as np


@dataclass(eq=False)
class Parameter:
    value: np.ndarray
    grad: np.ndarray | None = None


class Optimizer:
    def __init__(self, params, **defaults):
        params = list(params)
        if params and not isinstance(params[0], dict):
            params = [{"params": params}]
        self.param_groups = [{**defaults, **g} for g in params]
        self.state = defaultdict(dict)

    def _each(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    yield p, self.state[id(p)], group

    def zero_grad(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None


class SGD(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, lr=lr, momentum=momentum)

    def step(self):
        for p, st, group in self._each():
            mu = group["momentum"]
            v = st.get("v", 0.0)
            st["v"] = mu * v + (1 - mu) * p.grad
            p.value -= group["lr"] * st["v"]


class NesterovSGD(Optimizer):
    """SGD with Nesterov momentum."""

    def __init__(self, params, lr=0.01, momentum=0.9, nesterov=True):
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov)

    def step(self):
        for p, st, group in self._each():
            v = st.setdefault("v", np.zeros_like(p.value))
            v *= group["momentum"]
            v += p.grad
            p.value -= group["lr"] * v


class RMSprop(Optimizer):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps)

    def step(self):
        for p, st, group in self._each():
            a = group["alpha"]
            s = st.setdefault("s", np.zeros_like(p.value))
            s += (1 - a) * (p.grad**2 - s)
            p.value -= group["lr"] * p.grad / (s + group["eps"])


class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr, betas=betas, eps=eps)
        self.t = 0

    def step(self):
        for p, st, group in self._each():
            self.t += 1
            b1, b2 = group["betas"]
            m = st.setdefault("m", np.zeros_like(p.value))
            v = st.setdefault("v", np.zeros_like(p.value))
            m += (1 - b1) * (p.grad - m)
            v += (1 - b2) * (p.grad**2 - v)
            p.value -= group["lr"] * (m / (1 - b1**self.t)) / (np.sqrt(v / (1 - b2**self.t)) + group["eps"])


class AdamW(Optimizer):
    """Adam with decoupled weight decay."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def step(self):
        for p, st, group in self._each():
            b1, b2 = group["betas"]
            g = p.grad + group["weight_decay"] * p.value
            if not st:
                st.update(t=0, m=np.zeros_like(g), v=np.zeros_like(g))
            st["t"] += 1
            st["m"] = b1 * st["m"] + (1 - b1) * g
            st["v"] = b2 * st["v"] + (1 - b2) * g * g
            mhat, vhat = st["m"] / (1 - b1 ** st["t"]), st["v"] / (1 - b2 ** st["t"])
            p.value -= group["lr"] * mhat / (np.sqrt(vhat) + group["eps"])


class AccumulatingSGD(Optimizer):
    """Plain SGD for training loops that accumulate into p.grad."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)

    def zero_grad(self):
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad
                if grad is not None:
                    grad = np.zeros_like(grad)

    def step(self):
        for p, _, group in self._each():
            p.value -= group["lr"] * p.grad
