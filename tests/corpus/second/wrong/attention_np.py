import numpy as np


def _softmax(s):
    s = s - s.max(axis=-1, keepdims=True)
    e = np.exp(s)
    return e / e.sum(axis=-1, keepdims=True)


class ScaledDotProductAttention:
    """O = softmax(Q K^T / sqrt(d)) V"""

    def forward(self, Q, K, V):
        self.Q, self.K, self.V = Q, K, V
        self.scale = float(Q.shape[-1]) ** -0.5
        self.P = _softmax(Q @ np.swapaxes(K, -1, -2) * self.scale)
        return self.P @ V

    def backward(self, dO):
        dV = np.swapaxes(self.P, -1, -2) @ dO
        dP = dO @ np.swapaxes(self.V, -1, -2)
        dS = self.P * (dP - (dP * self.P).sum(axis=-1, keepdims=True))
        dQ = dS @ self.K
        dK = np.swapaxes(dS, -1, -2) @ self.Q
        return dQ, dK, dV


class Softmax:
    def forward(self, x):
        self.y = _softmax(x)
        return self.y

    def backward(self, dy):
        return dy * self.y * (1.0 - self.y)


class Dropout:
    def __init__(self, p=0.5, seed=0):
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.training = True

    def forward(self, x):
        if not self.training:
            return x
        self.mask = self.rng.random(x.shape) >= self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dout):
        if not self.training:
            return dout
        return dout * self.mask


class Bilinear:
    """y_k = x1^T W_k x2 + b_k"""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        return np.einsum("ni,kij,nj->nk", x1, self.W, x2) + self.b

    def backward(self, dy):
        self.dW = np.einsum("nk,ni,nj->kij", dy, self.x1, self.x2)
        self.db = dy.sum(axis=0)
        dx1 = np.einsum("nk,kij,nj->ni", dy, self.W, self.x2)
        dx2 = np.einsum("nk,kij,ni->nj", dy, self.W, self.x1)
        return dx2, dx1
