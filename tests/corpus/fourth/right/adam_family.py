import math
import torch
from torch.optim.optimizer import Optimizer


class AdamBase(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
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
                st = self.state[p]
                if len(st) == 0:
                    st["t"] = 0
                    st["m"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                    st["v"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                st["t"] += 1
                self._update(p, p.grad, st, group)
        return loss

    def _moments(self, g, st, group):
        b1, b2 = group["betas"]
        st["m"].mul_(b1).add_(g, alpha=1 - b1)
        st["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
        return st["m"] / (1 - b1 ** st["t"]), st["v"] / (1 - b2 ** st["t"])


class Adam(AdamBase):
    def _update(self, p, g, st, group):
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        mh, vh = self._moments(g, st, group)
        p.sub_(group["lr"] * mh / (vh.sqrt() + group["eps"]))


class AdamW(AdamBase):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, lr, betas, eps, weight_decay)

    def _update(self, p, g, st, group):
        p.mul_(1 - group["lr"] * group["weight_decay"])
        mh, vh = self._moments(g, st, group)
        p.addcdiv_(mh, vh.sqrt().add_(group["eps"]), value=-group["lr"])


class AdamEpsInRoot(AdamBase):
    """epsilon under the root like in some TF code"""

    def _update(self, p, g, st, group):
        mh, vh = self._moments(g, st, group)
        p.sub_(group["lr"] * mh / torch.sqrt(vh + group["eps"]))


class Adamax(AdamBase):
    def _update(self, p, g, st, group):
        b1, b2 = group["betas"]
        st["m"].lerp_(g, 1 - b1)
        st["v"] = torch.maximum(b2 * st["v"], g.abs() + group["eps"])
        p.addcdiv_(st["m"], st["v"], value=-group["lr"] / (1 - b1 ** st["t"]))


class NAdam(AdamBase):
    def _update(self, p, g, st, group):
        b1, b2 = group["betas"]
        t = st["t"]
        mu, mu_next = (b1 * (1 - 0.5 * 0.96 ** (s * 0.004)) for s in (t, t + 1))
        st["prod"] = st.get("prod", 1.0) * mu
        st["m"].lerp_(g, 1 - b1)
        st["v"].mul_(b2).addcmul_(g, g, value=1 - b2)
        denom = (st["v"] / (1 - b2 ** t)).sqrt() + group["eps"]
        num = (1 - mu) / (1 - st["prod"]) * g + mu_next / (1 - st["prod"] * mu_next) * st["m"]
        p.sub_(group["lr"] * num / denom)


class RAdam(AdamBase):
    def _update(self, p, g, st, group):
        b2, t = group["betas"][1], st["t"]
        mh, vh = self._moments(g, st, group)
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2 ** t / (1 - b2 ** t)
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            p.sub_(group["lr"] * r * mh / (vh.sqrt() + group["eps"]))
        else:
            p.sub_(group["lr"] * mh)
