import math
import torch
from torch.optim import Optimizer


def _live(group):
    return (p for p in group["params"] if p.grad is not None)


class Adagrad(Optimizer):
    def __init__(self, params, lr=1e-2, lr_decay=0.0, eps=1e-10):
        super().__init__(params, dict(lr=lr, lr_decay=lr_decay, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in _live(group):
                st = self.state[p]
                if not st:
                    st["n"], st["sum"] = 0, torch.zeros_like(p)
                clr = group["lr"] / (1 + st["n"] * group["lr_decay"])
                st["n"] += 1
                st["sum"].addcmul_(p.grad, p.grad)
                p.addcdiv_(p.grad, st["sum"].sqrt() + group["eps"], value=-clr)
        return loss


class Adadelta(Optimizer):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            rho, eps = group["rho"], group["eps"]
            for p in _live(group):
                st = self.state[p]
                sq = st.setdefault("sq", torch.zeros_like(p))
                acc = st.setdefault("acc", torch.zeros_like(p))
                sq.lerp_(p.grad.square(), 1 - rho)
                delta = p.grad * ((acc + eps) / (sq + eps)).sqrt()
                acc.lerp_(delta.square(), 1 - rho)
                p.sub_(delta, alpha=group["lr"])


class Adamax(Optimizer):
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in _live(group):
                st = self.state[p]
                if len(st) == 0:
                    st["step"] = 0
                    st["m"] = torch.zeros_like(p)
                    st["u"] = torch.zeros_like(p)
                st["step"] += 1
                st["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                st["u"] = torch.maximum(st["u"] * b2, p.grad.abs() + group["eps"])
                p.addcdiv_(st["m"], st["u"], value=-group["lr"] / (1 - b1 ** st["step"]))


class Rprop(Optimizer):
    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            shrink, grow = group["etas"]
            for p in _live(group):
                st = self.state[p]
                if not st:
                    st["prev"] = torch.zeros_like(p)
                    st["delta"] = torch.full_like(p, group["lr"])
                agree = (p.grad * st["prev"]).sign()
                factor = torch.ones_like(p)
                factor[agree > 0] = grow
                factor[agree < 0] = shrink
                st["delta"] = (st["delta"] * factor).clamp(*group["step_sizes"])
                g = torch.where(agree < 0, torch.zeros_like(p), p.grad)
                p.sub_(g.sign() * st["delta"])
                st["prev"] = g.clone()


class ASGD(Optimizer):
    """Averaged SGD (Polyak & Juditsky); the average lives in state['ax']."""

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in _live(group):
                st = self.state[p]
                if not st:
                    st.update(step=0, eta=group["lr"], mu=1.0, ax=torch.zeros_like(p))
                st["step"] += 1
                g = p.grad
                if group["weight_decay"]:
                    g = g + group["weight_decay"] * p
                p.mul_(1 - group["lambd"] * st["eta"])
                p.add_(g, alpha=-st["eta"])
                if st["mu"] != 1:
                    st["ax"].add_(p.sub(st["ax"]).mul(st["mu"]))
                else:
                    st["ax"].copy_(p)
                st["eta"] = group["lr"] / (1 + group["lambd"] * group["lr"] * st["step"]) ** group["alpha"]
                st["mu"] = 1 / max(1, st["step"] - group["t0"])


class NAdam(Optimizer):
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            psi = group["momentum_decay"]
            for p in _live(group):
                st = self.state[p]
                if not st:
                    st.update(t=0, prod=1.0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                st["t"] += 1
                t = st["t"]
                mu = b1 * (1 - 0.5 * 0.96 ** (t * psi))
                mu_next = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * psi))
                st["prod"] *= mu
                st["m"].lerp_(p.grad, 1 - b1)
                st["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                denom = (st["v"] / (1 - b2**t)).sqrt_().add_(group["eps"])
                look = mu_next / (1 - st["prod"] * mu_next) * st["m"] + (1 - mu) / (1 - st["prod"]) * p.grad
                p.sub_(group["lr"] * look / denom)


class RAdam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            rho_inf = 2 / (1 - b2) - 1
            for p in _live(group):
                st = self.state[p]
                if not st:
                    st.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                st["t"] += 1
                t = st["t"]
                st["m"].lerp_(p.grad, 1 - b1)
                st["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                mhat = st["m"] / (1 - b1**t)
                rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
                if rho > 5:
                    r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
                    l = math.sqrt(1 - b2**t) / (st["v"].sqrt() + group["eps"])
                    p.sub_(group["lr"] * r * mhat * l)
                else:
                    p.sub_(group["lr"] * mhat)
