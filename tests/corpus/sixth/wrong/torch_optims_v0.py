import torch
from torch.optim import Optimizer


class Adagrad(Optimizer):
    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                acc = self.state[p].setdefault("sum", torch.zeros_like(p))
                acc.add_(p.grad * p.grad)
                p.sub_(group["lr"] * p.grad / (acc.sqrt() + group["eps"]))


class Adamax(Optimizer):
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["m"], st["u"] = torch.zeros_like(p), torch.zeros_like(p)
                st["m"].lerp_(p.grad, 1 - b1)
                torch.maximum(st["u"] * b2, p.grad.abs() + group["eps"], out=st["u"])
                p.addcdiv_(st["m"], st["u"], value=-group["lr"])


class SGD(Optimizer):
    def __init__(self, params, lr=0.1, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                d = p.grad + group["weight_decay"] * p
                p = p - group["lr"] * d


class Adam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b2, b1 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                st["t"] += 1
                st["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                st["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                p.sub_(group["lr"] * st["m"] / (1 - b1 ** st["t"])
                       / ((st["v"] / (1 - b2 ** st["t"])).sqrt() + group["eps"]))


class Adadelta(Optimizer):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            rho, eps = group["rho"], group["eps"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                sq = st.setdefault("sq", torch.zeros_like(p))
                acc = st.setdefault("acc", torch.zeros_like(p))
                sq.mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                delta = p.grad * (acc + eps).sqrt() / (sq + eps).sqrt()
                acc.mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                p.sub_(group["lr"] * delta)


class Rprop(Optimizer):
    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            lo, hi = group["etas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["prev"], st["d"] = torch.zeros_like(p), torch.full_like(p, group["lr"])
                s = (p.grad * st["prev"]).sign()
                st["d"] = torch.where(s > 0, st["d"] * hi, torch.where(s < 0, st["d"] * lo, st["d"]))
                st["d"].clamp_(*group["step_sizes"])
                g = torch.where(s < 0, torch.zeros_like(p), p.grad)
                p.add_(g.sign() * st["d"])
                st["prev"] = g
