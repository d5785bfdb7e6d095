import numpy as np


class ReLU:
    """Keeps the masks of all calls, so that the layer can be used more than once."""

    def __init__(self):
        self.masks = []

    def forward(self, x):
        self.masks.append(x > 0)
        return np.where(x > 0, x, 0)

    def backward(self, dout):
        return dout * self.masks[0]


class Sigmoid:
    def __init__(self):
        self.out = None

    def forward(self, x):
        if self.out is None or self.out.shape != x.shape:
            self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class LeakyReLU:
    def __init__(self, alpha=0.01):
        self.alpha = alpha

    def forward(self, x):
        self.neg = x < 0
        x[self.neg] *= self.alpha
        return x

    def backward(self, dout):
        return np.where(self.neg, self.alpha * dout, dout)


class Elu:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.out = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return self.out

    def backward(self, dout):
        dout *= np.where(self.out > 0, 1.0, self.out + self.alpha)
        return dout


class HardTanh:
    def forward(self, x):
        self.mask = (x > -1) & (x < 1)
        return np.clip(x, -1, 1)

    def backward(self, dout):
        return dout * self._mask


class HardSigmoid:
    def forward(self, x):
        self.x = x
        return np.clip(x / 6 + 0.5, 0, 1)

    def backward(self, dout):
        return dout * ((self.x > -3) & (self.x < 3))
