"""Convolution and pooling with plain loops, layout (batch, channels, height, width)."""
import numpy as np


class Conv2D:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
        self.stride, self.padding = stride, padding
        scale = np.sqrt(2.0 / (in_channels * kernel_size * kernel_size))
        self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size) * scale
        self.b = np.zeros(out_channels)

    def forward(self, x):
        p, s = self.padding, self.stride
        self.x_pad = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        n, _, h, w = self.x_pad.shape
        f, _, kh, kw = self.W.shape
        oh, ow = (h - kh) // s + 1, (w - kw) // s + 1
        out = np.zeros((n, f, oh, ow), dtype=x.dtype)
        for i in range(oh):
            for j in range(ow):
                patch = self.x_pad[:, :, i * s:i * s + kh, j * s:j * s + kw]
                out[:, :, i, j] = np.tensordot(patch, self.W, axes=([1, 2, 3], [1, 2, 3])) + self.b
        return out

    def backward(self, dout):
        p, s = self.padding, self.stride
        _, _, kh, kw = self.W.shape
        self.db = dout.sum(axis=(0, 2, 3))
        self.dW = np.zeros_like(self.W)
        dx = np.zeros_like(self.x_pad)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                patch = self.x_pad[:, :, i * s:i * s + kh, j * s:j * s + kw]
                self.dW += np.tensordot(dout[:, :, i, j], patch, axes=([0], [0]))
                dx[:, :, i * s:i * s + kh, j * s:j * s + kw] = np.tensordot(dout[:, :, i, j], self.W, axes=([1], [0]))
        return dx[:, :, p:dx.shape[2] - p, p:dx.shape[3] - p]


class MaxPool2D:
    def __init__(self, pool_size=2, stride=2):
        self.k, self.s = pool_size, stride

    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        oh, ow = (h - self.k) // self.s + 1, (w - self.k) // self.s + 1
        out = np.zeros((n, c, oh, ow), dtype=x.dtype)
        for i in range(oh):
            for j in range(ow):
                win = x[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k]
                out[:, :, i, j] = win.max(axis=(2, 3))
        self.out = out
        return out

    def backward(self, dout):
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                rows = slice(i * self.s, i * self.s + self.k)
                cols = slice(j * self.s, j * self.s + self.k)
                mask = self.x[:, :, rows, cols] == self.out[:, :, i:i + 1, j:j + 1]
                dx[:, :, rows, cols] += mask
        return dx


class AvgPool2D:
    def __init__(self, pool_size=2, stride=2):
        self.k, self.s = pool_size, stride

    def forward(self, x):
        self.shape, self.dtype = x.shape, x.dtype
        n, c, h, w = x.shape
        oh, ow = (h - self.k) // self.s + 1, (w - self.k) // self.s + 1
        out = np.zeros((n, c, oh, ow), dtype=x.dtype)
        for i in range(oh):
            for j in range(ow):
                out[:, :, i, j] = x[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k].mean(axis=(2, 3))
        return out

    def backward(self, dout):
        dx = np.zeros(self.shape, dtype=self.dtype)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                dx[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k] += dout[:, :, i:i + 1, j:j + 1]
        return dx


class Flatten:
    def forward(self, x):
        return x.reshape(x.shape[0], -1)

    def backward(self, dout):
        return dout
