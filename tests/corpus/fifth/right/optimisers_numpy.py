import numpy as np


class SGD:
    def __init__(self, lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0):
        self.lr, self.mu, self.nesterov, self.wd = lr, momentum, nesterov, weight_decay
        self.v = {}

    def step(self, params, grads):
        for k in params:
            g = grads[k] + self.wd * params[k]
            if self.mu:
                self.v[k] = g if k not in self.v else self.mu * self.v[k] + g
                g = g + self.mu * self.v[k] if self.nesterov else self.v[k]
            params[k] -= self.lr * g


class AveragedMomentum:
    """v = beta v + (1-beta) dW, the exponentially weighted average of the lecture"""

    def __init__(self, lr=0.1, beta=0.9):
        self.lr, self.beta, self.v = lr, beta, {}

    def step(self, params, grads):
        for k, g in grads.items():
            self.v[k] = self.beta * self.v.get(k, 0) + (1 - self.beta) * g
            params[k] -= self.lr * self.v[k]


class VelocityMomentum:
    # v = mu v - lr g ; w = w + v
    def __init__(self, lr=0.01, mu=0.9):
        self.lr, self.mu, self.v = lr, mu, None

    def update(self, params, grads):
        if self.v is None:
            self.v = {k: np.zeros_like(p) for k, p in params.items()}
        for k in params:
            self.v[k] = self.mu * self.v[k] - self.lr * grads[k]
            params[k] += self.v[k]


class AdamCorrectedRate:
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.iter, self.m, self.v = 0, None, None

    def update(self, params, grads):
        if self.m is None:
            self.m = {k: np.zeros_like(p) for k, p in params.items()}
            self.v = {k: np.zeros_like(p) for k, p in params.items()}
        self.iter += 1
        lr_t = self.lr * np.sqrt(1.0 - self.beta2 ** self.iter) / (1.0 - self.beta1 ** self.iter)
        for k in params:
            self.m[k] += (1 - self.beta1) * (grads[k] - self.m[k])
            self.v[k] += (1 - self.beta2) * (grads[k] ** 2 - self.v[k])
            params[k] -= lr_t * self.m[k] / (np.sqrt(self.v[k]) + 1e-8)


def adam(w, dw, config=None):
    """returns next_w, config"""
    if config is None:
        config = {}
    for k, d in (("learning_rate", 1e-3), ("beta1", .9), ("beta2", .999), ("epsilon", 1e-8), ("t", 0)):
        config.setdefault(k, d)
    config.setdefault("m", np.zeros_like(w))
    config.setdefault("v", np.zeros_like(w))
    config["t"] += 1
    config["m"] = config["beta1"] * config["m"] + (1 - config["beta1"]) * dw
    config["v"] = config["beta2"] * config["v"] + (1 - config["beta2"]) * dw ** 2
    mt = config["m"] / (1 - config["beta1"] ** config["t"])
    vt = config["v"] / (1 - config["beta2"] ** config["t"])
    return w - config["learning_rate"] * mt / (np.sqrt(vt) + config["epsilon"]), config


class Adagrad:
    def __init__(self, lr=0.01):
        self.lr = lr
        self.G = {}

    def step(self, params, grads):
        for k in params:
            self.G[k] = self.G.get(k, 0.0) + np.square(grads[k])
            params[k] -= self.lr * grads[k] / (np.sqrt(self.G[k]) + 1e-10)
