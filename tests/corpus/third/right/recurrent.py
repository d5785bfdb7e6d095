import numpy as np


def _sig(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    d = dnext_h * (1 - next_h ** 2)
    return d.dot(Wx.T), d.dot(Wh.T), x.T.dot(d), prev_h.T.dot(d), d.sum(0)


def rnn_forward(x, h0, Wx, Wh, b):
    h, caches, out = h0, [], []
    for t in range(x.shape[1]):
        h, c = rnn_step_forward(x[:, t], h, Wx, Wh, b)
        out.append(h)
        caches.append(c)
    return np.stack(out, axis=1), caches


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    dprev = np.zeros((N, H), dtype=dh.dtype)
    dxs = [None] * T
    dWx = dWh = db = 0
    for t in range(T - 1, -1, -1):
        dxs[t], dprev, a, c, e = rnn_step_backward(dh[:, t] + dprev, cache[t])
        dWx, dWh, db = dWx + a, dWh + c, db + e
    return np.stack(dxs, axis=1), dprev, dWx, dWh, db


class LSTMCell:
    """gates in the order f, g, i, o; Wx (D, 4H), Wh (H, 4H), b (4H,)"""

    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(p) for p in self.params]

    def forward(self, x, h_prev, c_prev):
        Wx, Wh, b = self.params
        A = x @ Wx + h_prev @ Wh + b
        f, g, i, o = np.split(A, 4, axis=1)
        f, g, i, o = _sig(f), np.tanh(g), _sig(i), _sig(o)
        c = f * c_prev + g * i
        h = o * np.tanh(c)
        self.cache = x, h_prev, c_prev, f, g, i, o, c
        return h, c

    def backward(self, dh, dc):
        Wx, Wh, b = self.params
        x, h_prev, c_prev, f, g, i, o, c = self.cache
        tc = np.tanh(c)
        ds = dc + dh * o * (1 - tc ** 2)
        dA = np.hstack((ds * c_prev * f * (1 - f), ds * i * (1 - g ** 2),
                        ds * g * i * (1 - i), dh * tc * o * (1 - o)))
        self.grads[0][...] = x.T @ dA
        self.grads[1][...] = h_prev.T @ dA
        self.grads[2][...] = dA.sum(axis=0)
        return dA @ Wx.T, dA @ Wh.T, ds * f


class GRUCell:
    """h' = (1 - z) * n + z * h  with  n = tanh(x Wn + (r * h) Un + bn)"""

    def __init__(self, n_in, n_hidden, seed=0):
        rng = np.random.default_rng(seed)
        self.p = {}
        for gate in "zrn":
            self.p["W" + gate] = rng.normal(0, 0.4, (n_in, n_hidden))
            self.p["U" + gate] = rng.normal(0, 0.4, (n_hidden, n_hidden))
            self.p["b" + gate] = np.zeros(n_hidden)
        self.g = {}

    def forward(self, x, h):
        p = self.p
        z = _sig(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
        r = _sig(x @ p["Wr"] + h @ p["Ur"] + p["br"])
        n = np.tanh(x @ p["Wn"] + (r * h) @ p["Un"] + p["bn"])
        self.cache = x, h, z, r, n
        return (1 - z) * n + z * h

    def backward(self, dnew):
        p = self.p
        x, h, z, r, n = self.cache
        dz = dnew * (h - n) * z * (1 - z)
        dn = dnew * (1 - z) * (1 - n ** 2)
        drh = dn @ p["Un"].T
        dr = drh * h * r * (1 - r)
        for gate, d, state in (("z", dz, h), ("r", dr, h), ("n", dn, r * h)):
            self.g["W" + gate] = x.T @ d
            self.g["U" + gate] = state.T @ d
            self.g["b" + gate] = d.sum(0)
        dx = dz @ p["Wz"].T + dr @ p["Wr"].T + dn @ p["Wn"].T
        dh = dnew * z + drh * r + dz @ p["Uz"].T + dr @ p["Ur"].T
        return dx, dh


class SimpleRNN:
    """Returns the last hidden state."""

    def __init__(self, input_size, hidden_size, seed=0):
        rng = np.random.default_rng(seed)
        self.Wx = rng.normal(0, 0.3, (input_size, hidden_size))
        self.Wh = rng.normal(0, 0.3, (hidden_size, hidden_size))
        self.b = np.zeros(hidden_size)

    def forward(self, xs):
        self.xs = xs
        self.hs = [np.zeros((xs.shape[0], self.b.size))]
        for t in range(xs.shape[1]):
            self.hs.append(np.tanh(xs[:, t] @ self.Wx + self.hs[-1] @ self.Wh + self.b))
        return self.hs[-1]

    def backward(self, dh):
        self.grads = {k: np.zeros_like(getattr(self, k)) for k in ("Wx", "Wh", "b")}
        dxs = np.zeros_like(self.xs)
        for t in range(self.xs.shape[1] - 1, -1, -1):
            da = dh * (1 - self.hs[t + 1] ** 2)
            self.grads["Wx"] += self.xs[:, t].T @ da
            self.grads["Wh"] += self.hs[t].T @ da
            self.grads["b"] += da.sum(0)
            dxs[:, t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dxs
