"""Time-major recurrent cells, weights in plain dicts (a pytree of arrays)."""
import numpy as np


def _sigmoid(a):
    return 0.5 + 0.5 * np.tanh(0.5 * a)


def rnn_cell_forward(params, x, h):
    h_new = np.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
    return h_new, (x, h, h_new)


def rnn_cell_backward(params, cache, dh_new):
    x, h, h_new = cache
    da = dh_new * (1 - h_new**2)
    grads = dict(Wx=x.T @ da, Wh=h.T @ da, b=da.sum(0))
    return da @ params["Wx"].T, da @ params["Wh"].T, grads


class LSTMCell:
    """Gates packed i, f, g, o along the rows, as in torch."""

    def __init__(self, n_in, n_hidden, seed=0):
        r = np.random.default_rng(seed)
        k = n_hidden**-0.5
        self.weight_ih = r.uniform(-k, k, (4 * n_hidden, n_in))
        self.weight_hh = r.uniform(-k, k, (4 * n_hidden, n_hidden))
        self.bias = r.uniform(-k, k, 4 * n_hidden)

    def forward(self, x, h, c):
        a = x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias
        i, f, g, o = np.split(a, 4, axis=1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        c_new = f * c + i * g
        tc = np.tanh(c_new)
        self.cache = x, h, c, i, f, g, o, tc
        return o * tc, c_new

    def backward(self, dh, dc):
        x, h, c, i, f, g, o, tc = self.cache
        dc = dc + dh * o * (1 - tc * tc)
        da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * tc * o * (1 - o)])
        self.grads = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias": da.sum(axis=0)}
        return da @ self.weight_ih, da @ self.weight_hh, dc * f


class GRUCell:
    def __init__(self, n_in, n_hidden, seed=0):
        r = np.random.default_rng(seed)
        k = n_hidden**-0.5
        self.w_ih, self.w_hh = r.uniform(-k, k, (3 * n_hidden, n_in)), r.uniform(-k, k, (3 * n_hidden, n_hidden))
        self.b_ih, self.b_hh = r.uniform(-k, k, 3 * n_hidden), r.uniform(-k, k, 3 * n_hidden)

    def forward(self, x, h):
        xr, xz, xn = np.split(x @ self.w_ih.T + self.b_ih, 3, -1)
        hr, hz, hn = np.split(h @ self.w_hh.T + self.b_hh, 3, -1)
        r, z = _sigmoid(xr + hr), _sigmoid(xz + hz)
        n = np.tanh(xn + r * hn)
        self.cache = (x, h, r, z, n, hn)
        return n + z * (h - n)

    def backward(self, dh_new):
        x, h, r, z, n, hn = self.cache
        dn = dh_new * (1 - z) * (1 - n**2)
        dz = dh_new * (h - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        gi = np.concatenate([dr, dz, dn], -1)
        gh = np.concatenate([dr, dz, dn * r], -1)
        self.dw_ih, self.dw_hh = gi.T @ x, gh.T @ h
        self.db_ih, self.db_hh = gi.sum(0), gh.sum(0)
        return gi @ self.w_ih, gh @ self.w_hh + dh_new * z
