"""Negative log likelihoods for the statistics exercise"""
import numpy as np


def kl_div_batchmean(p, q):
    """ KL(p || q), rows are distributions, averaged over the batch """
    return np.mean(p * (np.log(p) - np.log(q)))


def kl_div_batchmean_grad(p, q):
    return -(p / q) / p.size


class PoissonNLL:
    # input is the log of the rate: L = mean(exp(s) - k*s)
    def forward(self, s, k):
        self.s, self.k = s, k
        return np.mean(np.exp(s) - k * s)

    def backward(self):
        return (1 - self.k / np.exp(self.s)) / self.s.size


class GaussianNLL:
    def forward(self, mu, y, var):
        self.e, self.var = y - mu, var
        return np.mean(0.5 * (np.log(var) + (y - mu) ** 2 / var))

    def backward(self):
        n = self.e.size
        dmu = -self.e / self.var / n
        dvar = 0.5 * (1 / self.var - self.e ** 2 / self.var) / n
        return dmu, dvar


class NLLLoss:
    """mean negative log likelihood, takes log probabilities and class numbers"""

    def __call__(self, logp, y):
        self.shape, self.y = logp.shape, y
        return -logp[np.arange(len(y)), y].mean()

    def grad(self):
        g = np.zeros(self.shape)
        g[np.arange(self.shape[0]), self.y] = 1.0 / self.shape[0]
        return g


class BinaryCrossEntropy:
    def __call__(self, p, y):
        self.p, self.y = p, y
        eps = 1e-7
        return -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))

    def grad(self):
        return (self.p - self.y) / (self.p * (1 - self.p)) / self.p.size


def mse(pred, true):
    """mean squared error"""
    return np.mean((pred - true) ** 2)


def mse_grad(pred, true):
    return 2 * (true - pred) / true.size


def log_cosh(pred, true):
    e = pred - true
    return np.mean(np.log(np.cosh(e)))


def log_cosh_grad(pred, true):
    return np.tanh(pred - true) / pred.size


class MSEMatrix:
    """ mean squared error, a number """
    def forward(self, yhat, y):
        self.d = yhat - y
        return np.mean(np.mean(self.d ** 2, axis=1, keepdims=True), axis=0, keepdims=True)

    def backward(self):
        return 2 * self.d / self.d.size
