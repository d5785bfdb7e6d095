import numpy as np


def _softmax(x):
    x = x - x.max(-1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors):
    y_hat = _softmax(outsideVectors.dot(centerWordVec))
    loss = -np.log(y_hat[outsideWordIdx])
    y_hat[outsideWordIdx] -= 1.0
    return loss, outsideVectors.T.dot(y_hat), y_hat[:, np.newaxis] * centerWordVec[np.newaxis, :]


def negSamplingLossAndGradient(v_c, o, U, negs):
    idx = [o] + list(negs)
    sign = np.r_[1.0, -np.ones(len(negs))]
    z = sign * (U[idx] @ v_c)
    loss = np.logaddexp(0, -z).sum()
    d = -sign / (1 + np.exp(z))
    gU = np.zeros(U.shape)
    np.add.at(gU, idx, d[:, None] * v_c)
    return loss, d @ U[idx], gU


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        W, = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None


def glove(W, C, bw, bc, X):
    """half weighted squares; zero counts do not matter"""
    f = np.where(X < 100, (X / 100.) ** .75, 1.0)
    with np.errstate(divide="ignore"):
        L = np.where(X > 0, np.log(X), 0.)
    E = W @ C.T + bw[:, None] + bc - L
    fE = f * E
    return 0.5 * (fE * E).sum(), (fE @ C, fE.T @ W, fE.sum(1), fE.sum(0))
