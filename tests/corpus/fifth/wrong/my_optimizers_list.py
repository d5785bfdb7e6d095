# optimizers that take a list of torch parameters (no torch.optim)
import torch


class MySGD:
    def __init__(self, parameters, learning_rate):
        self.parameters = list(parameters)
        self.learning_rate = learning_rate

    def step(self):
        with torch.no_grad():
            for param in self.parameters:
                if param.grad is not None:
                    param -= self.learning_rate * param.grad

    def zero_grad(self):
        for param in self.parameters:
            g = param.grad
            g = torch.zeros_like(param)


class MyMomentum:
    def __init__(self, parameters, learning_rate, momentum=0.9):
        self.parameters = list(parameters)
        self.learning_rate, self.momentum = learning_rate, momentum

    def step(self):
        with torch.no_grad():
            for param in self.parameters:
                if param.grad is None:
                    continue
                velocity = torch.zeros_like(param)
                velocity = self.momentum * velocity + param.grad
                param -= self.learning_rate * velocity

    def zero_grad(self):
        for param in self.parameters:
            param.grad = None


class MyAdam:
    def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8):
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.eps = learning_rate, betas, eps
        self.t = 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.v = [torch.zeros_like(p) for p in self.parameters]

    def step(self):
        self.t += 1
        beta2, beta1 = self.betas
        with torch.no_grad():
            for i, p in enumerate(self.parameters):
                if p.grad is None:
                    continue
                self.m[i] = beta1 * self.m[i] + (1 - beta1) * p.grad
                self.v[i] = beta2 * self.v[i] + (1 - beta2) * p.grad ** 2
                m_hat = self.m[i] / (1 - beta1 ** self.t)
                v_hat = self.v[i] / (1 - beta2 ** self.t)
                p -= self.learning_rate * m_hat / (torch.sqrt(v_hat) + self.eps)

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None


class MyAdamax:
    def __init__(self, parameters, lr=0.002, betas=(0.9, 0.999), eps=1e-8):
        self.parameters = list(parameters)
        self.lr, self.betas, self.eps = lr, betas, eps
        self.t = 0
        self.m = [torch.zeros_like(p) for p in self.parameters]
        self.u = [torch.zeros_like(p) for p in self.parameters]

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        with torch.no_grad():
            for i, p in enumerate(self.parameters):
                if p.grad is None:
                    continue
                self.m[i] = b1 * self.m[i] + (1 - b1) * p.grad
                self.u[i] = torch.maximum(self.u[i], p.grad.abs() + self.eps)
                p -= self.lr / (1 - b1 ** self.t) * self.m[i] / self.u[i]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None
