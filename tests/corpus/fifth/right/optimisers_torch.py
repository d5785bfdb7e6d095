import torch
from torch.optim.optimizer import Optimizer


class RMSpropHW(Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, centered=False):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, centered=centered))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for gr in self.param_groups:
            for p in gr["params"]:
                if p.grad is None:
                    continue
                s = self.state[p]
                if not s:
                    s["sq"], s["avg"] = torch.zeros_like(p), torch.zeros_like(p)
                s["sq"].lerp_(p.grad.square(), 1 - gr["alpha"])
                v = s["sq"]
                if gr["centered"]:
                    s["avg"].lerp_(p.grad, 1 - gr["alpha"])
                    v = v - s["avg"] ** 2
                p -= gr["lr"] * p.grad / (v.sqrt() + gr["eps"])
        return loss


class AdamWHW(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        for gr in self.param_groups:
            b1, b2 = gr["betas"]
            for p in gr["params"]:
                if p.grad is None:
                    continue
                st = self.state[p]
                st.setdefault("t", 0)
                st["t"] += 1
                m = st["m"] = b1 * st.get("m", 0) + (1 - b1) * p.grad.data
                v = st["v"] = b2 * st.get("v", 0) + (1 - b2) * p.grad.data.pow(2)
                p.data.mul_(1 - gr["lr"] * gr["weight_decay"])
                p.data.sub_(gr["lr"] * (m / (1 - b1 ** st["t"])) / ((v / (1 - b2 ** st["t"])).sqrt() + gr["eps"]))


class AdamaxList:
    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = [p for p in params]
        self.lr, (self.b1, self.b2), self.eps = lr, betas, eps
        self.k = 0
        self.m = [torch.zeros_like(p) for p in self.params]
        self.u = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        self.k += 1
        for p, m, u in zip(self.params, self.m, self.u):
            if p.grad is None:
                continue
            m.mul_(self.b1).add_((1 - self.b1) * p.grad)
            u.copy_(torch.maximum(self.b2 * u, p.grad.abs() + self.eps))
            p.sub_(self.lr / (1 - self.b1 ** self.k) * m / u)

    def zero_grad(self):
        for p in self.params:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()


class AdamEpsInside:
    """eps under the root, as our lecture notes have it"""

    def __init__(self, parameters, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.parameters = list(parameters)
        self.a, self.b1, self.b2, self.e = learning_rate, beta_1, beta_2, epsilon
        self.m = [0.0] * len(self.parameters)
        self.v = [0.0] * len(self.parameters)
        self.t = 0

    def step(self):
        self.t += 1
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                continue
            g = p.grad
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g ** 2
            mh, vh = self.m[i] / (1 - self.b1 ** self.t), self.v[i] / (1 - self.b2 ** self.t)
            p.data = p.data - self.a * mh / torch.sqrt(vh + self.e)

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None


class AdadeltaHW:
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        self.ps, self.lr, self.rho, self.eps = list(params), lr, rho, eps
        self.s = {id(p): [torch.zeros_like(p), torch.zeros_like(p)] for p in self.ps}

    def step(self):
        for p in self.ps:
            if p.grad is None:
                continue
            a, d = self.s[id(p)]
            a.mul_(self.rho).addcmul_(p.grad, p.grad, value=1 - self.rho)
            dx = ((d + self.eps) / (a + self.eps)).sqrt() * p.grad
            d.mul_(self.rho).addcmul_(dx, dx, value=1 - self.rho)
            p.data -= self.lr * dx

    def zero_grad(self):
        for p in self.ps:
            p.grad = None
