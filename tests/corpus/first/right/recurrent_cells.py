import numpy as np


def sigmoid(x):
    return 0.5 * (np.tanh(0.5 * x) + 1)


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h * next_h)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    a = x @ Wx + prev_h @ Wh + b
    ai, af, ao, ag = np.split(a, 4, axis=1)
    i, f, o, g = sigmoid(ai), sigmoid(af), sigmoid(ao), np.tanh(ag)
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - t * t)
    da = np.concatenate([
        dc * g * i * (1 - i),
        dc * prev_c * f * (1 - f),
        dnext_h * t * o * (1 - o),
        dc * i * (1 - g * g),
    ], axis=1)
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


class GRUCell:
    """z keeps the old state, r resets it before the candidate (Cho et al.)."""

    def __init__(self, n_in, n_hid):
        rng = np.random.default_rng(1)
        self.W = {k: rng.normal(0, 0.3, (n_in, n_hid)) for k in "zrn"}
        self.U = {k: rng.normal(0, 0.3, (n_hid, n_hid)) for k in "zrn"}
        self.b = {k: np.zeros(n_hid) for k in "zrn"}

    def forward(self, x, h):
        self.x, self.h = x, h
        self.z = sigmoid(x @ self.W["z"] + h @ self.U["z"] + self.b["z"])
        self.r = sigmoid(x @ self.W["r"] + h @ self.U["r"] + self.b["r"])
        self.n = np.tanh(x @ self.W["n"] + (self.r * h) @ self.U["n"] + self.b["n"])
        return (1 - self.z) * self.n + self.z * h

    def backward(self, dh_next):
        d = {}
        d["n"] = dh_next * (1 - self.z) * (1 - self.n ** 2)
        d["z"] = dh_next * (self.h - self.n) * self.z * (1 - self.z)
        drh = d["n"] @ self.U["n"].T
        d["r"] = drh * self.h * self.r * (1 - self.r)
        self.dW = {k: self.x.T @ d[k] for k in "zrn"}
        self.dU = {"z": self.h.T @ d["z"], "r": self.h.T @ d["r"], "n": (self.r * self.h).T @ d["n"]}
        self.db = {k: d[k].sum(axis=0) for k in "zrn"}
        dx = sum(d[k] @ self.W[k].T for k in "zrn")
        dh = dh_next * self.z + drh * self.r + d["z"] @ self.U["z"].T + d["r"] @ self.U["r"].T
        return dx, dh
