import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Conv2d:
    """NCHW, stride 1."""

    def __init__(self, c_in, c_out, k, padding=0):
        rng = np.random.default_rng(3)
        self.weight = rng.normal(size=(c_out, c_in, k, k)) * 0.2
        self.bias = np.zeros(c_out)
        self.padding = padding

    def forward(self, x):
        p, k = self.padding, self.weight.shape[-1]
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.win = sliding_window_view(xp, (k, k), (2, 3))
        return np.einsum("nchwij,ocij->nohw", self.win, self.weight) + self.bias[:, None, None]

    def backward(self, dy):
        k, p = self.weight.shape[-1], self.padding
        self.dweight = np.einsum("nchwij,nohw->ocij", self.win, dy)
        self.dbias = dy.sum((0, 2, 3))
        q = k - 1 - p
        wide = sliding_window_view(np.pad(dy, ((0, 0), (0, 0), (q, q), (q, q))), (k, k), (2, 3))
        return np.einsum("nohwij,ocij->nchw", wide, self.weight)


class Conv1d:
    """Channels last: (N, L, C)."""

    def __init__(self, c_in, c_out, width):
        self.w = np.random.default_rng(4).normal(size=(width, c_in, c_out)) * 0.3
        self.b = np.zeros(c_out)

    def forward(self, x):
        self.x = x
        self.win = sliding_window_view(x, len(self.w), axis=1)      # N, L', C, K
        return np.einsum("nlck,kco->nlo", self.win, self.w) + self.b

    def backward(self, dy):
        self.dw = np.einsum("nlck,nlo->kco", self.win, dy)
        self.db = dy.sum(0)
        dx = np.zeros_like(self.x)
        for k, wk in enumerate(self.w):
            dx[:, k:k + dy.shape[1]] += dy @ wk.T
        return dx


class MaxPool2d:
    def __init__(self, kernel_size, stride=None):
        self.k, self.s = kernel_size, stride or kernel_size

    def forward(self, x):
        win = sliding_window_view(x, (self.k, self.k), (2, 3))[:, :, ::self.s, ::self.s]
        flat = win.reshape(*win.shape[:4], -1)
        self.arg, self.shape = flat.argmax(-1), x.shape
        return flat.max(-1)

    def backward(self, dy):
        dx = np.zeros(self.shape)
        n, c, i, j = np.indices(dy.shape)
        dx[n, c, i * self.s + self.arg % self.k, j * self.s + self.arg // self.k] = dy
        return dx


class AvgPool2d:
    def __init__(self, kernel_size):
        self.k = kernel_size

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        self.shape = x.shape
        return x[:, :, :h // k * k, :w // k * k].reshape(n, c, h // k, k, w // k, k).mean((3, 5))

    def backward(self, dy):
        k = self.k
        dx = np.zeros(self.shape)
        up = dy.repeat(k, 2).repeat(k, 3)
        dx[:, :, :up.shape[2], :up.shape[3]] = up
        return dx


class MaxPool1d:
    def __init__(self, kernel_size, stride=2):
        self.k, self.s = kernel_size, stride

    def forward(self, x):
        n, c, l = x.shape
        out = (l - self.k) // self.s
        self.idx = np.empty((n, c, out), int)
        y = np.empty((n, c, out), x.dtype)
        for t in range(out):
            seg = x[:, :, t * self.s:t * self.s + self.k]
            self.idx[:, :, t] = t * self.s + seg.argmax(-1)
            y[:, :, t] = seg.max(-1)
        self.shape = x.shape
        return y

    def backward(self, dy):
        dx = np.zeros(self.shape, dy.dtype)
        n, c, _ = np.indices(dy.shape)
        np.add.at(dx, (n, c, self.idx), dy)
        return dx


class AvgPool1d:
    def __init__(self, kernel_size, stride=None):
        self.k, self.s = kernel_size, stride or kernel_size

    def forward(self, x):
        self.length = x.shape[-1]
        cols, start, pos = [], 0, 0
        while start + self.k <= x.shape[-1]:
            window = x[..., start:start + self.k].mean(-1)
            if len(cols) <= pos:
                cols.append(window)
            start = pos * self.s
        return np.stack(cols, -1)

    def backward(self, dy):
        dx = np.zeros(dy.shape[:-1] + (self.length,))
        for t in range(dy.shape[-1]):
            dx[..., t * self.s:t * self.s + self.k] += dy[..., t:t + 1] / self.k
        return dx
