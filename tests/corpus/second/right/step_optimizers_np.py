"""step(params, grads): lists of arrays, changed in place"""
import numpy as np


class Optimizer:
    def step(self, params, grads):
        if not hasattr(self, "state"):
            self.state = [self.init(p) for p in params]
        for p, g, s in zip(params, grads, self.state):
            self.update(p, g, s)

    def init(self, p):
        return {}


class SGD(Optimizer):
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum = lr, momentum

    def init(self, p):
        return {"v": np.zeros_like(p)}

    def update(self, p, g, s):
        s["v"] = self.momentum * s["v"] + g
        p -= self.lr * s["v"]


class RMSprop(Optimizer):
    def __init__(self, lr=0.01, alpha=0.99, eps=1e-8):
        self.lr, self.alpha, self.eps = lr, alpha, eps

    def init(self, p):
        return {"s": np.zeros_like(p)}

    def update(self, p, g, s):
        s["s"] = self.alpha * s["s"] + (1 - self.alpha) * g * g
        p -= self.lr * g / (np.sqrt(s["s"]) + self.eps)


class Adam(Optimizer):
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps

    def init(self, p):
        return {"t": 0, "m": np.zeros_like(p), "v": np.zeros_like(p)}

    def update(self, p, g, s):
        s["t"] += 1
        s["m"] = self.beta1 * s["m"] + (1 - self.beta1) * g
        s["v"] = self.beta2 * s["v"] + (1 - self.beta2) * g ** 2
        m_hat = s["m"] / (1 - self.beta1 ** s["t"])
        v_hat = s["v"] / (1 - self.beta2 ** s["t"])
        p -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        super().__init__(lr, beta1, beta2, eps)
        self.weight_decay = weight_decay

    def update(self, p, g, s):
        p *= 1 - self.lr * self.weight_decay
        super().update(p, g, s)


class Nesterov(Optimizer):
    def __init__(self, lr=0.01, momentum=0.9):
        self.lr, self.momentum = lr, momentum

    def init(self, p):
        return {"v": np.zeros_like(p)}

    def update(self, p, g, s):
        s["v"] = self.momentum * s["v"] + g
        p -= self.lr * (g + self.momentum * s["v"])
