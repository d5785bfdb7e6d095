import numpy as np


class Attention:
    """single head, causal"""

    def __call__(self, Q, K, V):
        T, d = Q.shape
        S = Q @ K.T / np.sqrt(d)
        S = np.where(np.tril(np.ones((T, T), bool)), S, -1e30)
        P = np.exp(S - S.max(1, keepdims=True))
        self.P = P / P.sum(1, keepdims=True)
        self.saved = Q, K, V
        return self.P @ V

    def backward(self, dO):
        Q, K, V = self.saved
        dP = dO @ V.T
        dS = self.P * (dP - np.sum(dP * self.P, 1, keepdims=True)) / np.sqrt(Q.shape[1])
        return dS @ K, dS.T @ Q, self.P.T @ dO


class Dropout:
    def __init__(self, p=0.3, seed=None):
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.train = True

    def forward(self, x):
        self.mask = 1.0
        if self.train and self.p > 0:
            self.mask = (self.rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask
