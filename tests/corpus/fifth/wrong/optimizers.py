import numpy as np


class Optimizer:
    def __init__(self, params, lr=0.01):
        self.params = params          # list of arrays, changed in place
        self.lr = lr

    def step(self, grads):
        raise NotImplementedError


class GradientDescent(Optimizer):
    def step(self, grads):
        for p, g in zip(self.params, grads):
            p += self.lr * g


class Momentum(Optimizer):
    """v <- mu v + g ; p <- p - lr v   as torch.optim.SGD(momentum=mu)"""

    def __init__(self, params, lr=0.01, mu=0.9):
        super().__init__(params, lr)
        self.mu = mu
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.v[i] = self.mu * self.v[i] + (1 - self.mu) * g
            p -= self.lr * self.v[i]


class Nesterov(Optimizer):
    def __init__(self, params, lr=0.01, mu=0.9):
        super().__init__(params, lr)
        self.mu = mu
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i in range(len(self.params)):
            self.v[i] = self.mu * self.v[i] + grads[i]
            self.params[i] -= self.lr * self.v[i]


class RMSProp(Optimizer):
    def __init__(self, params, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(params, lr)
        self.alpha, self.eps = alpha, eps
        self.s = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for p, g, s in zip(self.params, grads, self.s):
            s *= self.alpha
            s += (1 - self.alpha) * np.abs(g)
            p -= self.lr * g / (np.sqrt(s) + self.eps)


class Adam(Optimizer):
    def __init__(self, params, lr=0.001, b1=0.9, b2=0.999, eps=1e-8):
        super().__init__(params, lr)
        self.b1, self.b2, self.eps = b1, b2, eps
        self.t = 0
        self.m = [np.zeros_like(p) for p in params]
        self.v = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i, (p, g) in enumerate(zip(self.params, grads)):
            self.t += 1
            self.m[i] = self.b1 * self.m[i] + (1 - self.b1) * g
            self.v[i] = self.b2 * self.v[i] + (1 - self.b2) * g * g
            mh = self.m[i] / (1 - self.b1 ** self.t)
            vh = self.v[i] / (1 - self.b2 ** self.t)
            p -= self.lr * mh / (np.sqrt(vh) + self.eps)


class AdaGrad(Optimizer):
    def __init__(self, params, lr=0.01, eps=1e-10):
        super().__init__(params, lr)
        self.eps = eps
        self.h = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for p, g, h in zip(self.params, grads, self.h):
            h += g * g
            p -= self.lr * g / (h + self.eps)


class AdaDelta(Optimizer):
    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, lr)
        self.rho, self.eps = rho, eps
        self.Eg = [np.zeros_like(p) for p in params]
        self.Ex = [np.zeros_like(p) for p in params]

    def step(self, grads):
        for i, g in enumerate(grads):
            self.Eg[i] = self.rho * self.Eg[i] + (1 - self.rho) * g ** 2
            dx = np.sqrt(self.Ex[i] + self.eps) / np.sqrt(self.Eg[i] + self.eps) * g
            self.Ex[i] = self.rho * self.Ex[i] + (1 - self.rho) * g ** 2
            self.params[i] -= self.lr * dx
