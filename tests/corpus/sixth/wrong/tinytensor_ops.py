import numpy as np


class Function:
    def __init__(self):
        self.saved = None

    def __call__(self, *arrays):
        return self.forward(*arrays)


class GLU(Function):
    """a * sigmoid(b); backward returns (da, db)."""

    def forward(self, a, b):
        s = 1 / (1 + np.exp(-b))
        self.saved = a, s
        return a * s

    def backward(self, g):
        a, s = self.saved
        return g * a * s * (1 - s), g * s


class LeakyReLU(Function):
    def __init__(self, slope=0.01):
        super().__init__()
        self.slope = np.float64(slope)

    def forward(self, x):
        self.saved = x > 0
        return np.where(self.saved, x, self.slope * x)

    def backward(self, g):
        return np.where(self.saved, g, self.slope * g).astype(g.dtype)


class ReLU6(Function):
    def forward(self, x):
        self.saved = x
        return np.clip(x, 0, 6)

    def backward(self, g):
        x = self.saved
        return g * ((x > 0) & (x < 6)).astype(np.float64)


class HardTanh(Function):
    mask = None

    def forward(self, x):
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = np.abs(x) < 1      # allocate once, then reuse the buffer
        return np.clip(x, -1, 1)

    def backward(self, g):
        return g * self.mask


class ReLU(Function):
    def forward(self, x):
        x[x < 0] = 0
        self.saved = x > 0
        return x

    def backward(self, g):
        return g * self.saved


class MaskedReLU(Function):
    def forward(self, x):
        self.saved = x <= 0
        return np.maximum(x, 0)

    def backward(self, g):
        g[self.saved] = 0
        return g


class PReLU(Function):
    """One learnable slope per channel, x is (N, C)."""

    def __init__(self, channels, init=0.25):
        super().__init__()
        self.weight = np.full(channels, init)
        self.grad_weight = None

    def forward(self, x):
        self.saved = x
        return np.where(x > 0, x, self.weight * x)

    def backward(self, g):
        x = self.saved
        self.grad_weight = g * np.minimum(x, 0)
        return np.where(x > 0, g, self.weight * g)


class LogSigmoid(Function):
    def forward(self, x):
        self.saved = 1 / (1 + np.exp(-x))
        return np.log(self.saved)

    def backward(self, g):
        return g * (1 - self.saved)


class LeakyRectifier(Function):
    """max(x, 0) + slope * min(x, 0)"""

    def __init__(self, slope=0.01):
        super().__init__()
        self.slope = slope

    def forward(self, x):
        self.saved = x
        return np.maximum(x, 0) + self.slope * np.minimum(x, 0)

    def backward(self, g):
        x = self.saved
        return g * ((x >= 0) + self.slope * (x <= 0))
