import numpy as np


class SoftmaxLayer:
    """Turns the scores of the last layer into probabilities."""

    def forward(self, scores):
        shifted = scores - np.max(scores)
        e = np.exp(shifted)
        self.out = e / np.sum(e)
        return self.out

    def backward(self, dout):
        s = self.out
        return s * (dout - np.sum(dout * s))


class BatchSoftmax:
    def forward(self, x):
        """x: (batch, classes)"""
        z = x - x.max(axis=0)
        self.p = np.exp(z) / np.exp(z).sum(axis=0)
        return self.p

    def backward(self, g):
        return self.p * (g - (g * self.p).sum(axis=0))


class LogSoftmax:
    def forward(self, x):
        z = x - x.max(axis=1, keepdims=True)
        e = np.exp(z)
        self.p = e / e.sum(axis=1, keepdims=True)
        return np.log(self.p)

    def backward(self, g):
        return g - self.p * g.sum(axis=1, keepdims=True)
