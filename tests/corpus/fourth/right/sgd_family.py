"""SGD relatives as Optimizer subclasses."""
import torch
from torch.optim import Optimizer


class SGD(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.0, weight_decay=0.0, nesterov=False):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            mu, wd = group["momentum"], group["weight_decay"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                d = p.grad
                if wd:
                    d = d.add(p, alpha=wd)
                if mu:
                    st = self.state[p]
                    if "buf" not in st:
                        st["buf"] = d.clone()
                    else:
                        st["buf"].mul_(mu).add_(d)
                    d = d.add(st["buf"], alpha=mu) if group["nesterov"] else st["buf"]
                p.add_(d, alpha=-group["lr"])
        return loss


class HeavyBall(Optimizer):
    """v <- mu v - lr g ; w <- w + v   (Sutskever's way of writing it)"""

    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).sub_(p.grad, alpha=group["lr"])
                p.add_(v)


class SignSGD(Optimizer):
    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.sub_(group["lr"] * p.grad.sign())


class Lion(Optimizer):
    """sign of an interpolation between momentum and gradient, decoupled decay"""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            lr = group["lr"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - lr * group["weight_decay"])
                p.sub_(torch.sign(m * b1 + p.grad * (1 - b1)), alpha=lr)
                m.lerp_(p.grad, 1 - b2)


class Lookahead(Optimizer):
    """k fast SGD steps, then the slow weights move half of the way."""

    def __init__(self, params, lr=0.1, k=5, alpha=0.5):
        super().__init__(params, dict(lr=lr, k=k, alpha=alpha))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["n"], st["slow"] = 0, p.detach().clone()
                p.add_(p.grad, alpha=-group["lr"])
                st["n"] += 1
                if st["n"] % group["k"] == 0:
                    st["slow"].add_(p - st["slow"], alpha=group["alpha"])
                    p.copy_(st["slow"])


class PolyakSGD(Optimizer):
    """plain SGD with a running average of the iterates in state['ax'] (Polyak)"""

    def __init__(self, params, lr=0.01):
        super().__init__(params, dict(lr=lr))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                p.add_(p.grad, alpha=-group["lr"])
                st["n"] = st.get("n", 0) + 1
                ax = st.setdefault("ax", torch.zeros_like(p))
                ax.add_((p - ax) / st["n"])


class ASGD(Optimizer):
    """Averaged SGD with the decaying step of Bottou / torch.optim"""

    def __init__(self, params, lr=0.01, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            lr, lambd = group["lr"], group["lambd"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["step"], st["eta"], st["mu"] = 0, lr, 1.0
                    st["ax"] = torch.zeros_like(p)
                g = p.grad
                if group["weight_decay"]:
                    g = g + group["weight_decay"] * p
                st["step"] += 1
                p.mul_(1 - lambd * st["eta"]).sub_(st["eta"] * g)
                st["ax"].add_((p - st["ax"]) * st["mu"])
                st["eta"] = lr / (1 + lambd * lr * st["step"]) ** group["alpha"]
                st["mu"] = 1 / max(1, st["step"] - group["t0"])
