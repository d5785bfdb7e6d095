import numpy as np
from random import shuffle


def svm_loss_naive(W, X, y, reg):
    """
    Structured SVM loss, naive version (loops).
    W: (D, C)   X: (N, D)   y: (N,)   reg: float
    Returns (loss, dW)
    """
    dW = np.zeros_like(W)
    C = W.shape[1]
    N = X.shape[0]
    loss = 0.0
    for i in range(N):
        s = X[i].dot(W)
        correct = s[y[i]]
        for j in range(C):
            if j == y[i]:
                continue
            margin = s[j] - correct + 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
    loss = loss / N + reg * np.sum(W * W)
    dW = dW / N + 2 * reg * W
    return loss, dW


def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    scores = X.dot(W)
    good = scores[np.arange(N), y][:, None]
    margins = np.maximum(0, scores - good + 1)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N + reg * np.sum(W * W)

    binary = (margins > 0).astype(W.dtype)
    binary[np.arange(N), y] = -binary.sum(axis=1)
    dW = X.T.dot(binary) / N
    dW += reg * W
    return loss, dW


def softmax_loss_naive(W, X, y):
    N, C = X.shape[0], W.shape[1]
    loss, dW = 0.0, np.zeros(W.shape)
    for i in range(N):
        f = X[i] @ W
        f = f - f.max()
        p = np.exp(f) / np.sum(np.exp(f))
        loss -= np.log(p[y[i]])
        for k in range(C):
            dW[:, k] += (p[k] - (k == y[i])) * X[i]
    loss /= N
    return loss, dW
