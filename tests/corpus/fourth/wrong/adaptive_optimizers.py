import torch
from torch.optim import Optimizer


class RMSprop(Optimizer):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                sq = self.state[p].setdefault("square_avg", torch.zeros_like(p))
                sq.mul_(g["alpha"]).addcmul_(p.grad, p.grad, value=1 - g["alpha"])
                p.addcdiv_(p.grad, sq + g["eps"], value=-g["lr"])


class Adagrad(Optimizer):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, dict(lr=lr, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for g in self.param_groups:
            for p in g["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                st["sum"] = p.grad * p.grad
                p.addcdiv_(p.grad, st["sum"].sqrt() + g["eps"], value=-g["lr"])


class Adadelta(Optimizer):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps))

    @torch.no_grad()
    def step(self, closure=None):
        for g in self.param_groups:
            rho, eps = g["rho"], g["eps"]
            for p in g["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["sq"] = torch.zeros_like(p)
                    st["dx"] = torch.zeros_like(p)
                st["sq"].mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                delta = torch.sqrt(st["dx"] + eps) / torch.sqrt(st["sq"] + eps) * p.grad
                st["dx"].mul_(rho).addcmul_(p.grad, p.grad, value=1 - rho)
                p.add_(delta, alpha=-g["lr"])


class Rprop(Optimizer):
    def __init__(self, params, lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    @torch.no_grad()
    def step(self, closure=None):
        for g in self.param_groups:
            etaminus, etaplus = g["etas"]
            lo, hi = g["step_sizes"]
            for p in g["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                if not st:
                    st["prev"] = torch.zeros_like(p)
                    st["size"] = torch.full_like(p, g["lr"])
                grad = p.grad.clone()
                s = (grad * st["prev"]).sign()
                factor = torch.ones_like(p)
                factor[s > 0] = etaminus
                factor[s < 0] = etaplus
                st["size"].mul_(factor).clamp_(lo, hi)
                grad[s < 0] = 0
                p.addcmul_(grad.sign(), st["size"], value=-1)
                st["prev"].copy_(grad)


class Lion(Optimizer):
    """EvoLved Sign Momentum"""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        for g in self.param_groups:
            b1, b2 = g["betas"]
            for p in g["params"]:
                if p.grad is None:
                    continue
                p.mul_(1 - g["lr"] * g["weight_decay"])
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                update = (b1 * m + (1 - b1) * p.grad).sign()
                p.add_(update, alpha=g["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)
