import numpy as np


class Loss:
    def __call__(self, *a, **k):
        return self.forward(*a, **k)


class KLDivLoss(Loss):
    """KL(P||Q) with log-probabilities log_q as input, batchmean"""

    def forward(self, log_q, p):
        self.p = p
        t = np.where(p > 0, p * (np.log(np.where(p > 0, p, 1)) - log_q), 0)
        return t.sum() / len(p)

    def backward(self):
        return -self.p / len(self.p)


class NLL(Loss):
    def forward(self, logp, y):
        self.onehot = np.eye(logp.shape[1])[y]
        return -(logp * self.onehot).sum(1).mean()

    def backward(self):
        return -self.onehot / len(self.onehot)


class PoissonNLL(Loss):
    """rate given directly, sum(lam - k log lam)"""

    def forward(self, lam, k):
        self.lam, self.k = lam, k
        return np.sum(lam - k * np.log(lam))

    def backward(self):
        return 1 - self.k / self.lam


class GaussianNLL(Loss):
    """ input mu and log variance s;  mean( (s + (y-mu)^2 exp(-s)) / 2 ) """

    def forward(self, mu, s, y):
        self.r, self.s = mu - y, s
        return 0.5 * np.mean(s + self.r ** 2 * np.exp(-s))

    def backward(self):
        w = np.exp(-self.s)
        return self.r * w / self.r.size, 0.5 * (1 - self.r ** 2 * w) / self.r.size


class HalfSquares(Loss):
    def forward(self, y, t):
        self.e = y - t
        return 0.5 * np.sum(self.e * self.e)

    def backward(self, dout=1):
        return dout * self.e


class HuberLoss(Loss):
    def __init__(self, delta=1.0):
        self.delta = delta

    def forward(self, y, t):
        self.r = y - t
        a, d = np.abs(self.r), self.delta
        return np.mean(np.where(a < d, a * a / 2, d * (a - d / 2)))

    def backward(self):
        return np.clip(self.r, -self.delta, self.delta) / self.r.size


def bce_with_logits(z, t):
    loss = np.mean(np.logaddexp(0, z) - z * t)
    dz = (np.exp(-np.logaddexp(0, -z)) - t) / z.size
    return loss, dz


def l1_loss(x, y):
    return abs(x - y).mean(), np.sign(x - y) / x.size
