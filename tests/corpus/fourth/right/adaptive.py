import torch
from torch.optim import Optimizer


class RMSprop(Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for grp in self.param_groups:
            for p in filter(lambda q: q.grad is not None, grp["params"]):
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.copy_(grp["alpha"] * v + (1 - grp["alpha"]) * p.grad ** 2)
                p -= grp["lr"] * p.grad / (v.sqrt() + grp["eps"])


class Adagrad(Optimizer):
    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for grp in self.param_groups:
            for p in grp["params"]:
                if p.grad is None:
                    continue
                h = self.state[p].setdefault("h", torch.zeros_like(p))
                h += p.grad * p.grad
                p -= grp["lr"] * p.grad / (h.sqrt() + grp["eps"])


class Adadelta(Optimizer):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for grp in self.param_groups:
            rho, eps = grp["rho"], grp["eps"]
            for p in grp["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                Eg, Ed = st.get("Eg", 0.0), st.get("Ed", torch.zeros_like(p))
                Eg = rho * Eg + (1 - rho) * p.grad.square()
                d = (Ed + eps).sqrt() / (Eg + eps).sqrt() * p.grad
                st["Eg"], st["Ed"] = Eg, rho * Ed + (1 - rho) * d.square()
                p.add_(d, alpha=-grp["lr"])


class Rprop(Optimizer):
    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    @torch.no_grad()
    def step(self, closure=None):
        for grp in self.param_groups:
            down, up = grp["etas"]
            for p in grp["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["prev"], st["d"] = torch.zeros_like(p), torch.full_like(p, grp["lr"])
                prod = p.grad * st["prev"]
                factor = torch.ones_like(p)
                factor[prod > 0] = up
                factor[prod < 0] = down
                st["d"] = (st["d"] * factor).clamp(*grp["step_sizes"])
                g = torch.where(prod < 0, torch.zeros_like(p), p.grad)
                p -= g.sign() * st["d"]
                st["prev"] = g.clone()
