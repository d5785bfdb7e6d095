# More optimizers on top of one base class
import math
import torch


class Base(torch.optim.Optimizer):
    def __init__(self, params, **defaults):
        super().__init__(params, defaults)

    def init(self, p):
        return {}

    def update(self, p, g, s, group):
        raise NotImplementedError

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if not s:
                    s.update(self.init(p))
                self.update(p, p.grad, s, group)


class Adadelta(Base):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, lr=lr, rho=rho, eps=eps)

    def init(self, p):
        return dict(sq=torch.zeros_like(p), acc=torch.zeros_like(p))

    def update(self, p, g, s, group):
        rho, eps = group["rho"], group["eps"]
        s["sq"].mul_(rho).addcmul_(g, g, value=1 - rho)
        delta = (s["acc"] + eps) / (s["sq"] + eps) * g
        s["acc"].mul_(rho).addcmul_(delta, delta, value=1 - rho)
        p.sub_(group["lr"] * delta)


class Rprop(Base):
    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
        super().__init__(params, lr=lr, etas=etas, step_sizes=step_sizes)

    def init(self, p):
        return dict(prev=torch.zeros_like(p), size=None)

    def update(self, p, g, s, group):
        if s["size"] is None:
            s["size"] = torch.full_like(p, group["lr"])
        minus, plus = group["etas"]
        lo, hi = group["step_sizes"]
        agree = (g * s["prev"]).sign()
        factor = torch.ones_like(g)
        factor[agree > 0] = minus
        factor[agree < 0] = plus
        s["size"] = (s["size"] * factor).clamp(lo, hi)
        g = torch.where(agree < 0, torch.zeros_like(g), g)
        p.sub_(s["size"] * g.sign())
        s["prev"] = g.clone()


class RAdam(Base):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr, betas=betas, eps=eps)

    def init(self, p):
        return dict(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))

    def update(self, p, g, s, group):
        b1, b2 = group["betas"]
        s["t"] += 1
        t = s["t"]
        s["m"].mul_(b1).add_(g, alpha=1 - b1)
        s["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
        mhat = s["m"] / (1 - b1 ** t)
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)
        if rho > 5:
            r = (rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)
            adaptive = math.sqrt(1 - b2 ** t) / (s["v"].sqrt() + group["eps"])
            p.sub_(group["lr"] * r * mhat * adaptive)
        else:
            p.sub_(group["lr"] * mhat)


class ASGD(Base):
    def __init__(self, params, lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6):
        super().__init__(params, lr=lr, lambd=lambd, alpha=alpha, t0=t0)

    def init(self, p):
        return dict(t=0, eta=None, mu=1.0, ax=torch.zeros_like(p))

    def update(self, p, g, s, group):
        lr, lambd = group["lr"], group["lambd"]
        if s["eta"] is None:
            s["eta"] = lr
        s["t"] += 1
        p.mul_(1 - lambd)
        p.add_(g, alpha=-s["eta"])
        s["ax"].add_((p - s["ax"]) * s["mu"])
        s["eta"] = lr / (1 + lambd * lr * s["t"]) ** group["alpha"]
        s["mu"] = 1 / max(1, s["t"] - group["t0"])


class Adam(Base):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def init(self, p):
        return dict(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))

    def update(self, p, g, s, group):
        b1, b2 = group["betas"]
        s["t"] += 1
        g = g + group["weight_decay"] * p
        s["m"].mul_(b1).add_(g, alpha=1 - b1)
        s["v"].mul_(b2).add_(g, alpha=1 - b2)
        denom = (s["v"] / (1 - b2 ** s["t"])).sqrt() + group["eps"]
        p.sub_(group["lr"] / (1 - b1 ** s["t"]) * s["m"] / denom)
