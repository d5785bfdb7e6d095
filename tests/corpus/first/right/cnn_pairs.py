import numpy as np


def conv_forward(x, w, b, stride=1, pad=0):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    Ho, Wo = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    out = np.empty((N, F, Ho, Wo), dtype=x.dtype)
    for i in range(Ho):
        for j in range(Wo):
            win = xp[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            out[:, :, i, j] = np.einsum("nchw,fchw->nf", win, w) + b
    return out, (x, w, b, stride, pad)


def conv_backward(dout, cache):
    x, w, b, stride, pad = cache
    HH, WW = w.shape[2:]
    xp = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            sl = np.s_[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            dw += np.einsum("nf,nchw->fchw", dout[:, :, i, j], xp[sl])
            dxp[sl] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], w)
    H, W = x.shape[2:]
    return dxp[:, :, pad:pad + H, pad:pad + W], dw, db


class MaxPool2d:
    def __init__(self, kernel_size=2, stride=None):
        self.k = kernel_size
        self.s = stride or kernel_size

    def forward(self, x):
        self.x_shape = x.shape
        n, c, h, w = x.shape
        oh, ow = (h - self.k) // self.s + 1, (w - self.k) // self.s + 1
        out = np.empty((n, c, oh, ow), dtype=x.dtype)
        self.arg = np.empty((n, c, oh, ow), dtype=int)
        for i in range(oh):
            for j in range(ow):
                flat = x[:, :, i * self.s:i * self.s + self.k, j * self.s:j * self.s + self.k].reshape(n, c, -1)
                self.arg[:, :, i, j] = flat.argmax(axis=2)
                out[:, :, i, j] = flat.max(axis=2)
        return out

    def backward(self, dout):
        n, c, oh, ow = dout.shape
        dx = np.zeros(self.x_shape, dtype=dout.dtype)
        bi, ci = np.indices((n, c))
        for i in range(oh):
            for j in range(ow):
                a = self.arg[:, :, i, j]
                np.add.at(dx, (bi, ci, i * self.s + a // self.k, j * self.s + a % self.k), dout[:, :, i, j])
        return dx


class AvgPool2d:
    def __init__(self, kernel_size=2):
        self.k = kernel_size

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        self.shape = x.shape
        self.oh, self.ow = h // k, w // k
        x = x[:, :, :self.oh * k, :self.ow * k]
        return x.reshape(n, c, self.oh, k, self.ow, k).mean(axis=(3, 5))

    def backward(self, dout):
        k = self.k
        dx = np.zeros(self.shape, dtype=dout.dtype)
        dx[:, :, :self.oh * k, :self.ow * k] = np.repeat(np.repeat(dout, k, axis=2), k, axis=3) / (k * k)
        return dx


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dout):
        return dout.reshape(self.shape)
