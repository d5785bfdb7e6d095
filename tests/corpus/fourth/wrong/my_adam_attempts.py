# Quelques essais d'Adam, d'après l'article (algorithme 1)
import torch


class AdamStepCounter(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        self.t = 0

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                self.t += 1
                s = self.state[p]
                if len(s) == 0:
                    s["m"], s["v"] = torch.zeros_like(p), torch.zeros_like(p)
                s["m"] = beta1 * s["m"] + (1 - beta1) * p.grad
                s["v"] = beta2 * s["v"] + (1 - beta2) * p.grad ** 2
                m_hat = s["m"] / (1 - beta1 ** self.t)
                v_hat = s["v"] / (1 - beta2 ** self.t)
                p -= group["lr"] * m_hat / (v_hat.sqrt() + group["eps"])


class AdamOptim(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(params, dict(lr=lr, beta1=beta1, beta2=beta2, eps=eps))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["beta1"], group["beta2"]
            for w in group["params"]:
                if w.grad is None:
                    continue
                s = self.state[w]
                if "t" not in s:
                    s["t"] = 0
                    s["m"] = torch.zeros_like(w)
                    s["v"] = torch.zeros_like(w)
                s["t"] += 1
                s["m"] = b2 * s["m"] + (1 - b2) * w.grad
                s["v"] = b1 * s["v"] + (1 - b1) * w.grad * w.grad
                mh = s["m"] / (1 - b2 ** s["t"])
                vh = s["v"] / (1 - b1 ** s["t"])
                w.sub_(group["lr"] * mh / (torch.sqrt(vh) + group["eps"]))


class AdamMini:
    """list of tensors in, step() and zero_grad() out"""

    def __init__(self, params, lr=0.001, b1=0.9, b2=0.999, eps=1e-8):
        self.params = list(params)
        self.lr, self.b1, self.b2, self.eps = lr, b1, b2, eps
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]
        self.t = 0

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        self.t += 1
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            g = p.grad
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g
            mhat = self.m[i] / (1 - self.b1 ** self.t)
            vhat = self.v[i] / (1 - self.b2 ** self.t)
            p -= self.lr * mhat / (vhat.sqrt() + self.eps)


class AdamL2(torch.optim.Optimizer):
    """Adam as in torch.optim.Adam: weight_decay is an L2 penalty, i.e. added to the gradient."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.mul_(1 - group["lr"] * group["weight_decay"])
                s = self.state[p]
                if not s:
                    s.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                s["t"] += 1
                s["m"].lerp_(p.grad, 1 - b1)
                s["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                mh = s["m"] / (1 - b1 ** s["t"])
                vh = s["v"] / (1 - b2 ** s["t"])
                p.add_(mh / (vh.sqrt() + group["eps"]), alpha=-group["lr"])


class AdamShapes(torch.optim.Optimizer):
    """keeps the moments in plain dicts"""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))
        self.m, self.v, self.t = {}, {}, 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                key = tuple(p.shape)
                m = self.m.get(key, torch.zeros_like(p))
                v = self.v.get(key, torch.zeros_like(p))
                m = b1 * m + (1 - b1) * p.grad
                v = b2 * v + (1 - b2) * p.grad ** 2
                self.m[key], self.v[key] = m, v
                p -= group["lr"] * (m / (1 - b1 ** self.t)) / ((v / (1 - b2 ** self.t)).sqrt() + group["eps"])
