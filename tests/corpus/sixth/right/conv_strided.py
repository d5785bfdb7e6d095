"""Convolutions and pooling on strided views; no Python loop over pixels."""
from __future__ import annotations
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Conv2d:
    """NCHW, cross-correlation, groups, stride, zero padding."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1, rng=None):
        rng = np.random.default_rng(0) if rng is None else rng
        self.stride, self.padding, self.groups = stride, padding, groups
        k = kernel_size
        fan_in = in_channels // groups * k * k
        self.weight = rng.standard_normal((out_channels, in_channels // groups, k, k)) / np.sqrt(fan_in)
        self.bias = np.zeros(out_channels)
        self.grads: dict[str, np.ndarray] = {}

    def _windows(self, x):
        p, s = self.padding, self.stride
        k = self.weight.shape[-1]
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        win = sliding_window_view(xp, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        n, c, h, w = win.shape[:4]
        return win.reshape(n, self.groups, c // self.groups, h, w, k, k), xp.shape

    def _grouped_weight(self):
        g = self.groups
        return self.weight.reshape(g, self.weight.shape[0] // g, *self.weight.shape[1:])

    def forward(self, x):
        self.x = x
        win, _ = self._windows(x)
        y = np.einsum("ngchwij,gocij->ngohw", win, self._grouped_weight(), optimize=True)
        return y.reshape(y.shape[0], -1, *y.shape[3:]) + self.bias[:, None, None]

    __call__ = forward

    def backward(self, dy):
        win, padded = self._windows(self.x)
        n, _, h, w = dy.shape
        g, s, p = self.groups, self.stride, self.padding
        dyg = dy.reshape(n, g, -1, h, w)
        dw = np.einsum("ngchwij,ngohw->gocij", win, dyg, optimize=True)
        self.grads["weight"] = dw.reshape(self.weight.shape)
        self.grads["bias"] = dy.sum((0, 2, 3))
        k = self.weight.shape[-1]
        dxp = np.zeros(padded, dtype=dy.dtype)
        view = dxp.reshape(n, g, -1, *padded[2:])
        gw = self._grouped_weight()
        for i in range(k):
            for j in range(k):
                view[..., i:i + s * h:s, j:j + s * w:s] += np.einsum("ngohw,goc->ngchw", dyg, gw[..., i, j])
        return dxp[:, :, p:padded[2] - p, p:padded[3] - p]


class MaxPool2d:
    def __init__(self, kernel_size, stride=None):
        self.k = kernel_size
        self.s = stride or kernel_size

    def forward(self, x):
        k, s = self.k, self.s
        win = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::s, ::s]
        flat = win.reshape(*win.shape[:4], k * k)
        self._arg = flat.argmax(-1)
        self._shape = x.shape
        return np.take_along_axis(flat, self._arg[..., None], -1)[..., 0]

    def backward(self, dy):
        dx = np.zeros(self._shape, dy.dtype)
        n, c, h, w = np.indices(dy.shape)
        rows = h * self.s + self._arg // self.k
        cols = w * self.s + self._arg % self.k
        np.add.at(dx, (n, c, rows, cols), dy)     # windows may overlap
        return dx


class AvgPool2d:
    def __init__(self, kernel_size, stride=None):
        self.k, self.s = kernel_size, stride or kernel_size

    def forward(self, x):
        self._shape = x.shape
        win = sliding_window_view(x, (self.k, self.k), axis=(2, 3))
        return win[:, :, ::self.s, ::self.s].mean((-2, -1))

    def backward(self, dy):
        dx = np.zeros(self._shape, dy.dtype)
        share = dy / self.k**2
        h, w = dy.shape[2:]
        for i in range(self.k):
            for j in range(self.k):
                dx[:, :, i:i + self.s * h:self.s, j:j + self.s * w:self.s] += share
        return dx
