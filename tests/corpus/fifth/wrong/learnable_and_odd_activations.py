import numpy as np


class PReLU:
    def __init__(self, alpha=0.25):
        self.alpha = np.array([alpha])

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * x)

    def backward(self, dout):
        self.dalpha = dout * np.where(self.x > 0, 0, self.x)
        return dout * np.where(self.x > 0, 1, self.alpha)


class SwishBeta:
    """x * sigmoid(beta x), beta is learned"""

    def __init__(self, beta=1.5):
        self.beta = np.array(beta)

    def forward(self, x):
        self.x = x
        self.s = 1 / (1 + np.exp(-self.beta * x))
        return x * self.s

    def backward(self, dout):
        x, s = self.x, self.s
        self.dbeta = np.sum(dout * x * x * s * (1 - s))
        return dout * (s + x * s * (1 - s))


def leaky(x, a=0.1):
    return np.where(x > 0, x, a * x)


def leaky_backward(dout, x, a=0.1):
    return dout * ((x > 0) * 1.0 + (x < 0) * a)


def gelu(x):
    c = np.sqrt(2 / np.pi)
    return 0.5 * x * (1 + np.tanh(c * (x + 0.044715 * x ** 3)))


def gelu_backward(dout, x):
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (x + 0.044715 * x ** 3))
    return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t ** 2))


def softplus(z):
    return np.log(1 + np.exp(z))


def softplus_grad(z):
    return np.exp(z) / (1 + np.exp(z))


def elu(x, alpha=1.0):
    x = np.asarray(x)
    return np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def elu_grad(x, alpha=1.0):
    return np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))


class ReLU32:
    def forward(self, x):
        self.m = x > 0
        out = np.zeros(x.shape, dtype=np.float32)
        out[self.m] = x[self.m]
        return out

    def backward(self, g):
        return g * self.m


class Tanh32:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, g):
        dx = np.zeros(g.shape, dtype="float32")
        dx[...] = g * (1 - self.y * self.y)
        return dx


class HardTanh:
    def forward(self, x):
        self.mask = np.abs(x) < 1
        return np.clip(x, -1, 1)

    def backward(self, g):
        return g * self.msk


def softmax_inplace(x):
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x


def softsign(x):
    return x / (1 + np.abs(x))


def softsign_prime(x):
    y = softsign(x)
    return 1 / (1 + np.abs(y)) ** 2
