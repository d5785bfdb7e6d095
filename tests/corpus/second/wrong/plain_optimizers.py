"""Optimizers that do not inherit from torch.optim.Optimizer: just a list of tensors."""
import torch


class SGD:
    def __init__(self, params, lr=0.1):
        self.params = list(params)
        self.lr = lr

    def step(self):
        for p in self.params:
            if p.grad is not None:
                p = p.detach() - self.lr * p.grad

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class Momentum:
    def __init__(self, params, lr=0.1, momentum=0.9):
        self.params = list(params)
        self.lr, self.momentum = lr, momentum
        self.velocity = {}

    @torch.no_grad()
    def step(self):
        for p in self.params:
            if p.grad is None:
                continue
            # tensors as dict keys are slow, use the shape
            key = tuple(p.shape)
            v = self.velocity.get(key)
            v = p.grad.clone() if v is None else self.momentum * v + p.grad
            self.velocity[key] = v
            p -= self.lr * v

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class Adam:
    def __init__(self, params, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.params = list(params)
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m = [torch.zeros_like(p) for p in self.params]
        self.v = [torch.zeros_like(p) for p in self.params]
        self.t = 0

    @torch.no_grad()
    def step(self):
        for i, p in enumerate(self.params):
            if p.grad is None:
                continue
            self.t += 1
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * p.grad
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * p.grad ** 2
            m_hat = self.m[i] / (1 - self.beta1 ** self.t)
            v_hat = self.v[i] / (1 - self.beta2 ** self.t)
            p -= self.lr * m_hat / (torch.sqrt(v_hat) + self.eps)

    def zero_grad(self):
        for p in self.params:
            p.grad = None


class GradientDescent:
    """the update of the first lecture"""

    def __init__(self, parameters, learning_rate=0.01):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate

    def step(self):
        with torch.no_grad():
            for w in self.parameters:
                if w.grad is not None:
                    w -= self.learning_rate * w.grad

    def zero_grad(self):
        for w in self.parameters:
            grad = w.grad
            if grad is not None:
                grad = torch.zeros_like(grad)


class RMSProp:
    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8):
        self.params = list(params)
        self.lr, self.alpha, self.eps = lr, alpha, eps
        self.sq = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, s in zip(self.params, self.sq):
            s.mul_(self.alpha).add_((1 - self.alpha) * p.grad.pow(2))
            p.sub_(self.lr * p.grad / (s.sqrt() + self.eps))

    def zero_grad(self):
        for p in self.params:
            p.grad = None
