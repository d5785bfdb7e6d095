import numpy as np


class Conv2d:
    """stride 1, no padding. weight (F, C, k, k), bias (F,)"""

    def __init__(self, in_channels, out_channels, kernel_size, rng=None):
        rng = rng or np.random.default_rng(0)
        k = kernel_size
        self.weight = rng.normal(0, 0.1, (out_channels, in_channels, k, k))
        self.bias = np.zeros(out_channels)
        self.k = k

    def forward(self, x):
        self.x = x
        n, c, h, w = x.shape
        k = self.k
        oh, ow = h - k + 1, w - k + 1
        out = np.empty((n, self.weight.shape[0], oh, ow), dtype=x.dtype)
        for i in range(oh):
            for j in range(ow):
                patch = x[:, :, i:i + k, j:j + k]
                out[:, :, i, j] = np.tensordot(patch, self.weight, axes=([1, 2, 3], [1, 2, 3]))
        return out + self.bias.reshape(1, -1, 1, 1)

    def backward(self, dout):
        k = self.k
        self.dweight = np.zeros_like(self.weight)
        self.dbias = dout.sum(axis=0)
        dx = np.zeros_like(self.x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                g = dout[:, :, i, j]
                self.dweight += np.tensordot(g, self.x[:, :, i:i + k, j:j + k], axes=([0], [0]))
                dx[:, :, i:i + k, j:j + k] += np.tensordot(g, self.weight, axes=([1], [0]))
        return dx


class MaxPool2d:
    def __init__(self, kernel_size=2):
        self.k = kernel_size

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        self.x = x
        self.windows = x.reshape(n, c, h // k, k, w // k, k)
        self.out = self.windows.max(axis=(3, 5))
        return self.out

    def backward(self, dout):
        mask = self.windows == self.out[:, :, :, None, :, None]
        dx = mask * dout[:, :, :, None, :, None]
        return dx.reshape(self.x.shape)


class AvgPool2d:
    def __init__(self, kernel_size=2):
        self.k = kernel_size

    def forward(self, x):
        n, c, h, w = x.shape
        k = self.k
        self.shape = x.shape
        return x.reshape(n, c, h // k, k, w // k, k).mean(axis=(3, 5))

    def backward(self, dout):
        return dout.repeat(self.k, axis=2).repeat(self.k, axis=3)


class Flatten:
    def forward(self, x):
        self.shape = x.shape
        return x.reshape(x.shape[0], -1)

    def backward(self, dout):
        return dout


class Embedding:
    def __init__(self, W):
        self.W = W
        self.dW = np.zeros_like(W)

    def forward(self, idx):
        self.idx = idx
        return self.W[idx]

    def backward(self, dout):
        self.dW[...] = 0
        self.dW[self.idx] = dout
        return None
