"""One time step of RNN, LSTM and GRU, forward and backward."""
import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """x (N, D), prev_h (N, H), Wx (D, H), Wh (H, H), b (H,)"""
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h ** 2)
    dx = da.dot(Wx.T)
    dprev_h = da.dot(Wh.T)
    dWx = x.T.dot(da)
    dWh = prev_h.T.dot(da)
    db = da
    return dx, dprev_h, dWx, dWh, db


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """Gates in the order i, f, o, g; Wx (D, 4H), Wh (H, 4H), b (4H,)"""
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 2 * H:3 * H])
    g = np.tanh(a[:, 3 * H:])
    next_c = f * prev_c + i * g
    tc = np.tanh(next_c)
    next_h = o * tc
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, tc = cache
    do = dnext_h * tc
    dc = dnext_c + dnext_h * o * (1 - tc ** 2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do, dg * (1 - g ** 2)])
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


class GRUCell:
    def __init__(self, n_in, n_hid, rng=np.random.default_rng(1)):
        self.Wz, self.Wr, self.Wh = (rng.normal(0, 0.3, (n_in, n_hid)) for _ in range(3))
        self.Uz, self.Ur, self.Uh = (rng.normal(0, 0.3, (n_hid, n_hid)) for _ in range(3))
        self.bz, self.br, self.bh = (np.zeros(n_hid) for _ in range(3))

    def forward(self, x, h):
        self.x, self.h = x, h
        self.z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
        self.r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
        self.n = np.tanh(x @ self.Wh + (self.r * h) @ self.Uh + self.bh)
        return (1 - self.z) * self.n + self.z * h

    def backward(self, dh_next):
        dn = dh_next * (1 - self.z)
        dz = dh_next * (self.h - self.n) * self.z * (1 - self.z)
        dn_raw = dn * (1 - self.n ** 2)
        drh = dn_raw @ self.Uh.T
        dr = drh * self.h * self.r * (1 - self.r)
        self.dWz, self.dUz, self.dbz = self.x.T @ dz, self.h.T @ dz, dz.sum(0)
        self.dWr, self.dUr, self.dbr = self.x.T @ dr, self.h.T @ dr, dr.sum(0)
        self.dWh, self.dUh, self.dbh = self.x.T @ dn_raw, (self.r * self.h).T @ dn_raw, dn_raw.sum(0)
        dx = dz @ self.Wz.T + dr @ self.Wr.T + dn_raw @ self.Wh.T
        dh = dz @ self.Uz.T + dr @ self.Ur.T + drh * self.r
        return dx, dh


class RNNCell:
    """h' = tanh(x Wx + h Wh + b)"""

    def __init__(self, n_in, n_hid):
        rng = np.random.default_rng(3)
        self.Wx = rng.normal(0, 0.3, (n_in, n_hid))
        self.Wh = rng.normal(0, 0.3, (n_hid, n_hid))
        self.b = np.zeros(n_hid)

    def forward(self, x, h):
        self.x, self.h = x, h
        return np.tanh(x @ self.Wx + h @ self.Wh + self.b)

    def backward(self, dh):
        dt = dh * (1 - self.h ** 2)
        self.dWx, self.dWh, self.db = self.x.T @ dt, self.h.T @ dt, dt.sum(axis=0)
        return dt @ self.Wx.T, dt @ self.Wh.T
