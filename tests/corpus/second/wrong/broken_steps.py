import torch
from torch.optim import Optimizer


class RMSprop(Optimizer):
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps))

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                grad = p.grad.data
                state = self.state[p]
                if len(state) == 0:
                    state["avg"] = torch.zeros_like(p.data)
                state["avg"].mul_(group["alpha"]).addcmul_(grad, grad, value=1 - group["alpha"])
                p.data.addcdiv_(grad, state["avg"].sqrt().add_(group["eps"]), value=-group["lr"])


class SGD(Optimizer):
    def __init__(self, params, lr=1e-2, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for i, p in enumerate(group["params"]):
                if p.grad is None:
                    continue
                buf = self.state[p].get("buf")
                buf = p.grad.clone() if buf is None else buf.mul_(group["momentum"]).add_(p.grad)
                self.state[p]["buf"] = buf
                group["params"][i] = torch.nn.Parameter(p - group["lr"] * buf)


class Adam:
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = list(params)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.exp_avg = [torch.zeros_like(self.params[0])] * len(self.params)
        self.exp_avg_sq = [torch.zeros_like(self.params[0])] * len(self.params)
        self.n = 0

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    @torch.no_grad()
    def step(self):
        b1, b2 = self.betas
        self.n += 1
        for p, m, v in zip(self.params, self.exp_avg, self.exp_avg_sq):
            if p.grad is None:
                continue
            m.mul_(b1).add_(p.grad, alpha=1 - b1)
            v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
            mhat = m / (1 - b1 ** self.n)
            vhat = v / (1 - b2 ** self.n)
            p.sub_(self.lr * mhat / (vhat.sqrt() + self.eps))
