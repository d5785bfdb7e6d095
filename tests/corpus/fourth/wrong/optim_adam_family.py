import math
import torch
from torch.optim.optimizer import Optimizer


class _Base(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        if lr < 0:
            raise ValueError(f"bad lr {lr}")
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["step"] = 0
                    state["exp_avg"] = torch.zeros_like(p)
                    state["exp_avg_sq"] = torch.zeros_like(p)
                self.update(p, p.grad, state, group)
        return loss

    def update(self, p, grad, state, group):
        raise NotImplementedError


class Adam(_Base):
    def update(self, p, grad, state, group):
        b1, b2 = group["betas"]
        state["step"] += 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m.mul_(b1).add_(grad, alpha=1 - b1)
        v.mul_(b2).addcmul_(grad, grad, value=1 - b2)
        p.addcdiv_(m, v.sqrt().add_(group["eps"]), value=-group["lr"])


class AdamW(_Base):
    """Adam with decoupled weight decay (Loshchilov & Hutter)."""

    def update(self, p, grad, state, group):
        b1, b2 = group["betas"]
        state["step"] += 1
        t = state["step"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        if group["weight_decay"]:
            grad = grad.add(p, alpha=group["weight_decay"])
        m.mul_(b1).add_(grad, alpha=1 - b1)
        v.mul_(b2).addcmul_(grad, grad, value=1 - b2)
        denom = (v / (1 - b2 ** t)).sqrt_().add_(group["eps"])
        p.addcdiv_(m / (1 - b1 ** t), denom, value=-group["lr"])


class Adamax(_Base):
    def update(self, p, grad, state, group):
        b1, b2 = group["betas"]
        state["step"] += 1
        m, u = state["exp_avg"], state["exp_avg_sq"]
        m.mul_(b1).add_(grad, alpha=1 - b1)
        torch.maximum(u * b2, grad.abs() + group["eps"], out=u)
        p.addcdiv_(m, u, value=-group["lr"])


class NAdam(_Base):
    """NAdam with the momentum schedule of the paper (psi = 0.004)."""

    def update(self, p, grad, state, group):
        b1, b2 = group["betas"]
        state["step"] += 1
        t = state["step"]
        mu = b1 * (1 - 0.5 * 0.96 ** (t * 0.004))
        mu_next = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * 0.004))
        state["mu_product"] = state.get("mu_product", 1.0) * mu
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m.mul_(b1).add_(grad, alpha=1 - b1)
        v.mul_(b2).addcmul_(grad, grad, value=1 - b2)
        denom = (v / (1 - b2 ** t)).sqrt().add_(group["eps"])
        prod = state["mu_product"]
        p.addcdiv_(grad, denom, value=-group["lr"] * (1 - mu) / (1 - prod))
        p.addcdiv_(m, denom, value=-group["lr"] * mu_next / (1 - prod))


class RAdam(_Base):
    def update(self, p, grad, state, group):
        b1, b2 = group["betas"]
        state["step"] += 1
        t = state["step"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m.mul_(b1).add_(grad, alpha=1 - b1)
        v.mul_(b2).addcmul_(grad, grad, value=1 - b2)
        rho_inf = 2 / (1 - b2) - 1
        rho_t = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)
        m_hat = m / (1 - b1 ** t)
        if rho_t > 5:
            v_hat = v / (1 - b2 ** t)
            rect = (rho_t - 4) * (rho_t - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho_t)
            p.addcdiv_(m_hat * rect, v_hat.sqrt().add_(group["eps"]), value=-group["lr"])
        else:
            p.add_(m_hat, alpha=-group["lr"])
