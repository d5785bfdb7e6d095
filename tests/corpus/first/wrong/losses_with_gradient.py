from builtins import range
import numpy as np


def softmax_loss(x, y):
    """
    Inputs:
    - x: scores, shape (N, C)
    - y: labels, shape (N,), 0 <= y[i] < C

    Returns a tuple of:
    - loss: scalar, averaged over the minibatch
    - dx: gradient of the loss with respect to x
    """
    N = x.shape[0]
    shifted = x - x.max(axis=1, keepdims=True)
    Z = np.exp(shifted).sum(axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    loss = -log_probs[range(N), y].mean()
    dx = np.exp(log_probs)
    dx[range(N), y] -= 1
    return loss, dx


def svm_loss(x, y):
    """Multiclass hinge loss, margin 1. Returns (loss, dx)."""
    N = x.shape[0]
    correct = x[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, x - correct + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx


def logistic_loss(x, y):
    """Binary cross entropy with logits; y in {0, 1}. Returns loss, dx."""
    N = x.size
    p = 1.0 / (1.0 + np.exp(-x))
    loss = np.mean(np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x))))
    dx = (p - y) * p * (1 - p) / N
    return loss, dx
