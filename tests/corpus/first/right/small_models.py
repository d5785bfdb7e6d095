import numpy as np


class TwoLayerNet:
    def __init__(self, input_dim=4, hidden_dim=6, num_classes=3, reg=0.1):
        rng = np.random.default_rng(0)
        self.reg = reg
        self.params = {
            "W1": 0.3 * rng.standard_normal((input_dim, hidden_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": 0.3 * rng.standard_normal((hidden_dim, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def loss(self, X, y):
        p, n = self.params, len(X)
        hidden = np.maximum(0, X @ p["W1"] + p["b1"])
        scores = hidden @ p["W2"] + p["b2"]
        scores = scores - scores.max(axis=1, keepdims=True)
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(n), y].mean() + 0.5 * self.reg * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
        ds = np.exp(logp)
        ds[np.arange(n), y] -= 1
        ds /= n
        dh = ds @ p["W2"].T * (hidden > 0)
        grads = {
            "W2": hidden.T @ ds + self.reg * p["W2"], "b2": ds.sum(axis=0),
            "W1": X.T @ dh + self.reg * p["W1"], "b1": dh.sum(axis=0),
        }
        return loss, grads


class LinearRegression:
    def __init__(self, n_features=3):
        self.w = np.linspace(-1, 1, n_features)
        self.b = 0.0

    def loss(self, X, y):
        e = X @ self.w + self.b - y
        grads = {"w": 2 * X.T @ e / len(y), "b": 2 * e.mean()}
        return np.mean(e ** 2), grads
