"""Convolution and pooling with plain loops (slow but readable). Layout is N, C, H, W."""
import numpy as np


def conv_forward(x, w, b, stride=1, pad=0):
    """w: (F, C, HH, WW), b: (F,)"""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    Ho = 1 + (H + 2 * pad - HH) // stride
    Wo = 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, Ho, Wo), dtype=x.dtype)
    for i in range(Ho):
        for j in range(Wo):
            win = xp[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            out[:, :, i, j] = np.tensordot(win, w, axes=([1, 2, 3], [1, 2, 3])) + b
    return out, (x, w, b, stride, pad)


def conv_backward(dout, cache):
    x, w, b, stride, pad = cache
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = dout.sum(axis=0)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            hs, ws = i * stride, j * stride
            win = xp[:, :, hs:hs + HH, ws:ws + WW]
            d = dout[:, :, i, j]
            dw += np.tensordot(d, win, axes=([0], [0]))
            dxp[:, :, hs:hs + HH, ws:ws + WW] += np.tensordot(d, w, axes=([1], [0]))
    dx = dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]
    return dx, dw, db


class Conv2D:
    def __init__(self, in_channels, out_channels, kernel_size):
        k = kernel_size
        self.W = np.random.randn(out_channels, in_channels, k, k) * np.sqrt(2.0 / (in_channels * k * k))
        self.b = np.zeros(out_channels)
        self.k = k

    def forward(self, x):
        self.x = x
        N, C, H, W = x.shape
        k = self.k
        y = np.zeros((N, self.W.shape[0], H - k + 1, W - k + 1))
        for i in range(H - k + 1):
            for j in range(W - k + 1):
                patch = x[:, :, i:i + k, j:j + k]
                y[:, :, i, j] = np.einsum("nchw,fchw->nf", patch, self.W) + self.b
        return y

    def backward(self, dy):
        k = self.k
        self.dW = np.zeros_like(self.W)
        self.db = dy.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                patch = self.x[:, :, i:i + k, j:j + k]
                self.dW = np.einsum("nf,nchw->fchw", dy[:, :, i, j], patch)
                dx[:, :, i:i + k, j:j + k] += np.einsum("nf,fchw->nchw", dy[:, :, i, j], self.W)
        return dx


class MaxPool2D:
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        s = self.size
        N, C, H, W = x.shape
        self.x = x
        self.blocks = x.reshape(N, C, H // s, s, W // s, s)
        self.out = self.blocks.max(axis=(3, 5))
        return self.out

    def backward(self, dout):
        mask = self.blocks == self.out[:, :, :, None, :, None]
        return mask.reshape(self.x.shape).astype(self.x.dtype)


class AvgPool2D:
    def __init__(self, size=2):
        self.size = size

    def forward(self, x):
        s = self.size
        N, C, H, W = x.shape
        self.shape = x.shape
        return x.reshape(N, C, H // s, s, W // s, s).mean(axis=(3, 5))

    def backward(self, dout):
        s = self.size
        return dout.repeat(s, axis=2).repeat(s, axis=3)


class Conv1D:
    """Valid convolution (really: cross-correlation) of (N, C, L) with stride 1."""

    def __init__(self, in_channels, out_channels, kernel_size):
        self.W = np.random.randn(out_channels, in_channels, kernel_size) * 0.1
        self.b = np.zeros(out_channels)

    def forward(self, x):
        self.x = x
        K = self.W.shape[2]
        L_out = x.shape[2] - K
        out = np.zeros((x.shape[0], self.W.shape[0], L_out))
        for t in range(L_out):
            out[:, :, t] = np.einsum("nck,fck->nf", x[:, :, t:t + K], self.W) + self.b
        return out

    def backward(self, dout):
        K = self.W.shape[2]
        self.dW = np.zeros_like(self.W)
        self.db = dout.sum((0, 2))
        dx = np.zeros_like(self.x)
        for t in range(dout.shape[2]):
            self.dW += np.einsum("nf,nck->fck", dout[:, :, t], self.x[:, :, t:t + K])
            dx[:, :, t:t + K] += np.einsum("nf,fck->nck", dout[:, :, t], self.W)
        return dx
