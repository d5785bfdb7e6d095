"""Optimizers over Parameter objects with param groups; the API imitates torch.optim."""
from __future__ import annotations
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Iterable
import numpy as np


@dataclass(eq=False)
class Parameter:
    value: np.ndarray
    grad: np.ndarray | None = None

    @property
    def shape(self):
        return self.value.shape


class Optimizer(ABC):
    def __init__(self, params: Iterable[Parameter] | Iterable[dict], **defaults: Any):
        params = list(params)
        if params and not isinstance(params[0], dict):
            params = [{"params": params}]
        self.param_groups = [{**defaults, **g, "params": list(g["params"])} for g in params]
        self.state: dict[int, dict[str, Any]] = defaultdict(dict)

    def zero_grad(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state[id(p)], group)

    @abstractmethod
    def update(self, p, g, state, group): ...

    def state_dict(self):
        flat = [p for g in self.param_groups for p in g["params"]]
        return {i: dict(self.state[id(p)]) for i, p in enumerate(flat)}


class SGD(Optimizer):
    def __init__(self, params, lr=1e-2, momentum=0.0, nesterov=False, weight_decay=0.0):
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    def update(self, p, g, state, group):
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p.value
        mu = group["momentum"]
        if mu:
            v = state.setdefault("v", np.zeros_like(p.value))
            v *= mu
            v += g
            g = g + mu * v if group["nesterov"] else v
        p.value -= group["lr"] * g


class RMSprop(Optimizer):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8, centered=False):
        super().__init__(params, lr=lr, alpha=alpha, eps=eps, centered=centered)

    def update(self, p, g, state, group):
        a = group["alpha"]
        sq = state.setdefault("sq", np.zeros_like(p.value))
        sq += (1 - a) * (g * g - sq)
        denom = sq
        if group["centered"]:
            mean = state.setdefault("mean", np.zeros_like(p.value))
            mean += (1 - a) * (g - mean)
            denom = sq - mean**2
        p.value -= group["lr"] * g / (np.sqrt(denom) + group["eps"])


class Adam(Optimizer):
    decoupled = False

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)

    def update(self, p, g, state, group):
        if not state:
            state.update(t=0, m=np.zeros_like(p.value), v=np.zeros_like(p.value), vmax=np.zeros_like(p.value))
        lr, wd, (b1, b2) = group["lr"], group["weight_decay"], group["betas"]
        if self.decoupled:
            p.value *= 1 - lr * wd
        elif wd:
            g = g + wd * p.value
        state["t"] += 1
        t, m, v = state["t"], state["m"], state["v"]
        m += (1 - b1) * (g - m)
        v += (1 - b2) * (g * g - v)
        if group["amsgrad"]:
            v = np.maximum(state["vmax"], v, out=state["vmax"])
        # both corrections folded into the step size and the epsilon-free root
        root = np.sqrt(v) / np.sqrt(-np.expm1(t * np.log(b2)))
        p.value -= lr / (1 - b1**t) * m / (root + group["eps"])


class AdamW(Adam):
    decoupled = True

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad)
