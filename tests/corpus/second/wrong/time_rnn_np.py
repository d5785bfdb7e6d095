import numpy as np


class TimeRNN:
    """x (N, T, D) -> h (N, T, H); starts with zeros"""

    def __init__(self, Wx, Wh, b):
        self.Wx, self.Wh, self.b = Wx, Wh, b

    def forward(self, xs):
        N, T, D = xs.shape
        H = self.Wh.shape[0]
        self.xs = xs
        self.hs = np.zeros((N, T + 1, H), dtype=xs.dtype)
        for t in range(T):
            self.hs[:, t + 1] = np.tanh(xs[:, t] @ self.Wx + self.hs[:, t] @ self.Wh + self.b)
        return self.hs[:, 1:].copy()

    def backward(self, dhs):
        N, T, H = dhs.shape
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dxs = np.empty_like(self.xs)
        for t in reversed(range(T)):
            da = dhs[:, t] * (1 - self.hs[:, t + 1] ** 2)
            self.dWx += self.xs[:, t].T @ da
            self.dWh += self.hs[:, t].T @ da
            self.db += da.sum(axis=0)
            dxs[:, t] = da @ self.Wx.T
        return dxs
