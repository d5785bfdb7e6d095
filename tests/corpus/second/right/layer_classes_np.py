import numpy as np


class RNNCell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = None

    def forward(self, x, h_prev):
        Wx, Wh, b = self.params
        h = np.tanh(x @ Wx + h_prev @ Wh + b)
        self.cache = (x, h_prev, h)
        return h

    def backward(self, dh):
        Wx, Wh, b = self.params
        x, h_prev, h = self.cache
        dt = dh * (1 - h ** 2)
        self.grads[0][...] = x.T @ dt
        self.grads[1][...] = h_prev.T @ dt
        self.grads[2][...] = dt.sum(axis=0)
        return dt @ Wx.T, dt @ Wh.T


class Embedding:
    def __init__(self, W):
        self.W = W
        self.dW = np.zeros_like(W)

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.dW[...] = 0
        np.add.at(self.dW, self.idx, dout)
        return None


class Conv2d:
    """stride 1, keine Polsterung"""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        k = self.W.shape[2]
        self.patches = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        return np.einsum("ncijkl,fckl->nfij", self.patches, self.W) + self.b[None, :, None, None]

    def backward(self, dout):
        k = self.W.shape[2]
        self.dW = np.einsum("ncijkl,nfij->fckl", self.patches, dout)
        self.db = dout.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i:i + k, j:j + k] += np.einsum("nf,fckl->nckl", dout[:, :, i, j], self.W)
        return dx


class AvgPool2d:
    def __init__(self, k=2):
        self.k = k

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        return x.reshape(n, c, h // k, k, w // k, k).mean(axis=(3, 5))

    def backward(self, dout):
        k = self.k
        return np.kron(dout, np.ones((1, 1, k, k), dtype=dout.dtype)) / (k * k)


class ScaledDotProductAttention:
    def forward(self, Q, K, V):
        self.Q, self.K, self.V = Q, K, V
        self.scale = 1 / float(np.sqrt(Q.shape[-1]))
        s = Q @ np.swapaxes(K, -1, -2) * self.scale
        e = np.exp(s - s.max(axis=-1, keepdims=True))
        self.P = e / e.sum(axis=-1, keepdims=True)
        return self.P @ V

    def backward(self, dO):
        dV = np.swapaxes(self.P, -1, -2) @ dO
        dP = dO @ np.swapaxes(self.V, -1, -2)
        dS = self.P * (dP - (dP * self.P).sum(axis=-1, keepdims=True)) * self.scale
        return dS @ self.K, np.swapaxes(dS, -1, -2) @ self.Q, dV


class Dropout:
    def __init__(self, p=0.5, seed=None):
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.training = True

    def forward(self, x):
        if not self.training:
            self.mask = np.ones_like(x)
        else:
            self.mask = (self.rng.random(x.shape) >= self.p).astype(x.dtype) / (1 - self.p)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask
