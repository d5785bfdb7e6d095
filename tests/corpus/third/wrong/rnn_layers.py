"""Recurrent layers.  D inputs, H hidden units, T time steps."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class RNNCell:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h_prev):
        h = np.tanh(x @ self.Wx + h_prev @ self.Wh + self.b)
        self.cache = (x, h_prev, h)
        return h

    def backward(self, dh):
        x, h_prev, h = self.cache
        dt = dh * (1 - h ** 2)
        self.db = dt.sum(axis=0)
        self.dWx = x.T @ dt
        self.dWh = h_prev.T @ dt
        dx = dt @ self.Wx.T
        dh_prev = dt @ self.Wh
        return dx, dh_prev


def rnn_forward(x, h0, Wx, Wh, b):
    """x: (N, T, D), h0: (N, H).  Returns h (N, T, H) and the cache."""
    N, T, D = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev = h0
    for t in range(T):
        prev = np.tanh(x[:, t].dot(Wx) + prev.dot(Wh) + b)
        h[:, t] = prev
    return h, (x, h0, Wx, Wh, b, h)


def rnn_backward(dh, cache):
    x, h0, Wx, Wh, b, h = cache
    N, T, D = x.shape
    dx = np.zeros_like(x)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dprev = np.zeros_like(h0)
    for t in reversed(range(T)):
        before = h[:, t - 1] if t > 0 else h0
        draw = dh[:, t] * (1 - h[:, t] ** 2)
        dx[:, t] = draw.dot(Wx.T)
        dprev = draw.dot(Wh.T)
        dWx += x[:, t].T.dot(draw)
        dWh += before.T.dot(draw)
        db += draw.sum(axis=0)
    return dx, dprev, dWx, dWh, db


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """Gate order: i, f, o, g."""
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 2 * H:3 * H])
    g = np.tanh(a[:, 3 * H:])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    tc = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - tc ** 2)
    da_i = dc * g * i * (1 - i)
    da_f = dc * prev_c * f * (1 - f)
    da_o = dnext_h * tc
    da_g = dc * i * (1 - g ** 2)
    da = np.hstack([da_i, da_f, da_o, da_g])
    dprev_c = dc * f
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, da.sum(axis=0)


class SimpleRNN:
    """Whole sequence, last hidden state only (many to one)."""

    def __init__(self, input_size, hidden_size, seed=0):
        rng = np.random.default_rng(seed)
        self.Wx = rng.normal(0, 0.3, (input_size, hidden_size))
        self.Wh = rng.normal(0, 0.3, (hidden_size, hidden_size))
        self.b = np.zeros(hidden_size)
        self.steps = []

    def forward(self, xs):
        h = np.zeros((xs.shape[0], self.b.size))
        for t in range(xs.shape[1]):
            prev = h
            h = np.tanh(xs[:, t] @ self.Wx + prev @ self.Wh + self.b)
            self.steps.append((xs[:, t], prev, h))
        return h

    def backward(self, dh):
        self.dWx, self.dWh, self.db = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.b)
        dxs = []
        for x, prev, h in reversed(self.steps):
            da = dh * (1 - h * h)
            self.dWx += x.T @ da
            self.dWh += prev.T @ da
            self.db += da.sum(0)
            dxs.append(da @ self.Wx.T)
            dh = da @ self.Wh.T
        return np.stack(dxs[::-1], axis=1)
