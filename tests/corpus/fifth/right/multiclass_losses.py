import numpy as np


def svm_naive(W, X, y, reg):
    N, C = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros_like(W)
    for i in range(N):
        s = X[i] @ W
        for j in range(C):
            if j == y[i]:
                continue
            m = s[j] - s[y[i]] + 1.0
            if m > 0:
                loss += m
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    return loss / N + reg * (W ** 2).sum(), dW / N + 2 * reg * W


def svm_loss(x, y):
    """scores x (N,C) -> loss, dx"""
    n = x.shape[0]
    m = np.maximum(0, x - x[range(n), y].reshape(-1, 1) + 1)
    m[range(n), y] = 0
    loss = m.sum() / n
    dx = np.where(m > 0, 1.0, 0.0)
    dx[range(n), y] -= dx.sum(axis=1)
    return loss, dx / n


def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    logp = shifted - np.log(Z)
    N = x.shape[0]
    loss = -np.sum(logp[np.arange(N), y]) / N
    dx = np.exp(logp)
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def binary_hinge(w, X, t, C=1.0):
    """ 0.5|w|^2 + C sum max(0, 1 - t w.x),  t = +-1 """
    m = 1 - t * (X @ w)
    v = m > 0
    return 0.5 * w @ w + C * m[v].sum(), w - C * (t[v][:, None] * X[v]).sum(axis=0)


def one_vs_all(W, X, Y):
    """sigmoid cross entropy summed over the classes, mean over the examples; examples are columns. W (K,D) X (D,M) Y (K,M)"""
    S = W @ X
    M = X.shape[1]
    J = (np.maximum(S, 0) - S * Y + np.log1p(np.exp(-np.abs(S)))).sum() / M
    P = np.exp(-np.logaddexp(0, -S))
    return J, (P - Y) @ X.T / M
