import math
import torch
from torch.optim import Optimizer


class PerParameter(Optimizer):
    """Base: subclasses write update(p, g, state, group)."""

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self.update(p, p.grad, self.state[p], group)


class Adagrad(PerParameter):
    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    def update(self, p, g, state, group):
        total = state.setdefault("sum", torch.zeros_like(p))
        total.addcmul_(g, g)
        p.sub_(group["lr"] * g / (total.sqrt() + group["eps"]))


class Adadelta(PerParameter):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps))

    def update(self, p, g, state, group):
        rho, eps = group["rho"], group["eps"]
        sq = state.setdefault("sq", torch.zeros_like(p))
        acc = state.setdefault("acc", torch.zeros_like(p))
        sq.mul_(rho).addcmul_(g, g, value=1 - rho)
        delta = (acc + eps).sqrt() / (sq + eps).sqrt() * g
        acc.mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.sub_(group["lr"] * delta)


class Adamax(PerParameter):
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def update(self, p, g, state, group):
        b1, b2 = group["betas"]
        if not state:
            state.update(t=0, m=torch.zeros_like(p), u=torch.zeros_like(p))
        state["t"] += 1
        state["m"] = b1 * state["m"] + (1 - b1) * g
        state["u"] = torch.maximum(b2 * state["u"], g.abs() + group["eps"])
        p.sub_(group["lr"] / (1 - b1 ** state["t"]) * state["m"] / state["u"])


class NAdam(PerParameter):
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))

    def update(self, p, g, state, group):
        b1, b2 = group["betas"]
        if not state:
            state.update(t=0, prod=1.0, m=torch.zeros_like(p), v=torch.zeros_like(p))
        state["t"] += 1
        t = state["t"]
        mu = b1 * (1 - 0.5 * 0.96 ** (t * group["momentum_decay"]))
        mu_next = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * group["momentum_decay"]))
        state["prod"] *= mu
        state["m"].mul_(b1).add_(g, alpha=1 - b1)
        state["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
        denom = (state["v"] / (1 - b2 ** t)).sqrt() + group["eps"]
        step = (1 - mu) / (1 - state["prod"]) * g + mu_next / (1 - state["prod"] * mu_next) * state["m"]
        p.sub_(group["lr"] * step / denom)


class RAdam(PerParameter):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def update(self, p, g, state, group):
        b1, b2 = group["betas"]
        if not state:
            state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
        state["t"] += 1
        t = state["t"]
        state["m"].mul_(b1).add_(g, alpha=1 - b1)
        state["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
        mhat = state["m"] / (1 - b1 ** t)
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            p.sub_(group["lr"] * mhat * r * math.sqrt(1 - b2 ** t) / (state["v"].sqrt() + group["eps"]))
        else:
            p.sub_(group["lr"] * mhat)


class Rprop(PerParameter):
    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    def update(self, p, g, state, group):
        if not state:
            state.update(prev=torch.zeros_like(p), size=torch.full_like(p, group["lr"]))
        minus, plus = group["etas"]
        sign = torch.sign(g * state["prev"])
        factor = torch.where(sign > 0, plus, torch.where(sign < 0, minus, 1.0)).to(p.dtype)
        state["size"] = (state["size"] * factor).clamp(*group["step_sizes"])
        g = torch.where(sign < 0, torch.zeros_like(g), g)
        p.sub_(state["size"] * g.sign())
        state["prev"] = g
