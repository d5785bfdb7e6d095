"""A whole network in one class; backward() fills self.grads."""
import numpy as np


class TwoLayerNet:
    """affine - relu - affine - softmax cross entropy (mean over the batch)"""

    def __init__(self, input_size, hidden_size, output_size, std=0.3, seed=1):
        rng = np.random.RandomState(seed)
        self.params = {
            "W1": std * rng.randn(input_size, hidden_size),
            "b1": np.zeros(hidden_size),
            "W2": std * rng.randn(hidden_size, output_size),
            "b2": np.zeros(output_size),
        }
        self.grads = {}

    def forward(self, X):
        self.X = X
        self.z1 = X @ self.params["W1"] + self.params["b1"]
        self.a1 = np.maximum(0, self.z1)
        return self.a1 @ self.params["W2"] + self.params["b2"]

    def loss(self, X, y):
        scores = self.forward(X)
        scores = scores - scores.max(axis=1, keepdims=True)
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        self.probs = np.exp(logp)
        self.y = y
        return -logp[np.arange(len(y)), y].mean()

    def backward(self):
        n = len(self.y)
        d = self.probs.copy()
        d[np.arange(n), self.y] -= 1
        d /= n
        self.grads["W2"] = self.a1.T @ d
        self.grads["b2"] = d.sum(axis=0)
        da1 = d @ self.params["W2"].T
        self.grads["W1"] = self.X.T @ da1
        self.grads["b1"] = da1.sum(axis=0)
        return self.grads


class LogisticRegression:
    """p = sigmoid(Xw + b), mean binary cross entropy"""

    def __init__(self, n_features):
        self.w = np.linspace(-1, 1, n_features)
        self.b = 0.0
        self.grads = {}

    def forward(self, X):
        return 1 / (1 + np.exp(-(X @ self.w + self.b)))

    def loss(self, X, y):
        p = self.forward(X)
        self.X, self.y, self.p = X, y, p
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def backward(self):
        d = (self.p - self.y) / len(self.y)
        self.grads["w"] = self.X.T @ d
        self.grads["b"] = d
        return self.grads
