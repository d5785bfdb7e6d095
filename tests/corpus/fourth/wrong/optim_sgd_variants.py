"""torch.optim.Optimizer subclasses, one per idea."""
import torch
from torch.optim import Optimizer


class SGDMomentum(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                buf = torch.zeros_like(p)
                buf.mul_(group["momentum"]).add_(p.grad)
                p.add_(buf, alpha=-group["lr"])


class MomentumSGD(Optimizer):
    """SGD with classical momentum (same as torch.optim.SGD(momentum=...))."""

    def __init__(self, params, lr=0.01, momentum=0.9):
        defaults = {"lr": lr, "momentum": momentum}
        super(MomentumSGD, self).__init__(params, defaults)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            mu = group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if "v" not in st:
                    st["v"] = torch.zeros_like(p)
                v = st["v"]
                v.mul_(mu).add_(p.grad, alpha=1 - mu)
                p.sub_(group["lr"] * v)


class NesterovSGD(Optimizer):
    """Nesterov accelerated gradient"""

    def __init__(self, params, lr=1e-2, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                buf = state.setdefault("momentum_buffer", torch.zeros_like(p))
                buf.mul_(group["momentum"]).add_(p.grad)
                # look-ahead gradient
                p.add_(buf, alpha=-group["lr"])


class SGDWeightDecay(Optimizer):
    def __init__(self, params, lr=0.1, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                d_p = p.grad.add(p, alpha=group["weight_decay"])
                p.add_(d_p, alpha=-group["lr"])


class PlainSGD(Optimizer):
    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p = p - group["lr"] * p.grad


class SGDNoClear(Optimizer):
    """SGD with our own zero_grad (the parent's is slow?)."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, {"lr": lr})

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.detach_()

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.add_(p.grad, alpha=-group["lr"])
