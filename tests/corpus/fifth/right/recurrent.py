import numpy as np

sig = lambda t: 0.5 + 0.5 * np.tanh(0.5 * t)


def rnn_step(x, h, Wx, Wh, b):
    h2 = np.tanh(x.dot(Wx) + h.dot(Wh) + b)
    return h2, (x, h, Wx, Wh, h2)


def rnn_step_backward(dh2, cache):
    x, h, Wx, Wh, h2 = cache
    dt = dh2 * (1 - h2 * h2)
    return dt.dot(Wx.T), dt.dot(Wh.T), x.T.dot(dt), h.T.dot(dt), dt.sum(0)


class LSTMCell:
    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, x, h_prev, c_prev):
        f, g, i, o = np.split(x @ self.Wx + h_prev @ self.Wh + self.b, 4, axis=1)
        f, g, i, o = sig(f), np.tanh(g), sig(i), sig(o)
        c = f * c_prev + g * i
        h = o * np.tanh(c)
        self.cache = x, h_prev, c_prev, i, f, g, o, c
        return h, c

    def backward(self, dh, dc):
        x, h_prev, c_prev, i, f, g, o, c = self.cache
        tc = np.tanh(c)
        ds = dc + dh * o * (1 - tc ** 2)
        dA = np.concatenate([ds * c_prev * f * (1 - f), ds * i * (1 - g ** 2),
                             ds * g * i * (1 - i), dh * tc * o * (1 - o)], axis=1)
        self.dWx, self.dWh, self.db = x.T @ dA, h_prev.T @ dA, dA.sum(0)
        return dA @ self.Wx.T, dA @ self.Wh.T, ds * f


class GRU:
    """h' = z*n + (1-z)*h  (the paper's way round, not PyTorch's)"""

    def __init__(self, D, H, seed=0):
        r = np.random.RandomState(seed)
        self.Wz, self.Wr, self.Wn = [r.randn(D + H, H) * .4 for _ in range(3)]

    def forward(self, x, h):
        self.x, self.h = x, h
        xh = np.hstack([x, h])
        self.z, self.r = sig(xh @ self.Wz), sig(xh @ self.Wr)
        self.xrh = np.hstack([x, self.r * h])
        self.n = np.tanh(self.xrh @ self.Wn)
        return self.z * self.n + (1 - self.z) * h

    def backward(self, d):
        D = self.x.shape[1]
        dn = d * self.z * (1 - self.n ** 2)
        dz = d * (self.n - self.h) * self.z * (1 - self.z)
        dxrh = dn @ self.Wn.T
        drh = dxrh[:, D:]
        dr = drh * self.h * self.r * (1 - self.r)
        dxh = dz @ self.Wz.T + dr @ self.Wr.T
        xh = np.hstack([self.x, self.h])
        self.dWz, self.dWr, self.dWn = xh.T @ dz, xh.T @ dr, self.xrh.T @ dn
        return dxrh[:, :D] + dxh[:, :D], d * (1 - self.z) + drh * self.r + dxh[:, D:]
