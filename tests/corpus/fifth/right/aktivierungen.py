import numpy as np


# Aktivierungen und ihre Ableitungen: f(x) und df(x)
def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def softplus_backward(dout, x):
    return dout * 0.5 * (1 + np.tanh(x / 2))


def silu(x):
    return x / (1 + np.exp(-x))


def silu_backward(dout, x):
    s = 1 / (1 + np.exp(-x))
    return dout * s * (1 + x * (1 - s))


def mish(x):
    return x * np.tanh(np.logaddexp(0, x))


def mish_backward(dout, x):
    t = np.tanh(np.logaddexp(0, x))
    return dout * (t + x * (1 - t * t) / (1 + np.exp(-x)))


def softsign(x):
    return x / (1 + np.abs(x))


def softsign_backward(dout, x):
    # mit dem Ausgang geschrieben: (1 - |y|)^2
    y = softsign(x)
    return dout * (1 - np.abs(y)) ** 2


class PReLU:
    """one slope per channel, x (N,C)"""

    def __init__(self, C, init=0.25):
        self.a = np.full(C, init)

    def forward(self, x):
        self.x = x
        return np.maximum(x, 0) + self.a * np.minimum(x, 0)

    def backward(self, g):
        self.da = (g * np.minimum(self.x, 0)).sum(axis=0)
        return np.where(self.x > 0, g, self.a * g)


class LeakyReLU:
    def __init__(self, k=0.2):
        self.k = k

    def forward(self, x):
        self.sgn = np.sign(x)
        return 0.5 * (1 + self.k) * x + 0.5 * (1 - self.k) * np.abs(x)

    def backward(self, g):
        return g * (0.5 * (1 + self.k) + 0.5 * (1 - self.k) * self.sgn)


class LogSoftmax:
    def forward(self, x):
        x = x.astype(np.float64)
        s = x - x.max(axis=1, keepdims=True)
        self.y = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        return self.y

    def backward(self, g):
        return g - np.exp(self.y) * g.sum(axis=1, keepdims=True)
