# Otimizadores adaptativos (lista de exercícios 5)
import numpy as np


class Adadelta:
    def __init__(self, lr=1.0, rho=0.9, eps=1e-6):
        self.lr, self.rho, self.eps = lr, rho, eps
        self.Eg, self.Ed = {}, {}

    def update(self, params, grads):
        for k in params:
            g = grads[k]
            if k not in self.Eg:
                self.Eg[k] = np.zeros_like(g)
                self.Ed[k] = np.zeros_like(g)
            self.Eg[k] = self.rho * self.Eg[k] + (1 - self.rho) * g ** 2
            # passo: raiz da média dos passos sobre raiz da média dos gradientes
            d = np.sqrt(self.Ed[k] + self.eps) / np.sqrt(self.Eg[k] + self.eps) * g
            params[k] -= self.lr * d


class Adamax:
    def __init__(self, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.u, self.t = {}, {}, 0

    def update(self, params, grads):
        self.t += 1
        for k in params:
            g = grads[k]
            m = self.beta1 * self.m.get(k, 0.0) + (1 - self.beta1) * g
            u = np.maximum(self.beta2 * self.u.get(k, 0.0), np.abs(g) + self.eps)
            self.m[k], self.u[k] = m, u
            params[k] -= self.lr * m / u


class Nadam:
    """Adam com o passo de Nesterov (sem o decaimento do momento)."""

    def __init__(self, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.v, self.t = {}, {}, 0

    def update(self, params, grads):
        self.t += 1
        for k in params:
            g = grads[k]
            self.m[k] = self.beta1 * self.m.get(k, 0.0) + (1 - self.beta1) * g
            self.v[k] = self.beta2 * self.v.get(k, 0.0) + (1 - self.beta2) * g * g
            mh = self.m[k] / (1 - self.beta1 ** self.t)
            vh = self.v[k] / (1 - self.beta2 ** self.t)
            params[k] -= self.lr * mh / (np.sqrt(vh) + self.eps)


class Adam:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.m, self.v = {}, {}

    def update(self, params, grads, t=1):
        for k in params:
            g = grads[k]
            self.m[k] = self.beta1 * self.m.get(k, 0.0) + (1 - self.beta1) * g
            self.v[k] = self.beta2 * self.v.get(k, 0.0) + (1 - self.beta2) * g * g
            mh = self.m[k] / (1 - self.beta1 ** t)
            vh = self.v[k] / (1 - self.beta2 ** t)
            params[k] -= self.lr * mh / (np.sqrt(vh) + self.eps)


class Rprop:
    def __init__(self, lr=0.01, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50.0):
        self.lr = lr
        self.eta_minus, self.eta_plus = eta_minus, eta_plus
        self.step_min, self.step_max = step_min, step_max
        self.delta, self.prev = {}, {}

    def update(self, params, grads):
        for k in params:
            g = grads[k].copy()
            if k not in self.delta:
                self.delta[k] = np.full_like(g, self.lr)
                self.prev[k] = np.zeros_like(g)
            s = np.sign(g * self.prev[k])
            self.delta[k] = np.where(s > 0, self.delta[k] * self.eta_minus,
                                     np.where(s < 0, self.delta[k] * self.eta_plus, self.delta[k]))
            self.delta[k] = np.clip(self.delta[k], self.step_min, self.step_max)
            g[s < 0] = 0
            params[k] -= np.sign(g) * self.delta[k]
            self.prev[k] = g
