import numpy as np


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """gates in the order i, f, o, g"""
    a = x @ Wx + prev_h @ Wh + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tc = np.tanh(next_c)
    do = dnext_h * tc
    dc = dnext_c + dnext_h * o
    di, df, dg = dc * g, dc * prev_c, dc * i
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
    dx = da @ Wx.T
    dprev_h = da @ Wh.T
    dprev_c = dc * f
    return dx, dprev_h, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


class GRUCell:
    """h' = (1 - z) * n + z * h, reset gate applied after the product with U"""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h):
        H = h.shape[1]
        ax = x @ self.Wx + self.b
        ah = h @ self.Wh
        r = sigmoid(ax[:, :H] + ah[:, :H])
        z = sigmoid(ax[:, H:2 * H] + ah[:, H:2 * H])
        n = np.tanh(ax[:, 2 * H:] + r * ah[:, 2 * H:])
        self.cache = (x, h, r, z, n, ah)
        return (1 - z) * n + z * h

    def backward(self, dh_next):
        x, h, r, z, n, ah = self.cache
        H = h.shape[1]
        dn = dh_next * (1 - z) * (1 - n ** 2)
        dz = dh_next * (h - n) * z * (1 - z)
        dr = dn * ah[:, 2 * H:] * r * (1 - r)
        dax = np.hstack([dr, dz, dn])
        dah = np.hstack([dr, dz, dn * r])
        self.dWx = x.T @ dax
        self.dWh = h.T @ dah
        self.db = dax.sum(axis=0)
        dx = dax @ self.Wx.T
        dh = dah @ self.Wh.T
        return dx, dh


class RNNCell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
        self.cache = []

    def forward(self, x, h):
        Wx, Wh, b = self.params
        h_next = np.tanh(x @ Wx + h @ Wh + b)
        self.cache.append((x, h, h_next))
        return h_next

    def backward(self, dh_next):
        Wx, Wh, b = self.params
        x, h, h_next = self.cache[0]
        dt = dh_next * (1 - h_next ** 2)
        self.grads[0][...] = x.T @ dt
        self.grads[1][...] = h.T @ dt
        self.grads[2][...] = dt.sum(axis=0)
        return dt @ Wx.T, dt @ Wh.T
