import numpy as np


def sigmoid(a):
    return 0.5 * (np.tanh(a / 2) + 1)


def rnn_cell_forward(params, x, h):
    h_new = np.tanh(x @ params["Wx"] + h @ params["Wh"] + params["b"])
    return h_new, (x, h, h_new)


def rnn_cell_backward(params, cache, dh_new):
    x, h, h_new = cache
    da = dh_new * (1 - h_new**2)
    grads = dict(Wx=x.T @ da, Wh=da.T @ h, b=da.sum(0))
    return da @ params["Wx"].T, da @ params["Wh"].T, grads


class LSTMCell:
    def __init__(self, n_in, n_hidden, seed=0):
        r = np.random.default_rng(seed)
        k = n_hidden**-0.5
        self.weight_ih = r.uniform(-k, k, (4 * n_hidden, n_in))
        self.weight_hh = r.uniform(-k, k, (4 * n_hidden, n_hidden))
        self.bias = np.zeros(4 * n_hidden)

    def forward(self, x, h, c):
        i, f, g, o = np.split(x @ self.weight_ih.T + h @ self.weight_hh.T + self.bias, 4, axis=1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c_new = f * c + i * g
        self.cache = x, h, c, i, f, g, o, c_new
        return o * np.tanh(c_new), c_new

    def backward(self, dh, dc):
        x, h, c, i, f, g, o, c_new = self.cache
        tc = np.tanh(c_new)
        dc = dc + dh * o * (1 - tc**2)
        da = np.hstack([dc * g * i * (1 - i), dc * c_new * f * (1 - f), dc * i * (1 - g**2), dh * tc * o * (1 - o)])
        self.grads = {"weight_ih": da.T @ x, "weight_hh": da.T @ h, "bias": da.sum(0)}
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
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        n = np.tanh(xn + r * hn)
        self.cache = x, h, r, z, n, hn
        return (1 - z) * n + z * h

    def backward(self, dh_new):
        x, h, r, z, n, hn = self.cache
        dn = dh_new * (1 - z) * (1 - n * n)
        dz = dh_new * (h - n) * z * (1 - z)
        dr = dn * hn * r * (1 - r)
        gi, gh = np.concatenate([dr, dz, dn], -1), np.concatenate([dr, dz, dn * r], -1)
        self.dw_ih, self.dw_hh, self.db_ih, self.db_hh = gi.T @ x, gh.T @ h, gi.sum(0), gh.sum(0)
        return gi @ self.w_ih, gh @ self.w_hh      # (dx, dh)


class ElmanCell:
    def __init__(self, n_in, n_h):
        r = np.random.default_rng(2)
        self.U, self.W, self.b = r.normal(size=(n_in, n_h)) * .4, r.normal(size=(n_h, n_h)) * .4, np.zeros(n_h)

    def forward(self, x, h):
        self.x, self.h, self.a = x, h, x @ self.U + h @ self.W + self.b
        return np.tanh(self.a)

    def backward(self, dh):
        da = dh * (1 - self.a**2)
        self.dU, self.dW, self.db = self.x.T @ da, self.h.T @ da, da.sum(0)
        return da @ self.U.T, da @ self.W.T
