from __future__ import annotations
import numpy as np


def init_params(D, H, C, seed=0):
    rng = np.random.RandomState(seed)
    return {
        "W1": 0.3 * rng.randn(D, H), "b1": np.zeros(H),
        "W2": 0.3 * rng.randn(H, C), "b2": np.zeros(C),
    }


def loss_and_grad(params: dict, X: np.ndarray, y: np.ndarray):
    """two layer network, relu, softmax cross entropy (mean)"""
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N = X.shape[0]
    z1 = X @ W1 + b1
    h = np.maximum(z1, 0)
    z2 = h @ W2 + b2
    z2 = z2 - z2.max(1, keepdims=True)
    p = np.exp(z2)
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()

    d2 = p.copy()
    d2[np.arange(N), y] -= 1
    d2 /= N
    dh = d2 @ W2.T
    dh[z1 <= 0] = 0
    return loss, {"W2": h.T @ d2, "b2": d2.sum(0), "W1": X.T @ dh, "b1": dh}


class TwoLayerMSE:
    """ regression net: tanh hidden layer, E = 1/(2N) sum of squares """

    def __init__(self, n_in, n_hid, n_out, seed=1):
        r = np.random.RandomState(seed)
        self.W1, self.b1 = r.randn(n_in, n_hid) * .5, np.zeros(n_hid)
        self.W2, self.b2 = r.randn(n_hid, n_out) * .5, np.zeros(n_out)

    def forward(self, X):
        self.X = X
        self.a = np.tanh(X @ self.W1 + self.b1)
        return self.a @ self.W2 + self.b2

    def loss(self, X, T):
        return 0.5 * np.sum((self.forward(X) - T) ** 2) / len(X)

    def gradients(self, X, T):
        Y = self.forward(X)
        dY = (Y - T) / len(X)
        dA = dY @ self.W2.T
        dZ = dA                       # back through the hidden layer
        return dict(W1=X.T @ dZ, b1=dZ.sum(0), W2=self.a.T @ dY, b2=dY.sum(0))
