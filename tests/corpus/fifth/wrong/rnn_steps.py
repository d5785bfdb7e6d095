import numpy as np


def sigma(z):
    return 1. / (1. + np.exp(-z))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    dx = da @ Wx.T
    dprev_h = da @ Wh
    return dx, dprev_h, x.T @ da, prev_h.T @ da, da.sum(0)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """gates in the order i, f, o, g"""
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o, g = sigma(a[:, :H]), sigma(a[:, H:2 * H]), sigma(a[:, 2 * H:3 * H]), np.tanh(a[:, 3 * H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, c = cache
    tc = np.tanh(c)
    do = dnext_h * tc
    dc = dnext_h * o * (1 - tc ** 2)          # + what comes from the next cell?
    di, df, dg = dc * g, dc * prev_c, dc * i
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g ** 2)])
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(0)


class GRUCell:
    """ z, r gates; h' = (1-z)*n + z*h   (PyTorch order of mixing, one bias) """

    def __init__(self, D, H, seed=0):
        r = np.random.RandomState(seed)
        self.W = {k: r.randn(D, H) * .4 for k in "zrn"}
        self.U = {k: r.randn(H, H) * .4 for k in "zrn"}

    def forward(self, x, h):
        z = sigma(x @ self.W["z"] + h @ self.U["z"])
        r = sigma(x @ self.W["r"] + h @ self.U["r"])
        n = np.tanh(x @ self.W["n"] + (r * h) @ self.U["n"])
        self.cache = (x, h, z, r, n)
        return (1 - z) * n + z * h

    def backward(self, d):
        x, h, z, r, n = self.cache
        dn = d * (1 - z) * (1 - n ** 2)
        dz = d * (h - n) * z * (1 - z)
        drh = dn @ self.U["n"].T
        dr = drh * h * r * (1 - r)
        dx = dn @ self.W["n"].T + dz @ self.W["z"].T + dr @ self.W["r"].T
        dh = d * z + drh + dz @ self.U["z"].T + dr @ self.U["r"].T
        self.dW = {"z": x.T @ dz, "r": x.T @ dr, "n": x.T @ dn}
        return dx, dh
