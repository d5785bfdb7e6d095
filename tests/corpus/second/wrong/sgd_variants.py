import torch
from torch.optim.optimizer import Optimizer


class SGDM(Optimizer):
    """SGD with (classical) momentum."""

    def __init__(self, params, lr=1e-2, momentum=0.9):
        if lr < 0:
            raise ValueError("lr must be positive")
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                buf = self.state[p].setdefault("momentum_buffer", torch.zeros_like(p))
                buf.mul_(group["momentum"]).add_(p.grad, alpha=1 - group["momentum"])
                p.add_(buf, alpha=-group["lr"])


class HeavyBall(Optimizer):
    """Polyak's heavy ball (SGD with momentum), meant to be used with a learning rate schedule"""

    def __init__(self, params, lr=1e-2, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                v = self.state[p].setdefault("v", torch.zeros_like(p))
                v.mul_(group["momentum"]).sub_(p.grad, alpha=group["lr"])
                p.add_(v)


class PlainSGD(Optimizer):
    """plain SGD"""

    def __init__(self, params, lr=1e-2):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            n = len(group["params"])
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.sub_(group["lr"] / n * p.grad)


class SGDWithDecay(Optimizer):
    """SGD with L2 regularisation"""

    def __init__(self, params, lr=1e-2, weight_decay=1e-2):
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                d = p.grad + group["weight_decay"] * p
                p.sub_(group["lr"] * d)


class AdaGrad(Optimizer):
    def __init__(self, params, lr=1e-2, eps=1e-10):
        super().__init__(params, {"lr": lr, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                G = self.state[p].setdefault("sum", torch.zeros_like(p))
                G.add_(p.grad.abs())
                p.sub_(group["lr"] * p.grad / (G.sqrt() + group["eps"]))
