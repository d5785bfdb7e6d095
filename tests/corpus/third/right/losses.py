import numpy as np


def mse(y_true, y_pred):
    return np.mean(np.power(y_true - y_pred, 2))


def mse_prime(y_true, y_pred):
    return 2 * (y_pred - y_true) / np.size(y_true)


def half_sse(y, t):
    """E = 1/2 sum (y - t)^2, the one from the book"""
    return 0.5 * np.sum((y - t) ** 2)


def half_sse_prime(y, t):
    return y - t


def binary_cross_entropy(y_true, y_pred):
    """y_pred strictly between 0 and 1"""
    return np.mean(-y_true * np.log(y_pred) - (1 - y_true) * np.log1p(-y_pred))


def binary_cross_entropy_prime(y_true, y_pred):
    return ((1 - y_true) / (1 - y_pred) - y_true / y_pred) / np.size(y_true)


def huber(y, t, delta=1.0):
    r = np.abs(y - t)
    return np.mean(np.where(r < delta, 0.5 * r * r, delta * (r - 0.5 * delta)))


def huber_grad(y, t, delta=1.0):
    return np.clip(y - t, -delta, delta) / y.size


def kl_divergence(p, q):
    """sum p log(p/q), gradient with respect to q"""
    return np.sum(p * np.log(p / q))


def kl_divergence_grad(p, q):
    return -p / q


def hinge(scores, labels):
    """labels are -1 or +1"""
    return np.mean(np.maximum(0.0, 1.0 - labels * scores))


def hinge_grad(scores, labels):
    return np.where(labels * scores < 1.0, -labels, 0.0) / scores.size


def bce_with_logits(z, t):
    return np.mean(np.maximum(z, 0) - z * t + np.log1p(np.exp(-np.abs(z))))


def bce_with_logits_grad(z, t):
    return (0.5 * (1 + np.tanh(0.5 * z)) - t) / z.size


LOSSES = {
    "mse": (mse, mse_prime),
    "bce": (binary_cross_entropy, binary_cross_entropy_prime),
    "huber": (huber, huber_grad),
    "kl": (kl_divergence, kl_divergence_grad),
    "hinge": (hinge, hinge_grad),
}
