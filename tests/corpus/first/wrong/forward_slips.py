import numpy as np


class BatchNorm:
    """Batch normalization with the statistics of the batch (training only)."""

    def __init__(self, features, eps=1e-5):
        self.gamma = np.ones(features)
        self.beta = np.zeros(features)
        self.eps = eps

    def forward(self, x):
        n = x.shape[0]
        self.xc = x - x.mean(axis=0)
        var = (self.xc ** 2).sum(axis=0) / (n - 1)
        self.istd = 1.0 / np.sqrt(var + self.eps)
        self.xhat = self.xc * self.istd
        return self.gamma * self.xhat + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dgamma = (dout * self.xhat).sum(axis=0)
        self.dbeta = dout.sum(axis=0)
        d = dout * self.gamma
        return self.istd * (d - d.mean(axis=0) - self.xhat * (d * self.xhat).sum(axis=0) / (n - 1))


class GELU:
    """tanh approximation"""

    def forward(self, x):
        self.x = x
        self.c = np.sqrt(2 * np.pi)
        self.t = np.tanh(self.c * (x + 0.044715 * x ** 3))
        return 0.5 * x * (1 + self.t)

    def backward(self, dout):
        du = self.c * (1 + 3 * 0.044715 * self.x ** 2)
        return dout * (0.5 * (1 + self.t) + 0.5 * self.x * (1 - self.t ** 2) * du)


class ELU:
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.alpha * np.exp(np.minimum(x, 0)))

    def backward(self, dout):
        return dout * np.where(self.x > 0, 1, self.alpha * np.exp(np.minimum(self.x, 0)))


class Flatten:
    """Makes a row out of every image."""

    def forward(self, x):
        self.shape = x.shape
        return x.ravel()

    def backward(self, dout):
        return dout.reshape(self.shape)


class TanhShrink:
    # x - tanh(x)
    def forward(self, x):
        self.t = np.tanh(x)
        return x - self.t

    def backward(self, dout):
        return -dout * self.t ** 2
