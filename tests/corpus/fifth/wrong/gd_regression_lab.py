import numpy as np
import math


def predict(x, w, b):
    return x @ w + b


def compute_cost(X, y, w, b):
    """
    cost = 1/(2m) * sum (f - y)^2
    """
    m = X.shape[0]
    e = predict(X, w, b) - y
    return np.sum(e ** 2) / (2 * m)


def compute_gradients(X, y, w, b):
    """
    Args:
      X (ndarray (m,n)): data    y (ndarray (m,)): targets
      w (ndarray (n,)) : weights b (scalar)
    Returns:
      dj_dw (ndarray (n,)), dj_db (scalar)
    """
    m, n = X.shape
    err = (predict(X, w, b) - y).reshape(m, 1)
    dj_dw = X.T @ err / m
    dj_db = float(err.sum() / m)
    return dj_dw, dj_db


class LogisticRegressionGD:
    """Binary logistic regression, plain gradient descent."""

    def __init__(self, eta=0.1, epochs=200):
        self.eta = eta
        self.epochs = epochs

    def _sigmoid(self, z):
        return 1.0 / (1.0 + np.exp(-np.clip(z, -250, 250)))

    def loss(self, X, y):
        p = self._sigmoid(X @ self.w + self.b)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    def grads(self, X, y):
        m = len(y)
        p = self._sigmoid(X @ self.w + self.b)
        grad_w = X.T @ (p - y) / m
        grad_b = np.sum(p - y)
        return grad_w, grad_b

    def fit(self, X, y):
        self.w = np.zeros(X.shape[1])
        self.b = 0.0
        self.history = []
        for _ in range(self.epochs):
            gw, gb = self.grads(X, y)
            self.w = self.w - self.eta * gw
            self.b = self.b - self.eta * gb
            self.history.append(self.loss(X, y))
        return self


def ridge_loss_and_grad(params, X, y, lam=0.1):
    """ L = mean((Xw+b-y)^2) + lam*||w||^2 """
    w, b = params["w"], params["b"]
    r = X @ w + b - y
    L = np.mean(r ** 2) + lam * np.sum(w ** 2)
    g = {
        "w": 2 * X.T @ r / len(y) + lam * w,
        "b": 2 * np.mean(r),
    }
    return L, g
