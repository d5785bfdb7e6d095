import numpy as np


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


class GRUCell:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h):
        H = h.shape[1]
        ax, ah = x @ self.Wx + self.b, h @ self.Wh
        r = sigmoid(ax[:, :H] + ah[:, :H])
        z = sigmoid(ax[:, H:2 * H] + ah[:, H:2 * H])
        n = np.tanh(ax[:, 2 * H:] + r * ah[:, 2 * H:])
        self.cache = (x, h, r, z, n, ah[:, 2 * H:])
        return (1 - z) * n + z * h

    def backward(self, dout):
        x, h, r, z, n, hn = self.cache
        dn = dout * (1 - z) * (1 - n ** 2)
        dz = dout * (h - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        dax = np.concatenate([dr, dz, dn], axis=1)
        dah = np.concatenate([dr, dz, dn * r], axis=1)
        self.dWx, self.dWh, self.db = x.T @ dax, h.T @ dah, dax.sum(axis=0)
        return dax @ self.Wx.T, dah @ self.Wh.T + dout * z


class BatchNorm1d:
    """mit gleitendem Mittel für die Auswertung"""

    def __init__(self, n, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(n), np.zeros(n)
        self.running_mean, self.running_var = np.zeros(n), np.ones(n)
        self.eps, self.momentum = eps, momentum
        self.training = True

    def forward(self, x):
        if self.training:
            mu, var = x.mean(axis=0), x.var(axis=0)
            n = x.shape[0]
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mu
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var * n / (n - 1)
        else:
            mu, var = self.running_mean, self.running_var
        self.istd = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        g = dout * self.gamma * self.istd
        if not self.training:
            return g
        return g - g.mean(axis=0) - self.xhat * (g * self.xhat).mean(axis=0)


class LayerNorm:
    def __init__(self, n, eps=1e-5):
        self.gamma, self.beta, self.eps = np.ones(n), np.zeros(n), eps

    def forward(self, x):
        mu = x.mean(axis=-1, keepdims=True)
        self.istd = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + self.eps)
        self.xhat = (x - mu) * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        lead = tuple(range(dout.ndim - 1))
        self.dgamma = (dout * self.xhat).sum(axis=lead)
        self.dbeta = dout.sum(axis=lead)
        g = dout * self.gamma
        mean_g = g.mean(axis=-1, keepdims=True)
        mean_gx = (g * self.xhat).mean(axis=-1, keepdims=True)
        return self.istd * (g - mean_g - self.xhat * mean_gx)


class Bilinear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x1, x2):
        self.x1, self.x2 = x1, x2
        return np.einsum("ni,kij,nj->nk", x1, self.W, x2) + self.b

    def backward(self, dy):
        self.dW = np.einsum("nk,ni,nj->kij", dy, self.x1, self.x2)
        self.db = dy.sum(axis=0)
        return np.einsum("nk,kij,nj->ni", dy, self.W, self.x2), np.einsum("nk,kij,ni->nj", dy, self.W, self.x1)


class MaxPool2d:
    def __init__(self, k=2):
        self.k = k

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        self.shape = x.shape
        win = x.reshape(n, c, h // k, k, w // k, k).swapaxes(3, 4).reshape(n, c, h // k, w // k, k * k)
        self.arg = win.argmax(axis=-1)[..., None]
        return np.take_along_axis(win, self.arg, axis=-1)[..., 0]

    def backward(self, dout):
        n, c, h, w = self.shape
        k = self.k
        d = np.zeros((n, c, h // k, w // k, k * k), dtype=dout.dtype)
        np.put_along_axis(d, self.arg, dout[..., None], axis=-1)
        return d.reshape(n, c, h // k, w // k, k, k).swapaxes(3, 4).reshape(self.shape)
