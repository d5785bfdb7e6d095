"""All of them work in place on dictionaries of arrays: opt.update(params, grads)."""
import numpy as np


class Base:
    def __init__(self, lr):
        self.lr = lr
        self.state = {}
        self.t = 0

    def update(self, params, grads):
        self.t += 1
        for k, p in params.items():
            g = grads.get(k)
            if g is None:
                continue
            st = self.state.setdefault(k, {})
            p -= self.delta(p, g, st)

    def delta(self, p, g, st):
        raise NotImplementedError


class SGD(Base):
    def __init__(self, lr=0.01, weight_decay=0.0):
        super().__init__(lr)
        self.wd = weight_decay

    def delta(self, p, g, st):
        return self.lr * (g + self.wd * p)


class Momentum(Base):
    def __init__(self, lr=0.01, momentum=0.9):
        super().__init__(lr)
        self.mu = momentum

    def delta(self, p, g, st):
        st["v"] = self.mu * st.get("v", 0) + g
        return self.lr * st["v"]


class Nesterov(Base):
    def __init__(self, lr=0.01, momentum=0.9):
        super().__init__(lr)
        self.mu = momentum

    def delta(self, p, g, st):
        st["v"] = self.mu * st.get("v", 0) + g
        return self.lr * (g + self.mu * st["v"])


class AdaGrad(Base):
    def __init__(self, lr=0.01, eps=1e-10):
        super().__init__(lr)
        self.eps = eps

    def delta(self, p, g, st):
        st["h"] = st.get("h", 0) + g * g
        return self.lr * g / (np.sqrt(st["h"]) + self.eps)


class RMSprop(Base):
    def __init__(self, lr=0.01, alpha=0.99, eps=1e-8):
        super().__init__(lr)
        self.alpha, self.eps = alpha, eps

    def delta(self, p, g, st):
        st["h"] = self.alpha * st.get("h", 0) + (1 - self.alpha) * g * g
        return self.lr * g / (np.sqrt(st["h"]) + self.eps)


class Adadelta(Base):
    def __init__(self, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(lr)
        self.rho, self.eps = rho, eps

    def delta(self, p, g, st):
        st["g2"] = self.rho * st.get("g2", 0) + (1 - self.rho) * g ** 2
        d = np.sqrt((st.get("d2", 0) + self.eps) / (st["g2"] + self.eps)) * g
        st["d2"] = self.rho * st.get("d2", 0) + (1 - self.rho) * d ** 2
        return self.lr * d


class Adam(Base):
    # epsilon stands inside the root here
    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def delta(self, p, g, st):
        st["m"] = self.beta1 * st.get("m", 0) + (1 - self.beta1) * g
        st["v"] = self.beta2 * st.get("v", 0) + (1 - self.beta2) * g ** 2
        mh = st["m"] / (1 - self.beta1 ** self.t)
        vh = st["v"] / (1 - self.beta2 ** self.t)
        return self.lr * mh / np.sqrt(vh + self.eps)


class AdamW(Base):
    def __init__(self, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(lr)
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay

    def delta(self, p, g, st):
        b1, b2 = self.betas
        st["m"] = b1 * st.get("m", 0) + (1 - b1) * g
        st["v"] = b2 * st.get("v", 0) + (1 - b2) * g ** 2
        step = st["m"] / (1 - b1 ** self.t) / (np.sqrt(st["v"] / (1 - b2 ** self.t)) + self.eps)
        return self.lr * (step + self.weight_decay * p)


class Adamax(Base):
    def __init__(self, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(lr)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def delta(self, p, g, st):
        st["m"] = self.beta1 * st.get("m", 0) + (1 - self.beta1) * g
        st["u"] = np.maximum(self.beta2 * st.get("u", 0), np.abs(g) + self.eps)
        return self.lr / (1 - self.beta1 ** self.t) * st["m"] / st["u"]
