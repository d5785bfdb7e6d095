import numpy as np


class GradientDescent:
    def __init__(self, learning_rate=0.1):
        self.learning_rate = learning_rate

    def step(self, params, grads):
        for p, g in zip(params, grads):
            p -= self.learning_rate * g


class EMAMomentum:
    """Momentum as an exponentially weighted average of the gradients:
    v = beta * v + (1 - beta) * g;  p = p - lr * v   (the form of the online course)."""

    def __init__(self, learning_rate=0.01, beta=0.9):
        self.learning_rate, self.beta, self.v = learning_rate, beta, None

    def step(self, params, grads):
        if self.v is None:
            self.v = [np.zeros_like(p) for p in params]
        for i, g in enumerate(grads):
            self.v[i] = self.beta * self.v[i] + (1 - self.beta) * g
            params[i] -= self.learning_rate * self.v[i]


class Nesterov:
    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum, self.v = learning_rate, momentum, None

    def step(self, params, grads):
        if self.v is None:
            self.v = [np.zeros_like(p) for p in params]
        for v, p, g in zip(self.v, params, grads):
            v *= self.momentum
            v += g
            p -= self.learning_rate * (g + self.momentum * v)


class NAdam:
    def __init__(self, learning_rate=2e-3, beta1=0.9, beta2=0.999, eps=1e-8, momentum_decay=4e-3):
        self.lr, self.b1, self.b2, self.eps, self.psi = learning_rate, beta1, beta2, eps, momentum_decay
        self.t, self.mu_product, self.m, self.v = 0, 1.0, None, None

    def step(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.v = [np.zeros_like(p) for p in params]
        self.t += 1
        mu = self.b1 * (1 - 0.5 * 0.96 ** (self.t * self.psi))
        mu_next = self.b1 * (1 - 0.5 * 0.96 ** ((self.t + 1) * self.psi))
        self.mu_product *= mu
        for p, g, m, v in zip(params, grads, self.m, self.v):
            m += (1 - self.b1) * (g - m)
            v += (1 - self.b2) * (g * g - v)
            denom = np.sqrt(v / (1 - self.b2 ** self.t)) + self.eps
            step = mu_next * m / (1 - self.mu_product * mu_next) + (1 - mu) * g / (1 - self.mu_product)
            p -= self.lr * step / denom


class RAdam:
    def __init__(self, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.b1, self.b2, self.eps = learning_rate, beta1, beta2, eps
        self.t, self.m, self.v = 0, None, None

    def step(self, params, grads):
        if self.m is None:
            self.m = [np.zeros_like(p) for p in params]
            self.v = [np.zeros_like(p) for p in params]
        self.t += 1
        t, b2t = self.t, self.b2 ** self.t
        rho_inf = 2 / (1 - self.b2) - 1
        rho = rho_inf - 2 * t * b2t / (1 - b2t)
        for p, g, m, v in zip(params, grads, self.m, self.v):
            m += (1 - self.b1) * (g - m)
            v += (1 - self.b2) * (g * g - v)
            m_hat = m / (1 - self.b1 ** t)
            if rho > 5:
                r = np.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
                p -= self.lr * r * m_hat * np.sqrt(1 - b2t) / (np.sqrt(v) + self.eps)
            else:
                p -= self.lr * m_hat
