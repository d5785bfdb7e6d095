import numpy as np


def softmax(s, axis):
    e = np.exp(s - s.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class ScaledDotAttention:
    """softmax(Q K^T / sqrt(d)) V      q (B,Tq,d) k (B,Tk,d) v (B,Tk,dv); every query distributes a weight of one over the keys"""

    def forward(self, q, k, v):
        self.scale = q.shape[-1] ** -0.5
        s = q @ k.transpose(0, 2, 1) * self.scale
        self.a = softmax(s, axis=1)
        self.q, self.k, self.v = q, k, v
        return self.a @ v

    def backward(self, do):
        dv = self.a.transpose(0, 2, 1) @ do
        da = do @ self.v.transpose(0, 2, 1)
        ds = self.a * (da - (da * self.a).sum(axis=1, keepdims=True)) * self.scale
        return ds @ self.k, ds.transpose(0, 2, 1) @ self.q, dv


def attention_fwd(Q, K, V):
    d = Q.shape[-1]
    A = softmax(Q @ K.T / np.sqrt(d), axis=-1)
    return A @ V, (Q, K, V, A)


def attention_bwd(dO, cache):
    Q, K, V, A = cache
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - np.sum(dA * A, axis=-1, keepdims=True)) / np.sqrt(Q.shape[-1])
    dQ = dS.T @ Q
    dK = dS @ K
    return dQ, dK, dV
