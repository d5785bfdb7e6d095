"""Gradients are added up, like in torch; zero_grad() before every step."""
import numpy as np


class Module:
    def __init__(self):
        self.params = {}
        self.grads = {}

    def zero_grad(self):
        for k, p in self.params.items():
            self.grads[k] = np.zeros_like(p)


class Linear(Module):
    def __init__(self, in_features, out_features, rng=None):
        super().__init__()
        rng = rng or np.random.default_rng(0)
        bound = 1 / np.sqrt(in_features)
        self.params["weight"] = rng.uniform(-bound, bound, (out_features, in_features))
        self.params["bias"] = rng.uniform(-bound, bound, out_features)
        self.zero_grad()

    def forward(self, x):
        self.x = x
        return x @ self.params["weight"].T + self.params["bias"]

    def backward(self, grad_output):
        self.grads["weight"] += grad_output.T @ self.x
        self.grads["bias"] += grad_output.sum(axis=0)
        return grad_output @ self.params["weight"]


class LayerNorm(Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.params = {"weight": np.ones(dim), "bias": np.zeros(dim)}
        self.zero_grad()

    def forward(self, x):
        xc = x - x.mean(-1, keepdims=True)
        self.rstd = 1 / np.sqrt((xc ** 2).mean(-1, keepdims=True) + self.eps)
        self.xh = xc * self.rstd
        return self.xh * self.params["weight"] + self.params["bias"]

    def backward(self, g):
        lead = tuple(range(g.ndim - 1))
        self.grads["weight"] += (g * self.xh).sum(axis=lead)
        self.grads["bias"] += g.sum(axis=lead)
        d = g * self.params["weight"]
        return self.rstd * (d - d.mean(-1, keepdims=True) - self.xh * (d * self.xh).mean(-1, keepdims=True))


class Embedding(Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.params["weight"] = np.random.default_rng(1).standard_normal((vocab, dim))
        self.zero_grad()

    def forward(self, idx):
        self.idx = idx
        return self.params["weight"][idx]

    def backward(self, g):
        np.add.at(self.grads["weight"], self.idx, g)
        return None


class Dropout(Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p, self.training = p, True

    def forward(self, x):
        if not self.training or self.p == 0:
            self.mask = None
            return x
        keep = np.random.random(x.shape) >= self.p
        self.mask = keep.astype(x.dtype) / (1 - self.p)
        return x * self.mask

    def backward(self, g):
        return g if self.mask is None else g * self.mask


class PReLU(Module):
    def __init__(self):
        super().__init__()
        self.params["weight"] = np.full(1, 0.25)
        self.zero_grad()

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.params["weight"] * x)

    def backward(self, g):
        self.grads["weight"] += np.array([np.sum(g * np.minimum(self.x, 0))])
        return np.where(self.x > 0, g, self.params["weight"] * g)


class RMSNorm(Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.params["weight"] = np.ones(dim)
        self.zero_grad()

    def forward(self, x):
        self.r = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + self.eps)
        self.xn = x * self.r
        return self.xn * self.params["weight"]

    def backward(self, g):
        self.grads["weight"] += (g * self.xn).reshape(-1, g.shape[-1]).sum(0)
        d = g * self.params["weight"]
        return self.r * (d - self.xn * (d * self.xn).mean(-1, keepdims=True))
