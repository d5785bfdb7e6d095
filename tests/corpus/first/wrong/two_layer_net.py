"""Two-layer net in one class, loss(X, y) gives the loss and all gradients."""
import numpy as np


class TwoLayerNet:
    def __init__(self, input_dim=4, hidden_dim=6, num_classes=3, weight_scale=0.3, reg=0.1):
        rng = np.random.default_rng(0)
        self.reg = reg
        self.params = {
            "W1": weight_scale * rng.standard_normal((input_dim, hidden_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": weight_scale * rng.standard_normal((hidden_dim, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def loss(self, X, y):
        W1, b1, W2, b2 = (self.params[k] for k in ("W1", "b1", "W2", "b2"))
        N = X.shape[0]
        hidden = np.maximum(0, X @ W1 + b1)
        scores = hidden @ W2 + b2
        scores = scores - scores.max(axis=1, keepdims=True)
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -logp[np.arange(N), y].mean() + 0.5 * self.reg * (np.sum(W1 ** 2) + np.sum(W2 ** 2))

        dscores = np.exp(logp)
        dscores[np.arange(N), y] -= 1
        dscores /= N
        grads = {"W2": hidden.T @ dscores + self.reg * W2, "b2": dscores.sum(axis=0)}
        dhidden = dscores @ W2.T
        grads["W1"] = X.T @ dhidden + self.reg * W1
        grads["b1"] = dhidden.sum(axis=0)
        return loss, grads


class LogisticRegression:
    def __init__(self, n_features=4, lam=0.5):
        self.w = np.linspace(-0.5, 0.5, n_features)
        self.b = 0.1
        self.lam = lam

    def loss(self, X, y):
        """y in {0, 1}; returns loss, grads"""
        z = X @ self.w + self.b
        p = 1 / (1 + np.exp(-z))
        loss = np.mean(np.logaddexp(0, z) - y * z) + self.lam * np.sum(self.w ** 2)
        grads = {"w": X.T @ (p - y) / len(y) + self.lam * self.w, "b": np.mean(p - y)}
        return loss, grads
