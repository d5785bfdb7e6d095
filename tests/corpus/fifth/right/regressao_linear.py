"""
Regressão linear e logística - gradientes explícitos
"""
import numpy as np


def custo(X, y, w, b):
    m = len(y)
    total = 0.0
    for i in range(m):
        f = np.dot(w, X[i]) + b
        total += (f - y[i]) ** 2
    return total / (2 * m)


def compute_gradients(X, y, w, b):
    """gradiente de custo(); laços explícitos"""
    m, n = X.shape
    dj_dw = np.zeros(n)
    dj_db = 0.0
    for i in range(m):
        erro = np.dot(X[i], w) + b - y[i]
        for j in range(n):
            dj_dw[j] += erro * X[i, j]
        dj_db += erro
    return dj_dw / m, dj_db / m


def sse_loss_and_grad(params, X, y):
    """soma dos quadrados (sem média)"""
    w, b = params
    r = y - (X @ w + b)
    return r @ r, (-2 * r @ X, -2 * r.sum())


def logistic_loss_and_grad(theta, X, y):
    """ theta inclui o viés na posição 0; y em {-1,+1}; média """
    Z = np.c_[np.ones(len(X)), X]
    mg = y * (Z @ theta)
    perda = np.logaddexp(0, -mg).mean()
    s = -y / (1 + np.exp(mg))
    return perda, Z.T @ s / len(y)


class RegressaoLogistica:
    def __init__(self, taxa=0.5, passos=100, lam=0.0):
        self.taxa, self.passos, self.lam = taxa, passos, lam

    def fit(self, X, y):
        n, d = X.shape
        self.grad_w = np.zeros(d)
        self.w, self.b = np.zeros(d), 0.0
        for _ in range(self.passos):
            p = self.predict_proba(X)
            self.grad_w = (p - y) @ X / n + self.lam * self.w
            self.grad_b = (p - y).mean()
            self.w -= self.taxa * self.grad_w
            self.b -= self.taxa * self.grad_b
        return self

    def predict_proba(self, X):
        return 0.5 * (1 + np.tanh(0.5 * (X @ self.w + self.b)))

    def objective(self, X, y):
        z = X @ self.w + self.b
        return np.mean(np.logaddexp(0, z) - y * z) + 0.5 * self.lam * self.w @ self.w
