import numpy as np


class Dropout:
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, training=True):
        if not training:
            return x
        self.mask = np.random.rand(*x.shape) >= self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dout):
        return dout * self.mask


class InvertedDropout:
    def __init__(self, rate=0.3, seed=0):
        self.rate = rate
        self.rng = np.random.default_rng(seed)

    def _mask(self, shape):
        return (self.rng.random(shape) > self.rate) / (1.0 - self.rate)

    def forward(self, x):
        return x * self._mask(x.shape)

    def backward(self, dout):
        return dout * self._mask(dout.shape)


class DropoutAlways:
    """Dropout(p): train=True while training, train=False for the test set."""

    def __init__(self, p=0.5):
        self.p = p
        self.train = True

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) < 1 - self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask if self.train else grad
