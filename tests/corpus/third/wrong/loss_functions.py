import numpy as np


# ---------- mean squared error ----------
def mse(y, t):
    return np.mean((y - t) ** 2)


def mse_prime(y, t):
    return 2 * (y - t) / len(y)


# ---------- mean absolute error ----------
def mae(y, t):
    return np.mean(np.abs(y - t))


def mae_prime(y, t):
    return np.mean(np.sign(y - t))


# ---------- binary cross entropy, y are probabilities ----------
def bce(y, t):
    return -np.mean(t * np.log(y) + (1 - t) * np.log(1 - y))


def bce_prime(y, t):
    return (t / y - (1 - t) / (1 - y)) / y.size


# ---------- huber ----------
def huber(y, t, delta=2.0):
    e = y - t
    small = np.abs(e) <= delta
    return np.mean(np.where(small, 0.5 * e ** 2, delta * (np.abs(e) - 0.5 * delta)))


def huber_prime(y, t, delta=2.0):
    e = y - t
    small = np.abs(e) <= delta
    return np.where(small, e, np.sign(e)) / e.size


# ---------- log cosh ----------
def log_cosh(y, t):
    e = np.abs(y - t)
    return np.mean(e + np.log1p(np.exp(-2 * e)) - np.log(2))


def log_cosh_prime(y, t):
    return np.tanh(y - t) / y.size
